"""Heads of files, typeset."""


def typeset(text: str) -> str:
    """Return a head as Markdown."""
    return text
