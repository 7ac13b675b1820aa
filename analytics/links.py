"""Links: the address of a view of the dashboard, as its own controls would write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from .period import Period
from .presets import CUSTOM, local_days


def dashboard_query(period: Period, *, zone: str, scope: Mapping[str, Sequence[str]], page: str = "") -> str:
    """What comes behind the dashboard's address and its slash: `calls?period=Custom&days=2026-11-01&...`.

    `page`: the end of its address, none for the overview. `scope`: the values of dimensions, as of a budget. A period
    is widened to the local days that it touches.
    """
    days = [("days", day.isoformat()) for day in local_days(period, zone)]
    values = [(name, value) for name, listed in scope.items() for value in listed]
    return f"{page}?{urlencode([('period', CUSTOM), *days, ('zone', zone), *values], quote_via=quote)}"
