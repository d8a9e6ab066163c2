"""Formulas between dollar signs, as notebooks have them: MathML, which browsers draw themselves."""

from latex2mathml.converter import convert
from markdown import Extension, Markdown
from markdown.inlinepatterns import InlineProcessor


class Formula(InlineProcessor):
    """A formula in a line, or one that has a line to itself."""

    def __init__(self, pattern: str, md: Markdown, display: str) -> None:
        super().__init__(pattern, md)
        self.display = display

    def handleMatch(self, m, data):  # noqa: N802
        """Return the formula, and where it stood."""
        made = convert(" ".join(m[1].split()), display=self.display)
        if self.display == "block":
            made = f'<div class="nege-block">{made}</div>'
        return self.md.htmlStash.store(made), m.start(0), m.end(0)


class Formulas(Extension):
    """Formulas, read before what would be emphasis or an escape in them, and after code."""

    def extendMarkdown(self, md):  # noqa: N802
        """Add both kinds."""
        long, short = r"\$\$((?:.|\n)+?)\$\$", r"(?<![\\$\w])\$(?!\s)([^$]+?)(?<!\s)\$(?!\w)"
        md.inlinePatterns.register(Formula(long, md, "block"), "formulas", 186)
        md.inlinePatterns.register(Formula(short, md, "inline"), "formula", 185)
