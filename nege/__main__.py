"""``python -m nege``."""

from nege.command.cli import program

if __name__ == "__main__":
    program()
