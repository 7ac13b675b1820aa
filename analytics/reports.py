"""One typed function per question. Each runs one file in sql/; money is Decimal US dollars, tokens are ints.

Unknown is never zero: an amount that includes unpriced attempts is the sum of the priced ones, and the count of
the unpriced stands beside it. `None` means that nothing could be said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from router.spool import lost_records

from . import rollup
from .buckets import Buckets
from .exceptions import SettingsError
from .grouping import BUCKET, DIMENSIONS, MOST_DIMENSIONS, TAG, check_dimensions
from .ingest import waiting_bytes
from .ledger import Ledger
from .period import Period, naive
from .questions import run

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Row = TypeVar("_Row", bound="DataclassInstance")

DEMO_MARKER = "DEMO"
"""The file that says that a home holds demo data; every reader labels what it shows."""
MOST_WITHIN = 6
"""Dimensions to filter by, besides models, task types and one value of each tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a report looks at: made once from the sidebar or the command line, passed to every report."""

    period: Period
    models: tuple[str, ...] = ()
    """Served models; empty for all."""
    task_types: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """All of these must match."""
    within: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """By dimension, six at most, the values of which one must match: the scope of a budget."""

    def parameters(self) -> dict[str, object]:
        """As questions take them."""
        return {
            "start": naive(self.period.start),
            "until": naive(self.period.end),
            "models": list(self.models),
            "task_types": list(self.task_types),
            "tag_keys": list(self.tags),
            "tag_values": list(self.tags.values()),
            "within": list(self.within),
            "within_values": [list(values) for values in self.within.values()],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A period in figures."""

    calls: int
    attempts: int
    failed_attempts: int
    fallback_calls: int
    """Calls that another model answered, after the first one did not."""
    incomplete_attempts: int
    """Streams that ended before their answer did; what they had produced is estimated."""
    unpriced_attempts: int
    list_cost: Decimal | None
    requested_list_cost: Decimal | None
    """What the comparable calls would have cost on the models that were asked for, with the same tokens."""
    routing_saved: Decimal | None
    """requested_list_cost minus list_cost, over the attempts where both are known; negative where routing cost more."""
    routing_compared_attempts: int
    """How many priced attempts the comparison covers (`auto` asks for no model, so it cannot be compared)."""
    cache_saved: Decimal | None
    """What reads saved against the input price, less what writes cost above it."""
    input_tokens: int
    output_tokens: int
    cache_write_tokens: int
    cache_read_tokens: int
    contracted_cost: Decimal | None = None
    """list_cost less the discounts of the contract; list_cost where there is none."""
    reporting_cost: Decimal | None = None
    """contracted_cost in `reporting_currency`; None if a day has no rate."""
    reporting_currency: str | None = None
    open_attempts: int = 0
    """Streams that have begun and not ended, as far as anybody knows; counted as far as their first event says."""
    batch_items: int = 0
    """Items of Message Batches whose results were read. The next three cost nothing."""
    batch_errored: int = 0
    batch_canceled: int = 0
    batch_expired: int = 0

    @property
    def tokens(self) -> int:
        """Everything that went through: in and out, from the cache and to it."""
        return self.input_tokens + self.output_tokens + self.cache_write_tokens + self.cache_read_tokens

    @property
    def cost_per_call(self) -> Decimal | None:
        """What a call cost on average. None where there is no call, or one of the attempts has no price."""
        if not self.calls or self.list_cost is None or self.unpriced_attempts:
            return None
        return self.list_cost / self.calls

    @property
    def routed_list_cost(self) -> Decimal | None:
        """What the compared calls cost as they were routed: the other end of `routing_saved`."""
        if self.requested_list_cost is None or self.routing_saved is None:
            return None
        return self.requested_list_cost - self.routing_saved


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """One group of a breakdown."""

    group: tuple[str | None, ...]
    """One value per asked dimension; None where the attempt has none."""
    calls: int
    attempts: int
    unpriced_attempts: int
    list_cost: Decimal | None
    routing_saved: Decimal | None
    input_tokens: int
    output_tokens: int
    cache_write_tokens: int
    cache_read_tokens: int
    contracted_cost: Decimal | None = None
    """list_cost less the discounts of the contract; list_cost where there is none."""
    reporting_cost: Decimal | None = None
    """contracted_cost in `reporting_currency`; None if a day has no rate."""
    reporting_currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the figures can be trusted."""

    attempts: int
    first_at: datetime | None
    last_at: datetime | None
    waiting_bytes: int
    """In the spool and not yet in the ledger."""
    lost_records: int
    rejected_lines: int
    """Damaged. Those that were cut off, as their writer died in the middle of them, are `cut_lines`."""
    unpriced: tuple[tuple[str, int], ...]
    """Reason (naming the model or the bucket) and attempts."""
    flagged: tuple[tuple[str, int], ...]
    """Flag of a line, and how many lines carry it."""
    outdated_charges: int
    """Made with another price table or contract than the ledger has now: a re-rating is due."""
    price_table_version: str | None
    price_table_checked_on: date | None
    demo: bool
    cut_lines: int = 0
    """No call was told that these had been written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions:
    """What there is to choose from, over the whole ledger; each tuple sorted."""

    models: tuple[str, ...]
    task_types: tuple[str, ...]
    tags: Mapping[str, tuple[str, ...]]
    """Key -> its values."""
    first_at: datetime | None
    """The first attempt; UTC-aware. None if the ledger is empty."""
    last_at: datetime | None
    identities: tuple[str, ...] = ()
    """Which of the dimensions that say whose calls they were, and where they went, have more than one value."""
    tiers: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    contracted: bool = False
    """Whether there is a contract, which makes other costs than the list's."""
    currency: str | None = None
    """The contract's, if it names one: a reporting cost is in it."""


