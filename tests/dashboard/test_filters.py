from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from analytics.period import Period
from dashboard import filters


@pytest.mark.parametrize(("first_day", "known"), [(1, True), (4, True), (5, False), (31, False)])
def test_a_period_is_known_where_the_ledger_reaches_back(first_day: int, known: bool) -> None:
    """A period that the ledger knows but for a tenth of it can be compared with; one that it does not, cannot."""
    earlier = Period.days(date(2026, 10, 1), date(2026, 10, 30))

    assert earlier.known_from(datetime(2026, 10, first_day, tzinfo=UTC)) is known
    assert not earlier.known_from(None)


def test_no_two_dimensions_have_the_same_name() -> None:
    """A tag that is called as a dimension is shown as a tag, for the address names what is chosen by what is shown."""
    assert filters.label("tag:cost_center") == "Cost center"
    assert filters.label("tag:model") == "Tag model" != filters.label("model")
