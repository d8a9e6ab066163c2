"""Run the examples of one page, from the first to the last, as somebody who reads it would.

What stands in a fence of ``python`` is a script; of ``pycon``, with prompts, a doctest, errors
included. Everything is in one namespace, and lines of tracebacks are lines of the page.
"""

import doctest
import pathlib
import re
import sys
import textwrap

FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```[ \t]*$", re.MULTILINE | re.DOTALL)


def examples(text: str) -> list[tuple[int, str, str]]:
    """Return line, language and code of every block of code of a page."""
    return [
        (text.count("\n", 0, m.start(3)), m[2], textwrap.dedent(m[3])) for m in FENCE.finditer(text)
    ]


def run(path: pathlib.Path) -> None:
    """Run a page; what is raised, or answered otherwise, ends it."""
    scope: dict[str, object] = {"__name__": "__main__"}
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    for line, language, code in examples(path.read_text(encoding="utf-8")):
        if language == "python":
            exec(compile("\n" * line + code, str(path), "exec"), scope)
        elif language == "pycon":
            test = doctest.DocTestParser().get_doctest(code, scope, path.name, str(path), line)
            runner = doctest.DocTestRunner(optionflags=flags)
            if runner.run(test, clear_globs=False).failed:
                sys.exit(1)
            scope.update(test.globs)


if __name__ == "__main__":
    run(pathlib.Path(sys.argv[1]))
