"""Names in texts become links: functions, models, notebooks, files that are pages of the site."""

import posixpath
import re

import public_names

#: Files that texts name, and where they are in the site.
PAGES = {
    **{"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"},
    "docs/files.md": "files.md",
}


def relative(target: str, here: str) -> str:
    """Return the path of a file of the site, seen from a page."""
    return posixpath.relpath(target, posixpath.dirname(here) or ".")


def added(markdown: str, here: str, files: set[str]) -> str:
    """Add links to a page; code blocks, headings and links that are there stay as they are."""
    parts = re.split(
        r"(^ *(?:```|~~~).*?^ *(?:```|~~~) *$)", markdown, flags=re.MULTILINE | re.DOTALL
    )
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(
            r"(?<=\]\()(notebooks/images/[^)]+)(?=\))", lambda m: relative(m[1], here), parts[i]
        )
        parts[i] = "".join(
            line if line.startswith(("#", "::: ")) else _of_line(line, here, files)
            for line in parts[i].splitlines(keepends=True)
        )
    return "".join(parts)


def _of_line(line, here, files):
    def link(match):
        code = match[1]
        notebook = re.fullmatch(r"(?:notebooks/)?(\d\d_\w+)(?:\.ipynb)?", code)
        page = PAGES.get(code, f"theory/models/{code}.md")
        target = f"notebooks/{notebook[1]}.md" if notebook else page
        if target in files and target != here:
            return f"[`{code}`]({relative(target, here)})"
        name = re.match(r"nege(?:\.\w+)+", re.sub(r"^mech\b", "nege.mechanisms", code))
        if name and name[0] in public_names.names() and "[" not in code:
            return f"[`{code}`][{name[0]}]"
        return match[0]

    return re.sub(r"(?<![\[`])`([^`]+)`(?!`)", link, line)


def of_docstring(text: str) -> str:
    """Return a docstring whose ``:func:`` and the like are links, or else code.

    What others are to be seen is a list; a type in two lines is in one.
    """
    text = re.sub(
        r"^=+ [ =]+\n(?:.*\n)+?=+ [ =]+\n(?:(?:.*\n)+?=+ [ =]+\n)?",
        _table,
        text,
        flags=re.MULTILINE,
    )
    text = re.sub(r"^(\w+ : .+)\n {8}(?=\S)", r"\1 ", text, flags=re.MULTILINE)
    text = re.sub(r"(?<=^See Also\n--------\n)(?:.+\n?)+", _list, text, flags=re.MULTILINE)
    return re.sub(r":(?:func|class|meth|mod|attr|data):`~?\.?([^`]+)`", _link, text)


def _table(match):
    """Return a table as it stands: columns below each other."""
    rows = [line for line in match[0].splitlines() if not line.startswith("=")]
    return "```text\n" + "\n".join(rows) + "\n```\n"


def _list(match):
    lines = re.sub(r"\n +", " ", match[0]).splitlines()
    return "\n".join(re.sub(r"^([\w.]+)", r"- :func:`\1`", line) for line in lines) + "\n"


def _link(match):
    """Link to what is named, or to the class that it belongs to."""
    said = match[1]
    for name in (said, said.rpartition(".")[0]):
        candidates = (name, f"nege.{name}", *public_names.by_last_part(name))
        for known in candidates:
            if known in public_names.names():
                return f"[`{said}`][{known}]"
    return f"`{said}`"
