"""Run the examples of one page, in order, beside what the page says they print.

A page is one program: all its blocks are in one namespace, and lines of tracebacks are lines of
the page. A ``text`` block right after one of ``python`` is what it prints, word for word, warnings
with their names included; "..." stands for anything, what is below 1e-9 for any rounding error.
A block that raises ends its output with the error and its message, and the page goes on. A block
without a ``text`` block after it raises and warns of nothing, whatever it prints. A block of
``pycon``, with prompts, is a doctest.

    python docs/_checks/run_page.py docs/start.md [--keep]    # its pictures, in docs/images
"""

import contextlib
import difflib
import doctest
import io
import pathlib
import re
import shutil
import sys
import textwrap
import warnings

FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```[ \t]*$", re.MULTILINE | re.DOTALL)
LOOSE = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
ROUNDING = re.compile(r"\b\d(\.\d+)?e-(09|[1-9]\d)\b")


def examples(text: str) -> list[tuple[int, str, str]]:
    """Return line, language and code of every block of code of a page."""
    return [
        (text.count("\n", 0, m.start(3)), m[2], textwrap.dedent(m[3])) for m in FENCE.finditer(text)
    ]


def said(text: str) -> list[str | None]:
    """Return what the page says that each block of code prints, of those right after it."""
    found = [*FENCE.finditer(text)]
    return [
        textwrap.dedent(after[3])
        if after and after[2] == "text" and not text[m.end() : after.start()].strip()
        else None
        for m, after in zip(found, [*found[1:], None], strict=True)
    ]


def run(path: pathlib.Path) -> list[str]:
    """Run a page, and return what prints something else than the page says."""
    text, wrong = path.read_text(encoding="utf-8"), []
    scope: dict[str, object] = {"__name__": "__main__"}
    for (line, language, code), expected in zip(examples(text), said(text), strict=True):
        if language == "python":
            printed, told = output("\n" * line + code, path.name, scope)
            if expected is None:
                expected, printed = "", told
            if not agree(expected, printed):
                lines = expected.splitlines(), printed.splitlines()
                shown = difflib.unified_diff(*lines, "the page says", "it prints", lineterm="")
                wrong.append("\n".join([f"{path.name}, line {line + 1}:", *shown]))
        elif language == "pycon":
            test = doctest.DocTestParser().get_doctest(code, scope, path.name, str(path), line)
            if doctest.DocTestRunner(optionflags=LOOSE).run(test, clear_globs=False).failed:
                wrong.append(f"{path.name}, line {line + 1}")
            scope.update(test.globs)
    return wrong


def output(code: str, name: str, scope: dict[str, object]) -> tuple[str, str]:
    """Run a block and return what it prints, warnings and error included, and these alone."""
    printed, told = io.StringIO(), io.StringIO()

    def say(message: object, kind: type, *_: object) -> None:
        for one in (printed, told):
            one.write(f"{kind.__name__}: {message}\n")

    with warnings.catch_warnings(), contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)  # as Python does
        warnings.showwarning = say
        try:
            exec(compile(code, name, "exec"), scope)
        except Exception as error:
            say(error, type(error))
    return printed.getvalue(), told.getvalue()


def agree(expected: str, printed: str) -> bool:
    """Whether a block prints what the page says, but for spaces and rounding errors."""
    expected, printed = (ROUNDING.sub("(rounding)", text) for text in (expected, printed))
    return doctest.OutputChecker().check_output(expected, printed, LOOSE)


if __name__ == "__main__":
    page = pathlib.Path(sys.argv[1])
    wrong = run(page)
    if "--keep" in sys.argv:
        for picture in pathlib.Path().glob("*.png"):
            shutil.move(picture, page.parent / "images" / picture.name)
    sys.exit("\n\n".join(wrong) or 0)
