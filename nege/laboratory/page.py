"""The table of claims as one page: verdicts, shares, conditions, and a picture of each claim.

It holds all that it needs: no script, no font and no picture from elsewhere.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable

import numpy as np
import xarray as xr

from nege.laboratory.findings import VERDICTS
from nege.laboratory.where import ROUNDING
from nege.validation.paths import PAGE

SECTIONS = {
    "1": "Introduction",
    "2.1": "Externalities within an industry",
    "2.2": "Diversity",
    "2.3": "Competitive advantage",
    "2.4": "Transaction costs",
    "3.1": "Three turns",
    "3.2": "Firms",
    "4.1": "Advantages",
    "4.2": "Challenges",
    "5": "Policies",
}
#: Colours that differ in lightness too, so that they do without hue.
COLOURS = dict(zip(VERDICTS, ("#0072B2", "#8a6d00", "#a33c00", "#555555", "#888888"), strict=True))
HOLDS, FAILS = "#0072B2", "#D55E00"
EXPLAINED = {
    VERDICTS[0]: "holds on 95 per cent of draws or more, and no move of all parameters by a fifth "
    "turns its sign",
    VERDICTS[
        1
    ]: "holds on a part of the draws, or on all of them and turns where parameters move by "
    "less than a fifth, all at once; what decides stands with it",
    VERDICTS[2]: "fails on more than half of the draws, beyond what chance would do",
    VERDICTS[3]: "fewer than 200 draws were run, or most of them have no answer",
    VERDICTS[4]: "nothing in these economies can carry it; the reason stands with it",
}
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#1b1b1b;max-width:60rem;margin:2rem auto;
padding:0 1rem}h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1.15rem;margin:2.2rem 0 .4rem;
border-bottom:1px solid #ccc}details{border-bottom:1px solid #eee;padding:.45rem 0}
summary{cursor:pointer;display:grid;grid-template-columns:3rem 8.5rem 13rem 1fr;gap:.6rem;
align-items:center}svg{flex:none}summary::-webkit-details-marker{display:none}
.n{font-weight:600}.v{color:#fff;border-radius:.7rem;padding:.05rem .6rem;font-size:.85rem;
text-align:center}.s{font-size:.85rem;white-space:nowrap;color:#444;display:flex;gap:.4rem;align-items:center}
dl{display:grid;grid-template-columns:9rem 1fr;gap:.15rem .8rem;margin:.6rem 0 .6rem 3.6rem;
font-size:.93rem}dt{color:#555}dd{margin:0}.p{display:flex;flex-wrap:wrap;gap:1.2rem;
margin-left:3.6rem}figure{margin:0}figcaption{font-size:.8rem;color:#555;max-width:16rem}
li{margin:.15rem 0}@media(max-width:45rem){summary{grid-template-columns:2.6rem 8rem 1fr}
summary .w{grid-column:1/-1}dl{margin-left:0;grid-template-columns:1fr}dt{font-weight:600}
.p{margin-left:0}}@media print{details{break-inside:avoid}}
"""


def page(data: xr.Dataset) -> str:
    """Return the table of claims as a page of HTML.

    Parameters
    ----------
    data : Dataset
        As ``nege.claims().data``.

    Returns
    -------
    str
        The whole page, with its pictures.
    """
    rows = [data.isel(claim=at) for at in range(data.sizes["claim"])]
    parts = []
    for section, title in SECTIONS.items():
        here = [row for row in rows if str(row.section.values) == section]
        if here:
            parts.append(f"<h2>{section} {html.escape(title)}</h2>")
            parts += [_claim(row, data) for row in here]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{PAGE}'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Claims about digital trade</title><style>{STYLE}</style></head><body>"
        f"{_head(data)}{''.join(parts)}</body></html>\n"
    )


def _head(data: xr.Dataset) -> str:
    words = data.verdict.values.tolist()
    listed = "".join(
        f"<li>{_chip(v)} {words.count(v)}: {html.escape(EXPLAINED[v])}.</li>"
        for v in VERDICTS
        if v in words
    )
    about = (
        f"Claims of Tan &amp; Xia (2022) on digital trade and industrial agglomeration, in nege's "
        f"own words. Each was run at {data.sizes['draw']} draws of the prior "
        f"<b>{html.escape(str(data.attrs['prior']))}</b> (seed {data.attrs['rng']}), by nege "
        f"{html.escape(str(data.attrs['nege_version']))}. A bar shows the share of draws on which "
        "the sign is as the paper predicts, with its 95 per cent interval (Wilson). The economies "
        "are existence results, not estimates: a share is a part of the prior, not a probability "
        "that the world is so. Open a claim to see what was run, what decides, and why."
    )
    return f"<h1>Claims about digital trade: where each holds</h1><p>{about}</p><ul>{listed}</ul>"


def _chip(verdict: str) -> str:
    return f'<span class="v" style="background:{COLOURS[verdict]}">{html.escape(verdict)}</span>'


