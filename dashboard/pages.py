"""The pages, in the order of the menu. A page is one function of the View, under the header that all of them have."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .view import View
from .views import explore, overview


class Page(NamedTuple):
    """One page."""

    title: str
    icon: str
    address: str
    """The end of its URL; the first page has none."""
    show: Callable[[View], None]


PAGES = (
    Page("Overview", ":material/monitoring:", "overview", overview.show),
    Page("Explore", ":material/travel_explore:", "explore", explore.show),
)
