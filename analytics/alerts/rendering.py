"""Rendering: a notice as HTML, as text for a terminal, and as a short note for a chat; by templates/*.jinja.

Whatever comes from tags is made `plain` before a template sees it, and escaped where the template is HTML.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from rich.cells import cell_len

from ..present import money
from .notice import Notice
from .plain import plain
from .plot import bar, describe

COLUMNS = 78
_ADDRESSES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Badge:
    """How serious it is: a word, and a colour that agrees with it. White text on `color` has a contrast over 5."""

    word: str
    color: str
    on_dark: str
    """The same colour for lines and marks on a dark page."""


_RED, _AMBER, _BLUE, _GREEN = (
    ("#b42318", "#f97066"),
    ("#a34a05", "#fdb022"),
    ("#175cd3", "#84adff"),
    ("#067647", "#47cd89"),
)
_COLORS = {"critical": _RED, "warning": _AMBER, "info": _BLUE}


def badge(notice: Notice) -> Badge:
    """The word and colour of a notice."""
    severity = notice.severity.capitalize()
    if notice.kind == "resolved":
        return Badge("Resolved", *_GREEN)
    word = {"reminder": f"Reminder: {severity}", "digest": "Digest", "test": "Test"}.get(notice.kind, severity)
    return Badge(word, *(_COLORS[notice.severity] if notice.kind in ("firing", "reminder") else _BLUE))


def html(notice: Notice, *, reply_to: str, unsubscribe: str, picture: str | None) -> str:
    """The page; `picture` is the content id of the plot."""
    page = _page("mail.html.jinja").render(_told(notice), reply_to=reply_to, unsubscribe=unsubscribe, picture=picture)
    return page.replace(" %", "\N{NO-BREAK SPACE}%")


def text(notice: Notice, *, reply_to: str) -> str:
    """The same for a terminal, in 78 columns; only the link may be longer."""
    return _squeezed(_page("mail.txt.jinja").render(_told(notice), reply_to=reply_to))


def note(notice: Notice) -> str:
    """The short form for a chat: lines of plain text, in which no tag calls anybody by an @."""
    body = _squeezed(_page("note.txt.jinja").render(_told(notice)))
    return re.sub(r"(?<!\w)@", "@\N{ZERO WIDTH SPACE}", body)


def _told(notice: Notice) -> dict[str, Any]:
    parts = _cleaned(notice.model_dump())
    others = len(notice.recipients) - _ADDRESSES_SHOWN
    return {
        "notice": parts,
        "badge": badge(notice),
        "link": _web(parts["link"]),
        "preheader": plain(" · ".join(f"{figure.label}: {figure.value}" for figure in notice.figures), 140),
        "plot_words": None if notice.plot is None else describe(notice.plot),
        "plot_bar": None if notice.plot is None else bar(notice.plot),
        "recipients": [*parts["recipients"][:_ADDRESSES_SHOWN], *([f"{others} more"] if others > 0 else [])],
        "contributors": [(part["name"], money(part["cost"]), part["change"] or "") for part in parts["contributors"]],
    }


def _web(link: str | None) -> str | None:
    """A link that a click may follow: http or https, nothing that runs."""
    return link if link is not None and urlsplit(link).scheme in ("http", "https") else None


def _squeezed(body: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"


def _wrap(sentence: str, first: str = "", rest: str | None = None) -> str:
    indent = first if rest is None else rest
    return textwrap.fill(sentence, COLUMNS, initial_indent=first, subsequent_indent=indent)


def _table(rows: Sequence[Sequence[str]], aligned: str) -> str:
    """Columns two spaces apart; `aligned` has `<` or `>` for each. The last one wraps under itself."""
    widths = [min(max(map(cell_len, column)), COLUMNS // 2) for column in zip(*rows, strict=True)][:-1]
    out: list[str] = []
    for *cells, last in rows:
        start = "  " + "".join(f"{_padded(*cell)}  " for cell in zip(cells, widths, aligned, strict=False))
        out.append(_wrap(last, start, " " * cell_len(start)) if last else start.rstrip())
    return "\n".join(out)


def _pairs(rows: Sequence[dict[str, str]]) -> str:
    return _table([(row["label"], row["value"]) for row in rows], "<")


def _padded(cell: str, width: int, side: str) -> str:
    while cell_len(cell) > width:
        cell = cell[:-2] + "…"
    space = " " * (width - cell_len(cell))
    return cell + space if side == "<" else space + cell


def _cleaned(value: Any) -> Any:
    """The same data; every string in it one harmless line."""
    if isinstance(value, str):
        return plain(value, 2000)
    if isinstance(value, dict):
        return {name: _cleaned(part) for name, part in cast("dict[str, Any]", value).items()}
    return [_cleaned(part) for part in cast("tuple[Any, ...]", value)] if isinstance(value, tuple) else value


@cache
def _pages() -> Environment:
    pages = Environment(
        loader=PackageLoader("analytics.alerts"),
        autoescape=select_autoescape(["html.jinja"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = cast("dict[str, Any]", pages.filters)  # the stub knows only its own
    filters |= {"wrap": _wrap, "table": _table, "pairs": _pairs}
    return pages


def _page(name: str) -> Any:
    return _pages().get_template(name)
