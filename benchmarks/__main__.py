"""``python -m benchmarks``: nege beside its peers, on this machine, in one run."""

import argparse
import os
import pathlib
import sys

# Before anything imports NumPy: every method on one thread.
for name in ("OPENBLAS", "OMP", "MKL", "NUMEXPR", "NUMBA"):
    os.environ[f"{name}_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ.pop("OPENBLAS_CORETYPE", None)


def main() -> int:
    """Run the chosen measurement; 0 where nothing failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        default="run",
        choices=["run", "verify"],
        help="run: the table of targets; verify: every random draw against the references",
    )
    parser.add_argument("--quick", action="store_true", help="fewer draws, sizes and peers")
    parser.add_argument("--output", default="benchmark-output", metavar="FOLDER")
    options = parser.parse_args()
    if options.what == "verify":
        from benchmarks import verify

        return 1 if verify.run(quick=options.quick) else 0
    from benchmarks import run

    run.run(pathlib.Path(options.output), quick=options.quick)
    return 0


if __name__ == "__main__":
    sys.exit(main())
