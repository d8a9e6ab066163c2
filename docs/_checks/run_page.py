"""Run the examples of one page, in order, beside what the page says they print.

A page is one program: all its blocks are in one namespace, and lines of tracebacks are lines of
the page. A ``text`` block right after one of ``python`` is what it prints, word for word, warnings
with their names included; "..." stands for anything, what is below 1e-9 for any rounding error.
A block that raises ends its output with the error and its message, and the page goes on. A block
without a ``text`` block after it raises and warns of nothing, whatever it prints. A block of
``pycon``, with prompts, is a doctest. A block with a title, ``toml title="towns.toml"``, is a file
that is there from then on; lines of ``sh`` that begin with ``python -m nege`` are run, others not.

    python docs/_checks/run_page.py docs/start.md [--keep]    # its pictures, in docs/images
"""

import contextlib
import difflib
import doctest
import io
import pathlib
import re
import shlex
import shutil
import sys
import textwrap
import warnings

FENCE = re.compile(
    r"""^( *)```(\w*)(?:[ ]title="([^"]*)")?[^\n]*\n(.*?)^\1```[ \t]*$""", re.MULTILINE | re.DOTALL
)
LOOSE = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
OURS = "python -m nege "
ROUNDING = re.compile(r"\b\d(\.\d+)?e-(09|[1-9]\d)\b")


def examples(text: str) -> list[tuple[int, str, str, str]]:
    """Return line, language, title and code of every block of code of a page."""
    return [
        (text.count("\n", 0, m.start(4)), m[2], m[3] or "", textwrap.dedent(m[4]))
        for m in FENCE.finditer(text)
    ]


def said(text: str) -> list[str | None]:
    """Return what the page says that each block of code prints, of those right after it."""
    found = [*FENCE.finditer(text)]
    return [
        textwrap.dedent(after[4])
        if after and after[2] == "text" and not text[m.end() : after.start()].strip()
        else None
        for m, after in zip(found, [*found[1:], None], strict=True)
    ]


def run(path: pathlib.Path) -> list[str]:
    """Run a page, and return what prints something else than the page says."""
    text, wrong = path.read_text(encoding="utf-8"), []
    scope: dict[str, object] = {"__name__": "__main__"}
    for (line, language, title, code), expected in zip(examples(text), said(text), strict=True):
        if title:
            pathlib.Path(title).write_text(code, encoding="utf-8")
        if language == "sh":
            code = _as_calls(code)
        if language == "python" or (language == "sh" and code):
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


def _as_calls(commands: str) -> str:
    """Return lines of a shell that run nege, as calls of its command line."""
    ours = [shlex.split(one)[3:] for one in commands.splitlines() if one.startswith(OURS)]
    return "\n".join(
        ["from nege.command.cli import main", *(f"main({one!r})" for one in ours)] * bool(ours)
    )


def output(code: str, name: str, scope: dict[str, object]) -> tuple[str, str]:
    """Run a block and return what it prints, warnings and error included, and these alone."""
    printed, told = io.StringIO(), io.StringIO()  # what a command says on stderr is printed, too

    def say(message: object, kind: type, *_: object) -> None:
        for one in (printed, told):
            one.write(f"{kind.__name__}: {message}\n")

    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
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
