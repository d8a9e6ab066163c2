"""How written pages are checked: what a block prints is what the page says, each one counts."""

import pathlib
import sys

import pytest

pytestmark = pytest.mark.closed_form

DOCS = pathlib.Path(__file__).parents[1] / "docs"
sys.path[:0] = [str(DOCS / "_checks"), str(DOCS / "_hooks")]

import claims  # noqa: E402
import run_page  # noqa: E402

from nege.laboratory.page import SECTIONS  # noqa: E402
from nege.laboratory.registry import registry  # noqa: E402

PAGE = """
A picture.

```python
x = 2
print(x, 3.1e-16)
```
```text
{}
```

??? success "Solution"

    ```python
    raise ValueError(f"{x} is even")
    ```
    ```text
    {}
    ```

Words between.

```python
import warnings
{}
```

```sh
never run
```
"""


@pytest.mark.parametrize(
    ("first", "second", "third", "wrong"),
    [
        ("2 9.9e-10", "ValueError: 2 is even", "x = 3", []),
        ("2 ...", "ValueError: ...", "x = 3", []),
        ("3 9.9e-10", "ValueError: 2 is even", "x = 3", [5]),
        ("2 9.9e-08", "ValueError: 2 is even", "x = 3", [5]),
        ("2 3.1e-16", "ValueError: 3 is even", "x = 3", [15]),
        ("2 3.1e-16", "", "x = 3", [15]),
        ("2 3.1e-16", "ValueError: 2 is even", "print(x)", []),
        ("2 3.1e-16", "ValueError: 2 is even", "x.y", [24]),
        ("2 3.1e-16", "ValueError: 2 is even", 'warnings.warn("odd")', [24]),
    ],
)
def test_what_a_page_says_is_what_it_prints(tmp_path, first, second, third, wrong):
    path = tmp_path / "page.md"
    text = PAGE.replace("{}", first, 1).replace("    {}", f"    {second}", 1)
    path.write_text(text.replace("\n{}\n", f"\n{third}\n", 1), encoding="utf-8")
    found = run_page.run(path)
    assert [int(one.partition("line ")[2].partition(":")[0]) for one in found] == wrong


def test_a_titled_block_is_a_file_and_lines_that_run_nege_are_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = '```toml title="a.toml"\ntitel = 1\n```\n\n```sh\nrm a.toml\npython -m nege run a.toml\n'
    path = tmp_path / "page.md"
    for said, wrong in (
        ("nege: a.toml: key must be ... Did you mean 'title'? ...", 0),
        ("fine", 1),
    ):
        path.write_text(f"{page}```\n```text\n{said}\n```\n", encoding="utf-8")
        assert len(run_page.run(path)) == wrong
    assert (tmp_path / "a.toml").read_text() == "titel = 1\n"


def test_a_text_block_belongs_to_the_block_right_before_it():
    text = "```python\nx\n```\n\nwords\n\n```text\ny\n```\n"
    assert run_page.said(text) == [None, None]


def test_every_section_of_the_paper_has_its_table_and_every_claim_its_verdict_as_stored():
    text = (DOCS / "paper.md").read_text(encoding="utf-8")
    assert claims.ASKED.findall(text) == [*SECTIONS]
    listed = [number for section in SECTIONS for number in claims.of_section(section)]
    assert sorted(listed) == sorted(registry()) == sorted(claims.found())
    with pytest.raises(KeyError, match="no section '9'"):
        claims.table("9")


def test_a_table_says_what_moves_and_what_came_out():
    rows = claims.table("2.2").splitlines()
    assert rows[2].startswith("| [9](claims.md#claim-9) | Learning from other")
    assert "| `digital_cost` | conditional | 92% of 200 |" in rows[2]
    made = claims.pages()["claims.md"]
    assert made.count("\n### Claim ") == len(registry())
    assert "**Contradicted, holds on 0% of 200 draws.**" in made
