"""Sections of the README, which pages take as they are: ``<!-- README: Words -->``."""

import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]


@functools.cache
def text(name: str) -> str:
    """Return a text of the repository's root."""
    return (ROOT / name).read_text(encoding="utf-8")


@functools.cache
def sections() -> dict[str, str]:
    """Return the README's sections by their headings; what stands before them is "nege"."""
    _, intro, *rest = re.split(r"^##? (.+)\n", "\n" + text("README.md"), flags=re.MULTILINE)
    parts = [intro, *rest]
    return {title: body.strip() for title, body in zip(parts[::2], parts[1::2], strict=True)}


def section(title: str) -> str:
    """Return the text of a section, without its heading."""
    if title not in sections():
        raise KeyError(f"the README has no section {title!r}, but {sorted(sections())}")
    return sections()[title]
