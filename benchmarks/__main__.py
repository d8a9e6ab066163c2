"""``python -m benchmarks``: nege beside its peers, on this machine, in one run."""

import argparse
import pathlib
import sys

from benchmarks.pin import pin

pin()


def main() -> int:
    """Run the chosen measurement; 0 where nothing failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        default="run",
        choices=["run", "targets", "compiling", "installing", "sweeps", "verify"],
        help="run: everything, with its pictures, into a folder; targets: the table of targets "
        "alone; compiling: what a new process waits for, cold and from the cache; installing: "
        "what a new user waits for, from the wheel to the first picture; sweeps: sweeps "
        "at scale; verify: every random draw against the references, a sweep that is killed again "
        "and again, and interrupted runs",
    )
    parser.add_argument(
        "only", nargs="*", metavar="ROW", help="words of the names of the targets to measure"
    )
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--output", default="benchmark-output", metavar="FOLDER", help="of run")
    options = parser.parse_intermixed_args()
    if options.only and options.what != "targets":
        parser.error("rows are chosen for targets alone")
    if options.what == "verify":
        from benchmarks import verify

        return 1 if verify.run(quick=options.quick) else 0
    if options.what == "installing":
        from benchmarks import installing

        installing.show(quick=options.quick, say=lambda text: print(text, flush=True))
        return 0
    if options.what == "sweeps":
        from benchmarks import sweeps

        return 1 if sweeps.run(quick=options.quick) else 0
    from benchmarks import run

    if options.what == "targets":
        run.show_targets(quick=options.quick, only=options.only)
    elif options.what == "compiling":
        run.show_compiling(quick=options.quick)
    else:
        run.run(pathlib.Path(options.output), quick=options.quick)
    return 0


if __name__ == "__main__":
    sys.exit(main())