def _claim(row: xr.Dataset, data: xr.Dataset) -> str:
    number, verdict = str(row.claim.values), str(row.verdict.values)
    ran = int(row.of) > 0
    share = _bar(float(row.share), float(row.low), float(row.high)) if ran else ""
    text = f"{float(row.share):.0%} of {int(row.of)}" if ran else ""
    facts = [("predicts", f"that {row.predicts.values}"), ("examined in", str(row.examined.values))]
    facts += [("holds", str(row.condition.values)), ("what decides", str(row.decisive.values))]
    facts.append(("nearest flip", str(row.nearest.values)))
    facts.append(("of the draws", str(row.beside.values)))
    listed = [
        (html.escape(name), html.escape(value)) for name, value in facts if ran and value.strip()
    ]
    listed += [("flips", flip) for flip in _flips(data, number)]
    listed.append(("why", html.escape(str(row.why.values))))
    table = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in listed)
    pictures = f'<div class="p">{_strip(row)}{_region(row)}</div>' if ran else ""
    return (
        f'<details id="claim-{html.escape(number)}"><summary><span class="n">{html.escape(number)}'
        f'</span>{_chip(verdict)}<span class="s">{share}{text}</span><span class="w">'
        f"{html.escape(str(row.words.values))}</span></summary><dl>{table}</dl>{pictures}</details>"
    )


def _flips(data: xr.Dataset, number: str) -> Iterable[str]:
    for at in np.flatnonzero(data.flip_claim.values == number):
        held, of = int(data.flip_held[at]), int(data.flip_of[at])
        words = html.escape(str(data.flip_words.values[at]))
        yield f"where {words} it holds on {held} of {of} draws"


def _bar(share: float, low: float, high: float) -> str:
    """Draw a share and its interval."""
    x, a, b = (100.0 * v + 2.0 for v in (share, low, high))
    return (
        f'<svg width="104" height="14" role="img" aria-label="{share:.0%}, between {low:.0%} and '
        f'{high:.0%}"><rect x="2" y="5" width="100" height="4" fill="#ddd"/><rect x="2" y="5" '
        f'width="{x - 2:.1f}" height="4" fill="{HOLDS}"/><path d="M{a:.1f} 7H{b:.1f}M{a:.1f} 3V11'
        f'M{b:.1f} 3V11" stroke="#1b1b1b" fill="none"/></svg>'
    )


def _strip(row: xr.Dataset) -> str:
    """Draw the margins of all draws, from the lowest to the highest."""
    margin = np.sort(row.margin.values[np.isfinite(row.margin.values)])
    most = float(np.abs(margin).max()) if margin.size else 0.0
    if margin.size < 2 or not most:
        return ""
    wide, half, step = 240.0, 45.0, 240.0 / margin.size
    middle = half * math.sqrt(max(margin[-1], 0.0) / most)
    high = middle + half * math.sqrt(max(-margin[0], 0.0) / most)
    bars = "".join(
        f'<rect x="{i * step:.1f}" y="{middle - max(h, 0.0):.1f}" height="{abs(h):.1f}" '
        f'width="{max(step - 0.2, 0.3):.2f}" fill="{HOLDS if v > ROUNDING else FAILS}"/>'
        for i, v in enumerate(margin)
        for h in [half * math.copysign(math.sqrt(abs(v) / most), v)]
    )
    return (
        f'<figure><svg width="{wide:.0f}" height="{high:.0f}" role="img" '
        f'aria-label="margins of all draws">{bars}<path d="M0 {middle}H{wide}" stroke="#1b1b1b" '
        'stroke-width=".6"/></svg>'
        "<figcaption>Margins of all draws, in order; above the line it holds (heights by square "
        "root)</figcaption></figure>"
    )


def _region(row: xr.Dataset) -> str:
    """Draw where it holds, over the two parameters that say most about it."""
    names = [str(name) for name in row.axis.values]
    factor, margin = row.factor.values, row.margin.values
    good = np.isfinite(margin) & np.isfinite(factor).all(0)
    holds = margin[good] > ROUNDING
    if not all(names) or not holds.size or holds.all() or not holds.any():
        return ""
    size, edge = 170.0, 26.0
    low, high = factor[:, good].min(1), factor[:, good].max(1)
    x, y = (factor[:, good] - low[:, None]) / np.maximum(high - low, 1e-9)[:, None]
    dots = "".join(
        _dot(edge + u * size, 4 + (1 - v) * size, bool(h))
        for u, v, h in zip(x, y, holds, strict=True)
    )
    ends = [f"{v:.2g}" for v in (low[0], high[0], low[1], high[1])]
    bottom = size + 18
    return (
        f'<figure><svg width="{size + edge + 8:.0f}" height="{size + 24:.0f}" role="img" '
        f'aria-label="where it holds" font-size="10" fill="#444"><rect x="{edge}" y="4" '
        f'width="{size}" height="{size}" fill="none" stroke="#bbb"/>{dots}'
        f'<text x="{edge}" y="{bottom}">{ends[0]}</text>'
        f'<text x="{edge + size}" y="{bottom}" text-anchor="end">{ends[1]}</text>'
        f'<text x="{edge - 3}" y="{size + 4}" text-anchor="end">{ends[2]}</text>'
        f'<text x="{edge - 3}" y="12" text-anchor="end">{ends[3]}</text></svg>'
        f"<figcaption>Where it holds (filled) and fails (rings), over factors of "
        f"{html.escape(names[0])} (across) and {html.escape(names[1])} (up)</figcaption></figure>"
    )


def _dot(x: float, y: float, holds: bool) -> str:
    look = f'fill="{HOLDS}"' if holds else f'fill="none" stroke="{FAILS}"'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" {look}/>'
