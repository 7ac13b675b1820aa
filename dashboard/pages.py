"""The pages, in the order of the menu. A page is one function of the View, under the header that all of them have."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from . import drill
from .view import View
from .views import budgets, caching, calls, explore, models, overview, prices, routing, what_if


class Page(NamedTuple):
    """One page."""

    title: str
    icon: str
    address: str
    """The end of its URL; the first page has none."""
    show: Callable[[View], None]
    scoped: bool = False
    """Whether it is for those too who may see only some calls: all that it shows is then asked of `source.ledger`."""


PAGES = (
    Page("Overview", ":material/monitoring:", "overview", overview.show, scoped=True),
    Page("Explore", ":material/travel_explore:", "explore", explore.show, scoped=True),
    Page("Models and tasks", ":material/speed:", "models", models.show, scoped=True),
    Page("Routing", ":material/alt_route:", "routing", routing.show, scoped=True),
    Page("Caching", ":material/cached:", "caching", caching.show, scoped=True),
    Page("Budgets", ":material/savings:", "budgets", budgets.show),
    Page("What if", ":material/psychology_alt:", "what-if", what_if.show, scoped=True),
    Page("Prices", ":material/sell:", "prices", prices.show),
    Page("Calls", ":material/receipt_long:", drill.ADDRESS, calls.show, scoped=True),
)
