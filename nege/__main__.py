"""``python -m nege``."""

from nege.cli import program

if __name__ == "__main__":
    program()
