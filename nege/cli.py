"""The command line: ``python -m nege`` solves real cities as the digital trade cost falls."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence

from nege import figures, report, specification
from nege._version import __version__
from nege.errors import ConvergenceError, NegeError
from nege.status import Status

EPILOG = """\
without arguments: runs the example "chinese_cities"

examples:
  python -m nege                               real Chinese cities and the online region
  python -m nege run two_regions               the textbook economy, with its jumps
  python -m nege run digital_turn              industries that choose a city, online or not
  python -m nege example chinese_cities > my.toml
  python -m nege run my.toml --output results  an economy of your own
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; those of the process by default.

    Returns
    -------
    int
        0 where everything converged, 1 where something did not, 2 for bad input.
    """
    options = _parser().parse_args(arguments)
    try:
        if options.command == "example":
            print(specification.text(options.name), end="")
            return 0
        return _run(options.file, options.output, quiet=options.quiet)
    except ConvergenceError as error:
        print(f"nege: {error}", file=sys.stderr)
        return 1
    except NegeError as error:
        print(f"nege: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("nege: interrupted", file=sys.stderr)
        return 130


def _run(file: str, output: str, *, quiet: bool) -> int:
    folder = report.writable(output)
    wanted = specification.read(file)
    if not quiet:
        print(f"{wanted.title}: {wanted.model}\n")
        if wanted.why:
            print(f"{wanted.why}\n")
        sys.stdout.flush()
    run = report.execute(wanted, progress=False if quiet else None)
    # The data first, so that nothing solved is lost where a picture fails.
    written = [report.save(run, folder), *figures.save(run, folder)]
    if not quiet:
        print(f"{report.table(run)}\n")
        print("\n".join(textwrap.fill(line, 88) for line in report.story(run).split("\n")))
        print("\nWritten: " + ", ".join(str(path) for path in written))
    failed = int((run.result["status"] != Status.CONVERGED).sum())
    if failed:
        print(f"nege: {failed} steps did not converge", file=sys.stderr)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nege",
        description="Economies in space with an online region: solve one as a parameter changes.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"nege {__version__}")
    parser.set_defaults(command="run", file=specification.DEFAULT)
    _add_output(parser)
    commands = parser.add_subparsers(dest="command", metavar="command")
    run = commands.add_parser("run", help="solve the economy and the path of a TOML file")
    run.add_argument(
        "file",
        nargs="?",
        default=specification.DEFAULT,
        help=f"a TOML file, or one of: {', '.join(specification.examples())}",
    )
    _add_output(run)
    example = commands.add_parser("example", help="print the TOML text of an example")
    example.add_argument(
        "name", nargs="?", default=specification.DEFAULT, choices=specification.examples()
    )
    return parser


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        default="nege-output",
        metavar="FOLDER",
        help="where files and pictures go (default: nege-output)",
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
