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
        choices=["run", "sweeps", "verify"],
        help="run: the table of targets; sweeps: sweeps at scale; verify: every random draw "
        "against the references, a sweep that is killed again and again, and interrupted runs",
    )
    parser.add_argument("--quick", action="store_true", help="fewer draws, sizes and peers")
    parser.add_argument(
        "--repeat",
        type=int,
        default=1,
        metavar="N",
        help="measure the rows that noise can move N times; the table shows the median, and how "
        "often the target was met",
    )
    parser.add_argument("--output", default="benchmark-output", metavar="FOLDER")
    options = parser.parse_args()
    if options.repeat < 1:
        parser.error("--repeat takes a whole number of at least one")
    if options.what == "verify":
        from benchmarks import verify

        return 1 if verify.run(quick=options.quick) else 0
    if options.what == "sweeps":
        from benchmarks import sweeps

        return 1 if sweeps.run(quick=options.quick) else 0
    from benchmarks import run

    run.run(pathlib.Path(options.output), quick=options.quick, repeat=options.repeat)
    return 0


if __name__ == "__main__":
    sys.exit(main())