def totals(ledger: Ledger, filters: Filters) -> Totals:
    """The period in figures; zero counts and None amounts where there is nothing."""
    (rows,) = _breakdowns(ledger, filters, [()])
    names = [field.name for field in fields(Totals)]
    return Totals(**{name: rows[0][name] for name in names}) if rows else _NOTHING


def totals_by(
    ledger: Ledger, filters: Filters, by: Sequence[str], *, buckets: Buckets | None = None
) -> dict[tuple[str | None, ...], Totals]:
    """The same for each group that occurs, by its members, in the order of `cost_by`. Raises SettingsError as that."""
    check_dimensions(by, bucketed=buckets is not None)
    names = [field.name for field in fields(Totals)]
    (found,) = _breakdowns(ledger, filters, [by], buckets)
    rows = _in_order(found, by)
    return {tuple(row["members"]): Totals(**{name: row[name] for name in names}) for row in rows}


def cost_by(ledger: Ledger, filters: Filters, by: Sequence[str], *, buckets: Buckets | None = None) -> list[CostRow]:
    """One row per group that occurs, in order of time if the first dimension is one, else the dearest first.

    `by` names one to four of DIMENSIONS or `tag:<key>`; with `buckets` of the period, the first may be BUCKET. Raises
    SettingsError for any other. A call counts in the group of its last attempt, so that the rows add up.
    """
    (rows,) = costs_by(ledger, filters, [by], buckets=buckets)
    return rows


def costs_by(
    ledger: Ledger, filters: Filters, several: Sequence[Sequence[str]], *, buckets: Buckets | None = None
) -> list[list[CostRow]]:
    """`cost_by` for each of several, which name four dimensions between them at most. Little slower than for one."""
    for by in several:
        check_dimensions(by, bucketed=buckets is not None)
    found = _breakdowns(ledger, filters, several, buckets)
    return [grouped(CostRow, rows, by) for rows, by in zip(found, several, strict=True)]


def grouped(kind: type[_Row], found: Sequence[Mapping[str, Any]], by: Sequence[str]) -> list[_Row]:
    """The rows of a question as `kind`, each with its members as its group; by time if that is the first dimension."""
    names = [field.name for field in fields(kind)]
    whole = ({**row, "group": tuple(row["members"])} for row in _in_order(found, by))
    return [kind(**{name: row[name] for name in names}) for row in whole]


