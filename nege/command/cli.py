"""The command line: ``python -m nege`` solves real cities as the digital trade cost falls."""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import signal
import sys
import textwrap
import threading
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from nege import (
    _starting,
    validation,
)
from nege._version import __version__
from nege.command import (
    economy_file,
    execution,
    figures,
    report,
    sweep_table,
    typed,
)
from nege.errors import ConvergenceError, InputError, NegeError, counted, require
from nege.explorer import opening
from nege.explorer.engine import Explorer
from nege.laboratory.claim import NotModelled
from nege.laboratory.own_values import parameters
from nege.laboratory.registry import claim_of, claims
from nege.models.base import Model
from nege.progress import silence
from nege.results import failed_points
from nege.status import Status
from nege.sweeps import (
    store_reading,
)
from nege.sweeps.sweep import sweep
from nege.validation import (
    paths,
)
from nege.warming import warm_up


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; those of the process by default.

    Returns
    -------
    int
        0 where everything converged, 1 where something did not, 2 for bad input, 130 where it
        was interrupted.
    """
    onwards = "The same command starts again."
    options = argparse.Namespace(typed={})
    try:
        _starting.over()
        options = _parser().parse_args(arguments)
        if getattr(options, "store", None) and options.command in ("sweep", "claims"):
            onwards = (
                f"What is finished is in {options.store}: the same command goes on from there."
            )
        with silence() if getattr(options, "quiet", False) else contextlib.nullcontext():
            return _do(options)
    except NegeError as error:
        print(f"nege: {typed.error_as_typed(error, options.typed)}", file=sys.stderr)
        return 1 if isinstance(error, ConvergenceError) else 2
    except KeyboardInterrupt as interrupt:
        print(f"nege: interrupted. {onwards}", file=sys.stderr)
        with warnings.catch_warnings():
            # What was being written to a store, which Python would say in two lines.
            warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
            interrupt.__traceback__ = interrupt.__context__ = None
        return _starting.INTERRUPTED


def program() -> NoReturn:
    """Be the program: run the command line and end the process."""
    code = main()
    if threading.current_thread() is threading.main_thread():
        # What is done is done: Python itself would die of Ctrl-C while it ends.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if code == _starting.INTERRUPTED:
        sys.stdout.flush()
        os._exit(code)  # at once, whatever is still being compiled
    sys.exit(code)


def _do(options: argparse.Namespace) -> int:
    if options.command == "example":
        print(economy_file.toml_text(options.name), end="")
        return 0
    if options.command == "sweep":
        return _sweep(options)
    if options.command == "claims":
        return _claims(options)
    if options.command == "status":
        return _status(options.store, quiet=False)
    if options.command == "plot":
        return _plot(options)
    if options.command == "explore":
        return _explore(options)
    if options.command == "warm-up":
        return _warm_up(options.models, quiet=options.quiet)
    if options.file is not None:
        return _run(options.file, options.output, quiet=options.quiet)
    inside = [(name, pathlib.Path(options.output) / name) for name in economy_file.DEFAULT_EXAMPLES]
    for _, folder in inside:  # before the first of them is solved
        execution.writable_folder(folder)
    return max([_run(name, folder, quiet=options.quiet) for name, folder in inside])


def _run(file: str, output: str | pathlib.Path, *, quiet: bool) -> int:
    wanted = economy_file.read_path(file)
    folder = execution.writable_folder(output)
    if not quiet:
        print(f"{wanted.title}: {wanted.model}\n")
        if wanted.why:
            print(f"{wanted.why}\n")
        if wanted.replaced:
            print("\n".join(wanted.replaced) + "\n")
        sys.stdout.flush()
    with economy_file.of_file(file), economy_file.within(wanted.named):
        run = execution.execute(wanted)
    # The data first, so that nothing solved is lost where a picture fails.
    written = [execution.save_data(run, folder), *figures.save_figures(run, folder)]
    if not quiet:
        print(f"{report.path_table(run)}\n")
        print("\n".join(textwrap.fill(line, 88) for line in report.story(run).split("\n")))
        print("\nWritten: " + ", ".join(str(path) for path in written) + "\n")
    failed = int((run.result["status"] != Status.CONVERGED).sum())
    if failed:
        print(f"nege: {counted(failed, 'step')} did not converge", file=sys.stderr)
    return 1 if failed else 0


def _sweep(options: argparse.Namespace) -> int:
    wanted = sweep_table.read_sweep(options.file)
    if not options.quiet:
        print(f"{wanted.title}: {wanted.model}", flush=True)
    with economy_file.of_file(options.file), economy_file.within(wanted.named):
        sweep(
            wanted.model,
            wanted.parameters,
            dynamics=wanted.dynamics,
            store=options.store,
            overwrite=options.overwrite,
            unit=options.unit,
            processes=options.processes,
            **wanted.choices,
        )
    return _status(options.store, quiet=options.quiet)


def _claims(options: argparse.Namespace) -> int:
    how = {
        **{name: getattr(options, name) for name in ("draws", "prior", "store", "processes")},
        "rng": options.seed,
    }
    if options.parameters:
        if not options.numbers:
            cure = "For example: python -m nege claims 8b --parameters"
            raise InputError("NUMBER", None, "given with --parameters", cure)
        for number in options.numbers:
            _list_parameters(number)
        return 0
    if options.at is not None:
        chosen = typed.choices("--at", options.at, EXAMPLE_AT)
        how["at"] = {name: _value_of(name, text) for name, text in chosen.items()}
    if options.numbers:
        for number in options.numbers:
            lines = typed.as_typed(str(claims(number, **how)), options.typed).splitlines()
            print("\n".join(textwrap.fill(line, 88) for line in lines), end="\n\n", flush=True)
        return 0
    folder = execution.writable_folder(options.output)
    table: Any = claims(**how)
    written = execution.save_claims(table.data, folder)
    if not options.quiet:
        print(table)
        print("\nWritten: " + ", ".join(str(path) for path in written))
    return 0


EXAMPLE_AT = "sigma=6"


def _value_of(name: str, text: str) -> Any:
    """Return the number that a text is, a list where there are commas."""
    try:
        values = [float(value) for value in text.split(",")]
    except ValueError as error:
        cure = f"For example --at {EXAMPLE_AT}."
        raise InputError("--at", f"{name}={text}", "NAME=VALUE, a number", cure) from error
    return values if len(values) > 1 else values[0]


def _list_parameters(number: str) -> None:
    """Print what can be set of the economy of a claim: name, value, what is allowed."""
    claim = claim_of(number)
    if isinstance(claim, NotModelled):
        print(claim)
        return
    table = parameters(claim).to_dataframe()
    values = ["differs" if value != value else f"{value:.6g}" for value in table.value]
    wide = max(map(len, table.index)), max(map(len, values))
    print(f"Claim {number} takes:")
    for name, value, allowed, taken in zip(
        table.index, values, table.allowed, table.set_to, strict=True
    ):
        kept = f"; but the claim itself sets it ({taken})" if taken else ""
        print(f"{name:{wide[0]}}  {value:{wide[1]}}  {allowed}{kept}")


def _status(path: str, *, quiet: bool) -> int:
    where = paths.located("store", path)
    found, data = store_reading.sweep_progress(where), store_reading.open_dataset("store", where)
    size = data["status"].size
    if not quiet:
        dims = ", ".join(f"{dim} ({data.sizes[dim]})" for dim in data["status"].dims)
        print(f"{path}: {data.attrs['model']}\nover {dims}: {counted(size, 'point')}")
        for status, count in found.counts.items():
            if count:
                # Where stores are damaged, of a point only its status is to be believed.
                known = (status.message, status.remedy)
                message, remedy = known if found.damaged else failed_points.in_words(data, status)
                told = f"{status.name.lower()}: {message}. {typed.remedy(remedy)}"
                print(f"{count:>12} {told}".rstrip())
        if found.damaged:
            print(
                f"{found.damaged:>12} damaged: changed since they were written "
                f"({store_reading.files_in_words(found.files)}). Run the sweep again: it solves "
                "them anew."
            )
        if found.residual == found.residual:
            held = "of markets within tolerance_residual, of payoffs within tolerance_payoff"
            print(f"largest residual of those that converged: {found.residual:.1e} ({held})")
        if len(found.versions) > 1:
            for version, count in sorted(found.versions.items()):
                print(f"{count:>12} solved by nege {version}")
    failed = size - found.counts[Status.CONVERGED]
    if failed:
        print(
            f"nege: {counted(failed, 'point')} {'is' if failed == 1 else 'are'} not solved",
            file=sys.stderr,
        )
    return 1 if failed else 0


def _warm_up(models: Sequence[str], *, quiet: bool) -> int:
    made = warm_up(models or None)
    if not quiet:
        print(f"{'compiled':>8} {'seconds':>8}  for")
        for model in made.model.values:
            for call in made.call.values:
                one = made.sel(model=model, call=call)
                if one.seconds > 0.0:
                    print(f"{int(one.compiled):8} {float(one.seconds):8.1f}  {model}: {call}")
        print(f"{int(made.compiled.sum()):8} {float(made.seconds.sum()):8.1f}  all of it")
    return 0


def _explore(options: argparse.Namespace) -> int:
    opening.require_bokeh()
    port = None if options.port is None else opening.check_port(options.port)
    wanted = economy_file.read_economy(options.file)
    explorer = Explorer(wanted.model, dynamics=wanted.dynamics, geography=wanted.geography)
    page = opening.serve(explorer, wanted.title, (wanted.parameter,), port)
    for line in wanted.replaced:
        print(line)
    print(f"nege explores {wanted.title}: {page.address}\nCtrl-C ends it.", flush=True)
    if options.browser:
        opening.open_browser(page.address)
    try:
        page.wait()
    finally:
        page.close()
    return 0


def _plot(options: argparse.Namespace) -> int:
    output = paths.located("output", options.output)
    paths.replaceable("output", output)
    where = paths.located("store", options.store)
    store_reading.verify_store("store", where)
    data = store_reading.open_dataset("store", where)
    at: dict[str, Any] = {}
    for name, value in typed.choices("--at", options.at or (), "region=online").items():
        at[name] = value
        if name in data.coords and data[name].dtype.kind in "iuf":
            try:
                at[name] = float(value)
            except ValueError as error:
                raise InputError(f"--at {name}", value, "a number") from error
    require("matplotlib", "plot", "Drawing").use("Agg")
    known = [str(name) for name in data.data_vars]
    variable = validation.known("--variable", options.variable, known)
    free = [dim for dim in data[variable].dims if data.sizes[dim] > 1 and dim not in at]
    if len(free) == 2 and set(free) <= set(data["status"].dims):
        ax = data.nege.plot.heatmap(variable, options.against, at=at)
    else:
        ax = data.nege.plot.panels(options.against, variables=[variable], at=at)[0]
    figures.write_figure(ax.figure, output, bbox_inches="tight")
    print(f"Written: {options.output}")
    return 0


EXPLORED = "two_regions"

EPILOG = """\
without arguments: runs the examples "online_retail" and "chinese_cities"

