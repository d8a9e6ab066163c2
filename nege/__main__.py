"""``python -m nege``."""

import sys

from nege.cli import main

if __name__ == "__main__":
    sys.exit(main())
