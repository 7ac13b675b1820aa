from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest

from analytics.caching import CAUSES, Caches, CachingRow, Cause, Reuse, WritesRow, caches, caching, reuse
from analytics.exceptions import SettingsError
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.prune import prune
from analytics.reports import Filters, totals
from tests.conftest import fill

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
NOW = NOON + timedelta(days=3)
EVERYTHING = Filters(period=Period(NOON - timedelta(days=3), NOW))
OPUS, SONNET = "claude-opus-5-5", "claude-sonnet-5-5"
# Opus, US dollars per million: input 4, writes for five minutes 5, for an hour 8, reads 0.20


def at(minute: float, *, short: int = 0, long: int = 0, read: int = 0, fresh: int = 10, **more: Any) -> dict[str, Any]:
    """An attempt on Opus, minutes after noon; thousands of tokens written for five minutes or an hour, and read."""
    split = {"ephemeral_5m_input_tokens": short * 1000, "ephemeral_1h_input_tokens": long * 1000}
    tokens = {"input_tokens": fresh * 1000, "output_tokens": 1, "cache_read_input_tokens": read * 1000}
    usage = {**tokens, "cache_creation_input_tokens": sum(split.values()), "cache_creation": split}
    return {
        "model": OPUS,
        "started_at": NOON + timedelta(minutes=minute),
        "usage": usage | more.pop("usage", {}),
        **more,
    }


def total(ledger: Ledger, filters: Filters = EVERYTHING) -> CachingRow:
    (row,) = caching(ledger, filters)
    return row


def writes(ledger: Ledger, filters: Filters = EVERYTHING, *, now: datetime = NOW) -> WritesRow:
    (row,) = reuse(ledger, filters, now=now).writes
    return row


def misses(ledger: Ledger, filters: Filters = EVERYTHING) -> dict[Cause, tuple[int, int, Decimal | None]]:
    return {
        row.cause: (row.attempts, row.missed_tokens, row.extra_cost) for row in reuse(ledger, filters, now=NOW).misses
    }


def test_an_empty_ledger(ledger: Ledger) -> None:
    """Where nothing was used there are no rows, and attempts without a cache have no writes to speak of."""
    assert caching(ledger, EVERYTHING) == []
    assert reuse(ledger, EVERYTHING, now=NOW) == Reuse(writes=(), misses=())
    fill(ledger, at(0))
    assert total(ledger).hit_ratio == 0
    assert reuse(ledger, EVERYTHING, now=NOW) == Reuse(writes=(), misses=())


def test_what_reads_save_and_writes_cost(ledger: Ledger) -> None:
    """Reads save against the input price, writes cost above it, and the net is what the totals say."""
    fill(ledger, at(0, short=100, long=100), at(1, read=100))

    row = total(ledger)

    assert (row.attempts, row.writing_attempts, row.reading_attempts) == (2, 1, 1)
    assert row.read_saved == Decimal("0.38")  # 100,000 at 4 less 0.20
    assert row.write_extra == Decimal("0.5")  # 100,000 at 5 less 4, 100,000 at 8 less 4
    assert row.saved == totals(ledger, EVERYTHING).cache_saved == Decimal("-0.12")
    assert row.hit_ratio == 100 / 320


def test_every_kind_of_line_nets_to_the_totals(ledger: Ledger) -> None:
    """Batches, long prompts, fallbacks and what is not billed included, what caches saved is what the totals say."""
    steps = [{"type": "message", "model": OPUS, "input_tokens": 5, "output_tokens": 5, "cache_read_input_tokens": 7000}]
    fill(
        ledger,
        at(0, short=10, usage={"service_tier": "batch"}, batch_id="b", batch_result_type="succeeded"),
        at(1, short=10, usage={"service_tier": "batch"}, batch_id="b", batch_result_type="errored"),
        at(2, read=900, long=50, model="claude-haiku-5-5"),
        at(3, read=10, usage={"iterations": steps * 2}),
        at(4, read=10, usage={"speed": "fast"}),
        at(5, read=10, short=3, usage={"inference_geo": "us"}),
        at(6, status=529, error_type="overloaded_error", usage={}),
    )

    assert total(ledger).saved == totals(ledger, EVERYTHING).cache_saved
    rows = caching(ledger, EVERYTHING, ("model", "task_type"))
    assert sum(row.saved or 0 for row in rows) == total(ledger).saved
    assert sum(row.cache_read_input_tokens for row in rows) == total(ledger).cache_read_input_tokens


