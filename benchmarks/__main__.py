"""``python -m benchmarks``."""

import argparse
import sys

from benchmarks import verify


def main() -> int:
    """Run the chosen measurement; 0 where nothing failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", default="verify", choices=["verify"])
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the draws")
    options = parser.parse_args()
    return 1 if verify.run(quick=options.quick) else 0


if __name__ == "__main__":
    sys.exit(main())
