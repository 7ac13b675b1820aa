from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs

from analytics.links import dashboard_query
from analytics.period import Period


def test_a_link_names_days_zone_and_scope() -> None:
    """The query holds the local days that a period touches, its zone and every value, whatever characters they have."""
    period = Period(datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC))
    scope = {"model": ("a", "b"), "tag:team": ("R&D = 1/2",)}
    page, _, query = dashboard_query(period, zone="Europe/Berlin", scope=scope, page="calls").partition("?")
    assert page == "calls"
    assert parse_qs(query) == {
        "period": ["Custom"],
        "days": ["2026-11-01", "2026-11-30"],
        "zone": ["Europe/Berlin"],
        "model": ["a", "b"],
        "tag:team": ["R&D = 1/2"],
    }