def test_unpriced_tokens_count_and_their_money_does_not(ledger: Ledger) -> None:
    """Without a price a hit is a hit, what it saved is unknown, and the row says how many lines that is about."""
    fill(ledger, at(0, read=10, model="claude-unheard-of"))

    row = total(ledger)

    assert (row.hit_ratio, row.unpriced_lines) == (0.5, 1)
    assert (row.read_saved, row.write_extra, row.saved) == (None, None, None)
    assert writes(ledger).cost is None


def test_over_time_and_by_owner(ledger: Ledger) -> None:
    """Boundaries make buckets, in order of time; groups are the owners, the most saved first."""
    hours = [NOON + timedelta(hours=n) for n in range(4)]
    fill(ledger, at(0, short=30), at(59, read=30), at(120, read=50, tags={"team": "b"}), at(180, read=10))

    found = caching(ledger, EVERYTHING, boundaries=hours)
    by_team = caching(ledger, EVERYTHING, ("tag:team",))

    assert [(row.start, row.cache_read_input_tokens) for row in found] == [(hours[0], 30_000), (hours[2], 50_000)]
    assert [(row.group, row.cache_read_input_tokens) for row in by_team] == [(("b",), 50_000), (("search",), 40_000)]

    within = Filters(period=Period(hours[0], hours[-1]))
    (whole,) = caching(ledger, within)
    groups = tuple(caching(ledger, within, ("tag:team",)))
    assert caches(ledger, EVERYTHING, ("tag:team",), hours) == Caches(
        whole=whole, over_time=tuple(found), groups=groups
    )


def test_writes_that_were_never_read(ledger: Ledger) -> None:
    """A write is unread if its owner's cache on that model was not read while it lived: five minutes or an hour."""
    fill(
        ledger,
        at(0, short=10),
        at(4, read=10, short=1),  # reads the first; then nothing for half an hour
        at(34, read=1),
        at(40, short=100, tags={"team": "another owner"}),
        at(41, read=100),
        at(200, long=20),
        at(259, read=20),
        at(300, long=40),
        at(361, read=40),
    )

    row = writes(ledger)

    assert (row.unread_5m_tokens, row.unread_1h_tokens, row.undecided_tokens) == (101_000, 40_000, 0)
    assert row.unread_extra == Decimal("0.261")  # 101,000 at 5 less 4, 40,000 at 8 less 4


def test_young_writes_are_undecided(ledger: Ledger) -> None:
    """A write that still lives is neither read nor unread."""
    fill(ledger, at(0, short=10), at(0, long=20))

    found = [
        (row.undecided_tokens, row.unread_5m_tokens, row.unread_1h_tokens)
        for row in (writes(ledger, now=NOON + timedelta(minutes=minute)) for minute in (1, 6, 61))
    ]

    assert found == [(30_000, 0, 0), (20_000, 10_000, 0), (0, 10_000, 20_000)]


def test_an_hour_would_have_kept_it(ledger: Ledger) -> None:
    """What was written again within the hour would have been read, had it been written for an hour at first."""
    fill(ledger, at(0, short=100), at(20, short=100), at(90, short=100))  # the last comes too late for an hour as well

    row = writes(ledger)

    assert (row.rewriting_attempts, row.rewritten_tokens, row.late_read_tokens) == (1, 100_000, 0)
    assert row.cost == row.cost_all_5m == Decimal("1.5")
    assert row.cost_all_1h == Decimal("1.62")  # 200,000 at 8, 100,000 at 0.20
    assert (row.would_save_5m, row.would_save_1h) == (0, Decimal("-0.12"))


def test_five_minutes_would_have_lost_it(ledger: Ledger) -> None:
    """What was read after more than five minutes would have been written again, had it been written for five."""
    fill(ledger, at(0, long=100), at(20, read=100), at(22, read=100))

    row = writes(ledger)

    assert (row.late_attempts, row.late_read_tokens, row.rewritten_tokens) == (1, 100_000, 0)
    assert row.cost == row.cost_all_1h == Decimal("0.84")  # 100,000 at 8, 200,000 at 0.20
    assert row.cost_all_5m == Decimal("1.02")  # 200,000 at 5, 100,000 at 0.20
    assert (row.would_save_5m, row.would_save_1h) == (Decimal("-0.18"), 0)