def _in_order(found: Sequence[Mapping[str, Any]], by: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    if by and by[0] in ("day", "hour", BUCKET):
        return sorted(found, key=lambda row: row["members"][0] or "")
    return found


def health(ledger: Ledger) -> Health:
    """Whether the figures can be trusted: the whole ledger and its spool, whatever the period."""
    with ledger.read() as con:
        rollup.read(con, *rollup.ALWAYS, notes=True)
        (row,) = run(con, "health")
        notes = run(con, "health_notes")
    in_use = ", contract ".join(filter(None, (row["price_table_version"], row["contract_version"])))
    return Health(
        attempts=row["attempts"],
        first_at=_utc(row["first_at"]),
        last_at=_utc(row["last_at"]),
        waiting_bytes=waiting_bytes(ledger),
        lost_records=lost_records(ledger.home),
        rejected_lines=row["rejected_lines"],
        cut_lines=row["cut_lines"],
        unpriced=_counts(notes, "unpriced"),
        flagged=_counts(notes, "flag"),
        outdated_charges=sum(count for name, count in _counts(notes, "version") if name != in_use),
        price_table_version=row["price_table_version"],
        price_table_checked_on=row["price_table_checked_on"],
        demo=(ledger.home / DEMO_MARKER).exists(),
    )


def dimensions(ledger: Ledger) -> Dimensions:
    """What a person can filter and group by."""
    with ledger.read() as con:
        run(con, "member_of")
        rollup.read(con, *rollup.ALWAYS)
        (row,) = run(con, "dimensions")
        found = groupby(run(con, "dimension_values"), itemgetter("dimension"))
        values = {name: tuple(one["value"] for one in rows) for name, rows in found}
    return Dimensions(
        models=values.get("model", ()),
        task_types=values.get("task_type", ()),
        tags={name.removeprefix(TAG): options for name, options in values.items() if name.startswith(TAG)},
        identities=tuple(name for name in DIMENSIONS if row.get(name)),
        tiers=values.get("tier", ()),
        platforms=values.get("platform", ()),
        statuses=values.get("status", ()),
        contracted=row["contracted"],
        currency=row["currency"],
        first_at=_utc(row["first_at"]),
        last_at=_utc(row["last_at"]),
    )


_AMOUNTS = ("list_cost", "requested_list_cost", "routing_saved", "cache_saved")
_WITHOUT: dict[str, Any] = {
    one.name: None if one.name in _AMOUNTS else 0 for one in fields(Totals) if one.default is MISSING
}
_NOTHING = Totals(**_WITHOUT)


def _breakdowns(
    ledger: Ledger, filters: Filters, several: Sequence[Sequence[str]], buckets: Buckets | None = None
) -> list[list[dict[str, Any]]]:
    if len(filters.within) > MOST_WITHIN:
        raise SettingsError(f"filters: found {len(filters.within)} dimensions, expected at most {MOST_WITHIN}")
    dimensions = list(dict.fromkeys(name for by in several for name in by))
    dimensions.sort(key=lambda name: name != BUCKET)  # which comes first
    if len(dimensions) > MOST_DIMENSIONS:
        raise SettingsError(f"by: found {len(dimensions)} dimensions, expected at most {MOST_DIMENSIONS}")
    start, until = naive(filters.period.start), naive(filters.period.end)
    buckets = buckets or Buckets(period=filters.period, starts=(), names=())
    with ledger.read() as con:
        run(con, "member_of")
        buckets.prepare(con)
        rollup.read(con, start, until, cuts=buckets.cuts(), by_user="user_id" in (*dimensions, *filters.within))
        rows = run(
            con,
            "breakdown",
            dimensions=dimensions,
            groupings=[[dimensions.index(name) + 1 for name in by] for by in several],
            **filters.parameters(),
        )
    return [[row for row in rows if row["number"] == number] for number in range(len(several))]


def _counts(notes: Sequence[Mapping[str, Any]], kind: str) -> tuple[tuple[str, int], ...]:
    return tuple((note["name"], note["count"]) for note in notes if note["kind"] == kind)


def _utc(moment: datetime | None) -> datetime | None:
    """The ledger's times are UTC without saying so."""
    return moment and moment.replace(tzinfo=UTC)
