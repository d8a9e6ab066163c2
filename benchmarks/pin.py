"""One thread for every library, decided before any of them is imported.

Import this module and call :func:`pin` before NumPy, JAX or Numba are imported: they
read these variables once. What was imported earlier (under pytest) is held to one
thread by threadpoolctl instead.
"""

import os
import sys

THREADS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "PJRT_NPROC": "1",
    "NPROC": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_X64": "1",
}

#: A kernel forced on OpenBLAS for the sake of reproducible tests would slow the peers down.
UNWANTED = ("OPENBLAS_CORETYPE",)


def pin() -> None:
    """Hold this process and its children to one thread each."""
    os.environ.update(THREADS)
    for name in UNWANTED:
        os.environ.pop(name, None)
    if "numpy" in sys.modules:
        import threadpoolctl

        threadpoolctl.threadpool_limits(1)