def test_why_reads_were_missed(ledger: Ledger) -> None:
    """What wrote and read nothing is told apart: nothing there, gone cold, on another model, or another beginning."""
    fill(
        ledger,
        at(0, short=100),  # first
        at(3, short=100),  # warm, and not read: prefix
        at(20, short=100),  # gap
        at(22, short=50, model=SONNET),  # switch
        at(23, read=100, short=10),  # no miss
        at(200, short=10),  # first again
    )

    found = misses(ledger)

    assert found == {
        "first": (2, 0, 0),
        "prefix": (1, 100_000, Decimal("0.48")),  # at 5 less 0.20
        "gap": (1, 100_000, Decimal("0.48")),
        "switch": (1, 50_000, Decimal("0.12")),  # Sonnet: at 2.50 less 0.10
    }
    assert set(CAUSES) == set(get_args(Cause))


def test_an_hour_long_entry_is_warm_for_an_hour(ledger: Ledger) -> None:
    """How long a cache lives is said by its last write, also where reads came between."""
    fill(ledger, at(0, long=10), at(10, read=10), at(60, short=10), at(90, short=10))

    assert {cause: row[0] for cause, row in misses(ledger).items()} == {"first": 1, "prefix": 1, "gap": 1}


def test_an_owner_is_looked_at_whole(ledger: Ledger) -> None:
    """Filters choose what is reported, not what is known: reads of another user or after the period count."""
    fill(ledger, at(0, short=10, user_id="ann"), at(4, read=10, user_id="bob"))
    period = Period(NOON - timedelta(hours=1), NOON + timedelta(minutes=2))

    for filters in (Filters(period=EVERYTHING.period, within={"user_id": ("ann",)}), Filters(period=period)):
        row = writes(ledger, filters)
        assert (row.cache_write_5m_tokens, row.cache_read_input_tokens, row.unread_5m_tokens) == (10_000, 0, 0)
    assert reuse(ledger, Filters(period=period, models=(SONNET,)), now=NOW).writes == ()
    assert total(ledger, Filters(period=EVERYTHING.period, within={"user_id": ("ann",)})).attempts == 1


def test_batches_are_left_out(ledger: Ledger) -> None:
    """Items of batches run when they like: nothing is said of what they wrote, and they keep no cache warm."""
    fill(ledger, at(0, short=10, batch_id="b", batch_result_type="succeeded"), at(1, short=10))

    assert writes(ledger).cache_write_5m_tokens == 10_000
    assert list(misses(ledger)) == ["first"]


def test_groups_add_up(ledger: Ledger) -> None:
    """Groups of writes and misses add up to the whole, whatever they are grouped by."""
    fill(
        ledger,
        *(at(7 * n, short=n, read=n % 3, model=(OPUS, SONNET)[n % 2], tags={"team": "ab"[n % 2]}) for n in range(9)),
        *(at(11 * n, long=n, task_type="code", model=(SONNET, OPUS)[n % 2]) for n in range(9)),
    )
    whole = reuse(ledger, EVERYTHING, now=NOW)

    parts = reuse(ledger, EVERYTHING, ("tag:team", "model"), now=NOW)

    for name in ("writing_attempts", "unread_5m_tokens", "rewritten_tokens", "cost", "cost_all_1h", "cost_all_5m"):
        assert sum(getattr(row, name) for row in parts.writes) == getattr(whole.writes[0], name)
    for name in ("attempts", "missed_tokens", "extra_cost"):
        assert sum(getattr(row, name) for row in parts.misses) == sum(getattr(row, name) for row in whole.misses)


def test_what_is_pruned_is_missing(ledger: Ledger) -> None:
    """Pruned attempts are in no row, though the totals still have them."""
    fill(ledger, at(0, read=10), at(-24 * 60, read=10))

    prune(ledger, before=date(2026, 11, 10), now=NOW)

    assert (total(ledger).attempts, totals(ledger, EVERYTHING).attempts) == (1, 2)


def test_what_cannot_be_asked(ledger: Ledger) -> None:
    """A third dimension, an unknown one, and boundaries out of order are one sentence each."""
    with pytest.raises(SettingsError, match="found 3 dimensions together"):
        caching(ledger, EVERYTHING, ("model", "tier", "status"))
    with pytest.raises(SettingsError, match="found 'colour'"):
        reuse(ledger, EVERYTHING, ("colour",), now=NOW)
    with pytest.raises(SettingsError, match="boundaries: found 2, expected"):
        caching(ledger, EVERYTHING, boundaries=(NOW, NOON))
