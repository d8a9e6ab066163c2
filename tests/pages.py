"""Run the written pages of the site, every block in order, beside what the page says it prints.

A page is one program. Its ``python`` blocks run one after another, in one namespace and in an
empty folder. A ``text`` block right after one is what it prints, word for word, warnings with
their names included; "..." stands for anything, and what is below 1e-9 for any rounding error.
A block that raises ends its output with the error and its message, and the page goes on. A block
without a ``text`` block after it prints nothing. In folded parts blocks are indented with the rest.

    python tests/pages.py docs/*.md              # run and compare
    python tests/pages.py --keep docs/start.md   # keep its pictures, too, in docs/images
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import difflib
import doctest
import io
import os
import pathlib
import re
import shutil
import sys
import tempfile
import textwrap
import time
import warnings

BLOCK = re.compile(
    r"^(?P<indent> *)```python[^\n]*\n(?P<code>.*?)^(?P=indent)```[ ]*\n"
    r"(?:\s*?^(?P=indent)```text\n(?P<printed>.*?)^(?P=indent)```[ ]*$)?",
    re.DOTALL | re.MULTILINE,
)
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
ROUNDING = re.compile(r"\b\d(\.\d+)?e-(09|[1-9]\d)\b")


@dataclasses.dataclass(frozen=True)
class Block:
    """Code of a page, the line at which it begins, and what it is said to print."""

    line: int
    code: str
    printed: str


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page in order."""
    return [
        Block(
            text.count("\n", 0, found.start("code")) + 1,
            textwrap.dedent(found["code"]),
            textwrap.dedent(found["printed"] or ""),
        )
        for found in BLOCK.finditer(text)
    ]


def run(page: pathlib.Path, keep: bool = False) -> list[str]:
    """Return what is wrong with a page, empty where every block prints what stands there."""
    wrong = []
    scope: dict[str, object] = {"__name__": "__main__"}
    before = pathlib.Path.cwd()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        try:
            for block in blocks(page.read_text(encoding="utf-8")):
                where = f"{page.name}, line {block.line}"
                printed = output(block, where, scope)
                if not agree(block.printed, printed):
                    lines = difflib.unified_diff(
                        block.printed.splitlines(), printed.splitlines(), "page", "run", lineterm=""
                    )
                    wrong.append("\n".join([f"{where}:", *lines]))
        finally:
            os.chdir(before)
        if keep:
            for picture in pathlib.Path(folder).glob("*.png"):
                shutil.copy(picture, page.parent / "images" / picture.name)
    return wrong


def agree(said: str, printed: str) -> bool:
    """Whether a block prints what the page says, but for spaces and rounding errors."""
    said, printed = (ROUNDING.sub("(rounding)", text) for text in (said, printed))
    return doctest.OutputChecker().check_output(said, printed, LOOSE)


def output(block: Block, name: str, scope: dict[str, object]) -> str:
    """Run a block and return what it prints, its warnings and its error at the end."""
    said = io.StringIO()

    def say(message: object, kind: type, *_: object) -> None:
        said.write(f"{kind.__name__}: {message}\n")

    with warnings.catch_warnings(), contextlib.redirect_stdout(said):
        warnings.simplefilter("always")
        warnings.showwarning = say
        try:
            # Line numbers of a traceback are those of the page.
            exec(compile("\n" * (block.line - 1) + block.code, name, "exec"), scope)
        except Exception as error:
            say(error, type(error))
    return said.getvalue()


def main() -> None:
    """Run pages, and say how long each takes and what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    parser.add_argument("--keep", action="store_true", help="keep pictures, in images/")
    given = parser.parse_args()
    failed = 0
    for page in given.pages:
        start = time.process_time()
        wrong = run(page.resolve(), given.keep)
        took = time.process_time() - start
        count = len(blocks(page.read_text(encoding="utf-8")))
        sys.stdout.write(f"{page}: {count} blocks, {took:.1f} CPU s, {len(wrong)} wrong\n")
        sys.stdout.write("".join(f"{one}\n\n" for one in wrong))
        failed += len(wrong)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
