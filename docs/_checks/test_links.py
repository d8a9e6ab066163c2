"""The site that was built: no dead link, nothing that is asked for elsewhere, all of it found.

Build it first: ``mkdocs build --strict``. Addresses elsewhere are read, and not asked for.
"""

import functools
import html.parser
import json
import pathlib
import re
import urllib.parse

import pytest

SITE = pathlib.Path(__file__).parents[2] / "site"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
PAGES = [page for page in PAGES if page != "404.html"]  # at any depth, so its links are absolute
ASKED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}


class Page(html.parser.HTMLParser):
    """What a page has: its anchors, its links, what it asks for."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.asked, self.tags, self.unspoken = {""}, [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.anchors |= {found[key] for key in ("id", "name") if found.get(key)}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in ASKED and found.get(ASKED[tag]):
            self.asked.append(found[ASKED[tag]])
        if tag == "img" and not found.get("alt"):
            self.unspoken.append(found.get("src"))


@functools.cache
def page(name):
    return Page((SITE / name).read_text(encoding="utf-8"))


def dead(name):
    """Return the links of a page that lead nowhere."""
    for address in page(name).links + page(name).asked:
        parts = urllib.parse.urlsplit(address)
        if parts.scheme in ("http", "https"):
            if not re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?", parts.netloc) or " " in address:
                yield address
            continue
        target = (SITE / name).parent / urllib.parse.unquote(parts.path)
        target = (SITE / name if not parts.path else target).resolve()
        if parts.scheme or parts.netloc or not target.is_file() or SITE not in target.parents:
            yield address
        elif target.suffix == ".html":
            anchors = page(target.relative_to(SITE).as_posix()).anchors
            if urllib.parse.unquote(parts.fragment) not in anchors:
                yield address


def test_there_is_a_site():
    assert len(PAGES) > 50, "build it first: mkdocs build --strict"


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    assert [*dead(name)] == []


@pytest.mark.parametrize("name", PAGES)
def test_pages_need_nothing_from_elsewhere_and_say_what_pictures_show(name):
    assert [one for one in page(name).asked if urllib.parse.urlsplit(one).netloc] == []
    assert page(name).unspoken == []
    assert page(name).tags.count("h1") == 1


def test_what_is_loaded_by_styles_and_scripts_is_here():
    for path in [*SITE.rglob("*.css")]:
        for address in re.findall(r"url\(([^)]+)\)", path.read_text(encoding="utf-8")):
            if not address.strip("\"'").startswith(("data:", "#")):
                assert (path.parent / address.strip("\"'").partition("?")[0]).is_file(), address


def test_search_finds_every_page_without_a_server():
    text = (SITE / "search" / "search_index.js").read_text(encoding="utf-8")
    found = {
        entry["location"].partition("#")[0] for entry in json.loads(text.partition("=")[2])["docs"]
    }
    assert found == {*PAGES}
