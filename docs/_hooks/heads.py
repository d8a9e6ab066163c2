"""Heads of files, typeset: equations, tables of symbols and prose as HTML, without a script.

A head is plain text: paragraphs, and indented blocks of equations or symbols whose columns are kept
apart by two spaces or more. So a block is a table with the same columns. In it ``lambda_s`` and
``T_rs^(1-sigma)`` are what they mean; nothing is left out, added or put elsewhere, and a test
holds every head to it.
"""

import html
import re

#: Each is an entity of HTML by its own name, but for `eps`.
GREEK = {
    *("alpha", "beta", "gamma", "delta", "epsilon", "eps", "zeta", "eta", "theta", "iota", "kappa"),
    *("lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "varsigma", "tau", "upsilon", "phi", "chi"),
    *("psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi"),
    "Omega",
}
UPRIGHT = {"ln", "exp", "max", "min", "log", "dln"}
LARGE = {"sum": "&sum;", "prod": "&prod;", "sqrt": "&radic;", "inf": "&infin;"}
ACCENTS = {"bar": "&#772;", "hat": "&#770;"}
#: Short words, which are no symbols.
SHORT = {
    *("a", "an", "as", "at", "be", "by", "do", "go", "he", "if", "in", "is", "it", "no", "of"),
    *("on", "or", "so", "to", "up", "we", "A", "I"),
}
SIGNS = {
    **{">=": "&ge;", "<=": "&le;", "!=": "&ne;", "->": "&rarr;", "*=": "&times;=", "*": "&middot;"},
    **{"...": "&hellip;", "..": "&hellip;", "~": "&sim;"},
}
NAME = re.compile(r"[A-Za-zÀ-ÿ][A-Za-z0-9À-ÿ]*")
INDEX = re.compile(r"_(?:\{([^}]*)\}|([A-Za-z0-9]+(?:,[a-z]+(?![\w(^=]))*)(?!\w))")
RELATION = re.compile(r"(?:[-+*]?=|[<>]=?|~|->)(?= )")


def blocks(text: str) -> list[tuple[bool, list[str]]]:
    """Return a head's parts in their order: whether one is indented, and its lines."""
    found: list[tuple[bool, list[str]]] = []
    for part in re.split(r"\n[ \t]*\n", text.strip("\n")):
        lines = part.split("\n")
        for line in lines:
            indented = line.startswith("    ")
            if line is lines[0] or found[-1][0] != indented or line.startswith("Source"):
                found.append((indented, []))
            found[-1][1].append(line)
    return found


def typeset(text: str, link=lambda code: None) -> str:
    """Return a head as HTML; `link` says where what stands in ``code`` is, if anywhere."""
    parts = []
    for indented, lines in blocks(text):
        if indented:
            parts.append(_table(lines, link))
        else:
            parts.append(f"<p>{_line(' '.join(lines), link, whole=False)}</p>")
    return '<div class="nege-head">\n' + "\n".join(parts) + "\n</div>\n"


def typeset_line(text: str, link=lambda code: None) -> str:
    """Return one line of prose."""
    return _line(text, link, whole=False)


def cells(lines: list[str]) -> list[list[tuple[int, str]]]:
    """Return the cells of each line of a block: where they start, and what they say."""
    rows = [[(m.start(), m.group()) for m in re.finditer(r"\S+(?: \S+)*", line)] for line in lines]
    starts = {start for row in rows for start, text in row if RELATION.match(text)}
    return [[part for cell in row for part in _at_relation(*cell, starts)] for row in rows]


def _at_relation(start, text, starts):
    """Divide a cell before the first relation, where others have theirs in the same column."""
    for m in re.finditer(r" (?=\S)", text):
        if start + m.end() in starts and RELATION.match(text, m.end()):
            return [(start, text[: m.start()]), (start + m.end(), text[m.end() :])]
    return [(start, text)]


def _table(lines, link):
    rows = cells(lines)
    columns = sorted({start for row in rows for start, _ in row})
    made = []
    for row in rows:
        at = [columns.index(start) for start, _ in row]
        ends = [*at[1:], len(columns)]
        tds = [f'<td colspan="{at[0]}"></td>'] if at[0] else []
        for (_, text), first, last in zip(row, at, ends, strict=True):
            whole = not words(text) or bool(RELATION.match(text))
            span = f' colspan="{last - first}"' if last - first > 1 else ""
            kind = "nege-math" if whole else "nege-words"
            tds.append(f'<td class="{kind}"{span}>{_line(text, link, whole)}</td>')
        made.append("<tr>" + "".join(tds) + "</tr>")
    return '<div class="nege-block"><table class="nege-grid">' + "".join(made) + "</table></div>"


def words(text: str) -> list[str]:
    """Return the words of a text that are no symbols: one without any is an equation."""
    if "``" in text:
        return [text]
    left = re.sub(r"[A-Za-z]+[A-Za-z0-9]*(?=\^)", "", INDEX.sub("_", text))
    return [
        name
        for name in re.findall(r"[A-Za-z]+[0-9]*(?!_)\b", left)
        if name in SHORT - {"a", "A", "I"} or (len(name) > 2 and not _is_symbol(name))
    ]


def _is_symbol(name):
    stem = name.rstrip("0123456789")
    return (
        len(stem) < 2
        or stem in GREEK
        or name in UPRIGHT
        or name in LARGE
        or _accent(stem) is not None
    )


def _line(text, link, whole):
    """Typeset a line: what stands in double backticks is code, the rest has symbols.

    N3 is a claim of ours, not a symbol.
    """
    made, end = [], 0
    for found in re.finditer(r"``(.+?)``|\bN[1-9]\d*\b", text):
        made.append(_Line(text[end : found.start()], whole).typeset())
        said = html.escape(found[1] or found[0])
        shown = f"<code>{said}</code>" if found[1] else said
        target = link(found[1] or found[0])
        made.append(f'<a href="{target}">{shown}</a>' if target else shown)
        end = found.end()
    made.append(_Line(text[end:], whole).typeset())
    return "".join(made)


class _Line:
    """A text that is read from its beginning to its end, symbol by symbol."""

    def __init__(self, text, whole):
        self.text, self.whole, self.at = text, whole, 0

    def typeset(self):
        made = []
        while self.at < len(self.text):
            made.append(self._next())
        return "".join(made)

    def _next(self):
        name = NAME.match(self.text, self.at)
        if name:
            return self._name(name.group())
        if self.text[self.at] == "^":
            return self._raised(may_have_index=True)
        for sign, shown in SIGNS.items():
            if self.text.startswith(sign, self.at):
                self.at += len(sign)
                return shown
        if self.text[self.at] == "-":
            return self._minus()
        self.at += 1
        return html.escape(self.text[self.at - 1])

    def _minus(self):
        before, after = self.text[: self.at], self.text[self.at + 1 :]
        self.at += 1
        if not self.whole and re.search(r"\d$", before) and re.match(r"\d", after):
            return "&ndash;"
        if self.whole or (before.endswith(" ") and after.startswith(" ")):
            return "&minus;"
        last, first = re.search(r"[A-Za-z]*$", before).group(), NAME.match(after)
        starts = re.match(r"[\d(\[]", after) or (first and _is_symbol(first.group()))
        ends = re.search(r"([\d()\[\]{,/]|= ?)$", before) or (last and _is_symbol(last))
        return "&minus;" if ends and starts else "-"

    def _name(self, name):
        before = self.text[: self.at]
        self.at += len(name)
        index = self._index(name)
        raised = ""
        if self.text.startswith("^", self.at):
            raised = self._raised(may_have_index=bool(index))
            raised += "" if index else self._index(name)
        is_math = self.whole or bool(index or raised)
        shown = name if not is_math and self._is_word(name, before) else _glyph(name, is_math)
        return shown + index + raised

    def _is_word(self, name, before):
        """Return whether a name in prose is a word, an initial, a genitive or a number's letter."""
        after = self.text[self.at :]
        if name in ("a", "A", "I"):  # symbols only beside other signs
            signs = re.search(r"[=+*/-] ?$", before) or re.match(r" ?[=+*/<>]", after)
            return not signs and not (before.endswith("(") and after.startswith(")"))
        initial = after.startswith(".") and name.isupper() and len(name) == 1
        return name in SHORT or initial or bool(re.search(r"'$|\d\d$", before))

    def _index(self, name):
        found = INDEX.match(self.text, self.at)
        if not found:
            return ""
        inside = found[1] or found[2]
        if not (_is_symbol(name) or len(inside.partition(",")[0]) < 3):
            return ""  # a name of Python's
        self.at = found.end()
        return f"<sub>{_Line(inside, whole=True).typeset() if found[1] else _indices(inside)}</sub>"

    def _raised(self, may_have_index):
        """Read what is raised: in brackets, or a sign and one symbol or number."""
        self.at += 1
        if self.text.startswith("(", self.at):
            end = _closing(self.text, self.at)
            inside, self.at = self.text[self.at + 1 : end], end + 1
            return f"<sup>{_Line(inside, whole=True).typeset()}</sup>"
        found = re.compile(r"-?(?:[A-Za-z]+|[0-9.]*[0-9])").match(self.text, self.at)
        if not found:
            return "^"
        self.at = found.end()
        inside = found.group()
        if may_have_index:
            index = INDEX.match(self.text, self.at)
            if index:
                inside, self.at = inside + index.group(), index.end()
        return f"<sup>{_Line(inside, whole=True).typeset()}</sup>"


def _closing(text, start):
    depth = 0
    for i in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if not depth:
            return i
    raise ValueError(f"a bracket is not closed in {text!r}")


def _indices(text):
    """Typeset an index: places and industries in italics, words as they are."""
    return ",".join(
        _greek(part)
        if part in GREEK
        else part
        if len(part) > 3 or part == "on"
        else f"<i>{part}</i>"
        for part in text.split(",")
    )


def _greek(name):
    letter = "epsilon" if name == "eps" else name
    return f"<i>&{letter};</i>"


def _accent(stem):
    """Return the accent of a letter that ends with its name, as ``Lbar`` does."""
    is_word = stem in {"chat", "that", "what"}
    return None if len(stem) != 4 or is_word else ACCENTS.get(stem[1:])


def _glyph(name, is_math):
    """Return one name as it is shown."""
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    number = f"<sub>{digits}</sub>" if digits else ""
    if stem in GREEK:
        return _greek(stem) + number
    if name in LARGE and is_math:
        return LARGE[name]
    accent = _accent(stem)
    if accent and (is_math or stem != "What"):
        return f"<i>{stem[0]}{accent}</i>{number}"
    if len(stem) == 1 or (is_math and len(stem) == 2 and stem not in UPRIGHT | SHORT):
        return f"<i>{stem}</i>{number}"
    return html.escape(name)