examples:
  python -m nege                               real Chinese cities: industries and the online region
  python -m nege run two_regions               the textbook economy, with its jumps
  python -m nege run digital_turn              industries that choose a city, online or not
  python -m nege example chinese_cities > my.toml
  python -m nege run my.toml --output results  an economy of your own
  python -m nege sweep my.toml --store runs.zarr   its table [sweep], point by point
  python -m nege status runs.zarr              how far that is
  python -m nege plot runs.zarr --variable share --at region=online
  python -m nege explore                       sliders, and what follows, in a browser
  python -m nege claims                        the paper's claims, and where each holds
  python -m nege claims 31a --draws 50         one of them, run now
  python -m nege claims 8b --at sigma=6        at values of your own; --parameters has the names
  python -m nege warm-up                       compile ahead what all models need
"""


def _parser() -> typed.Parser:
    parser = typed.Parser(
        prog="nege",
        description="Economies in space with an online region: solve one as a parameter changes.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"nege {__version__}")
    parser.set_defaults(command="run", file=None)
    _add_output(parser, default="nege-output", quiet=False)
    commands = parser.add_subparsers(dest="command", metavar="command")
    run = commands.add_parser("run", help="solve the economy and the path of a TOML file")
    run.add_argument(
        "file",
        nargs="?",
        help=f"a TOML file, or one of: {', '.join(economy_file.examples())}",
    )
    _add_output(run)
    example = commands.add_parser("example", help="print the TOML text of an example")
    example.add_argument(
        "name", nargs="?", default=economy_file.DEFAULT_EXAMPLES[0], choices=economy_file.examples()
    )
    _add_sweeps(commands)
    return parser


def _add_sweeps(commands: Any) -> None:
    sweeping = commands.add_parser(
        "sweep", help="solve the table [sweep] of a TOML file into a store; again: what is missing"
    )
    sweeping.add_argument("file", help="a TOML file, or the name of an example")
    sweeping.add_argument("--store", required=True, help="Zarr store, e.g. runs.zarr")
    _add_processes(sweeping)
    sweeping.add_argument("--unit", type=int, help="points solved and written together")
    sweeping.add_argument(
        "--overwrite", action="store_true", help="replace the store of another sweep"
    )
    _add_quiet(sweeping)
    status = commands.add_parser("status", help="say how far a sweep is, and what failed")
    status.add_argument("store")
    plot = commands.add_parser("plot", help="draw a variable of a sweep")
    plot.add_argument("store")
    plot.add_argument("--variable", default="share", help="what to draw (default: share)")
    plot.add_argument(
        "--at",
        nargs="+",
        action="extend",
        metavar="NAME=VALUE",
        help="where along other dimensions",
    )
    plot.add_argument("--against", metavar="NAME", help="the parameter on the horizontal axis")
    plot.add_argument("--output", default="sweep.png", metavar="FILE", help="default: sweep.png")
    claiming = commands.add_parser(
        "claims", help="the paper's claims: the table of all, or some of them, run now"
    )
    claiming.add_argument(
        "numbers", nargs="*", metavar="NUMBER", help="e.g. 31a, explained alone; all by default"
    )
    claiming.add_argument(
        "--at",
        nargs="+",
        action="extend",
        metavar="NAME=VALUE",
        help="values of your own for its economy, e.g. sigma=6; several by commas: sigma=4,5,6",
    )
    claiming.add_argument(
        "--parameters", action="store_true", help="only list what --at takes for these claims"
    )
    claiming.add_argument(
        "--draws", type=int, metavar="N", help="points of the prior; by default what is stored"
    )
    claiming.add_argument("--prior", default="near", help="near (default) or wide")
    claiming.add_argument("--seed", type=int, default=0, help="of the draws (default: 0)")
    claiming.add_argument("--store", help="folder from which a run that was killed goes on")
    _add_processes(claiming)
    _add_output(claiming)
    exploring = commands.add_parser(
        "explore", help="open a page with sliders for an economy, on this machine alone"
    )
    exploring.add_argument(
        "file",
        nargs="?",
        default=EXPLORED,
        help=f"a TOML file, or the name of an example (default: {EXPLORED})",
    )
    exploring.add_argument("--port", type=int, help="to serve it at (default: 5006, or a free one)")
    exploring.add_argument(
        "--no-browser", dest="browser", action="store_false", help="print the address alone"
    )
    warming = commands.add_parser("warm-up", help="compile ahead, so that no later call waits")
    warming.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help=f"all by default, or some of: {', '.join(Model.kinds())}",
    )
    _add_quiet(warming)


def _add_output(parser: argparse.ArgumentParser, **defaults: Any) -> None:
    """Add what is said before a command or behind it: only the first has defaults to put in."""
    parser.add_argument(
        "--output",
        default=defaults.get("default", argparse.SUPPRESS),
        metavar="FOLDER",
        help="where files and pictures go (default: nege-output)",
    )
    _add_quiet(parser, defaults.get("quiet", argparse.SUPPRESS))


def _add_processes(parser: argparse.ArgumentParser) -> None:
    words = "to solve in (default: what NEGE_PROCESSES says, or 1)"
    parser.add_argument("--processes", type=int, help=words)


def _add_quiet(parser: argparse.ArgumentParser, default: Any = argparse.SUPPRESS) -> None:
    words = "print nothing but errors"
    parser.add_argument("--quiet", action="store_true", default=default, help=words)
