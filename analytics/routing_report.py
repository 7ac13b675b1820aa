"""What routing decided, and what it saved or cost against the model that was asked for: one question, asked in steps.

What would have been spent on another model is priced by rate.sql, from lines that differ from the real ones in the
model, in the tokens where the tokenizers differ, and in the cache where a switch threw one away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .attempts import choose
from .grouping import check_dimensions
from .ledger import Ledger
from .period import naive
from .prices import PriceTable
from .questions import Connection, run
from .reports import Filters, grouped
from .router_prices import TOKENS_FOR_THE_SAME_TEXT

COUNTED = (
    "Counted: what was spent, with every cache write and read as it was billed. Estimated: the same calls on another "
    "model, the answers as long. Tokens: times 1.3 where only that model has the tokenizer since Opus 4.7, divided by "
    "1.3 where only the serving model has it. Caches: where another model served the call before, with the same tags, "
    "user, key and requested model, and its cache was still warm, tokens written anew count as read, as many as that "
    "call had cached at most; in shadow, reads after a switch count as written. Second opinions count as lost. "
    "Negative: routing cost more than it saved."
)
"""How the amounts came about, for whoever reads them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRow:
    """The calls of one group. The eight kinds of decision add up to `calls`; amounts are list prices in US dollars."""

    group: tuple[str | None, ...]
    calls: int
    kept: int
    """Went to the model named."""
    stepped_down: int
    """Went to a cheaper model than the one named."""
    left_open: int
    """`auto`: the policy chose."""
    pinned: int
    shadow: int
    """Went to the model named; what would have been chosen is on record."""
    taken_back: int
    """A wrong guess: the model chosen rejected what the one named accepts, and that one answered."""
    undecided: int
    """No Router was there."""
    second_opinions: int
    """Questions of the Router's own, to a model that classifies: what they cost is lost, whatever they led to."""
    fallbacks: int
    """Calls that another model answered, after the first one did not; whatever was decided."""
    unpriced_attempts: int
    list_cost: Decimal | None
    """Spent."""
    same_tokens_cost: Decimal | None
    """On the models that were asked for, with the same tokens and the same caches."""
    requested_cost: Decimal | None
    """The same with tokenizers and caches counted."""
    saved: Decimal | None
    """requested_cost less what those attempts cost."""
    compared_calls: int
    """How many calls that covers: `auto` asks for no model."""
    opus_cost: Decimal | None
    """Had everything gone to the Opus model."""
    saved_against_opus: Decimal | None
    compared_with_opus: int
    shadow_cost: Decimal | None
    """Of the calls in shadow: had they gone where they would have been sent."""
    shadow_would_save: Decimal | None
    cold_switches: int
    """Attempts on another model than the one before, whose cache was still warm."""
    cold_tokens: int
    """Written to a cache by those, though another model had them: an estimate."""
    shadow_cold_tokens: int
    good: int
    """Feedback."""
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingReport:
    """A period, in all and by group."""

    total: RoutingRow | None
    """None: there was no call."""
    tables: Mapping[tuple[str, ...], tuple[RoutingRow, ...]]
    """Dimensions -> groups: the dearest first; in order of time if the first dimension is one."""
    opus: str
    """What `opus_cost` compares with."""


def routing(
    ledger: Ledger, filters: Filters, tables: Iterable[Sequence[str]] = (("task_type",),), *, opus: str
) -> RoutingReport:
    """The decisions of a period; each table by what `reports.cost_by` knows. Raises SettingsError for others.

    Caches are followed from call to call, whatever else the filters leave out.
    """
    asked = [tuple(by) for by in tables]
    for by in asked:
        check_dimensions(by)
    with ledger.read():  # nobody writes between one table and the next
        found = {by: _answer(ledger, filters, by, opus) for by in asked or [()]}
    total = next(iter(found.values()))[0]
    return RoutingReport(total=total, tables={by: found[by][1] for by in asked}, opus=opus)


def _answer(
    ledger: Ledger, filters: Filters, by: tuple[str, ...], opus: str
) -> tuple[RoutingRow | None, tuple[RoutingRow, ...]]:
    """In all, and by group: on a connection of its own, as lines that never were take the place of the real ones."""
    with ledger.extract(naive(filters.period.start), naive(filters.period.end)) as con:
        chosen = choose(con, filters)
        run(con, "routing_turns", start=chosen["start"], until=chosen["until"])
        _measure(con)
        run(con, "routing_portions", **chosen, dimensions=list(by), opus=opus)
        run(con, "what_if_room")
        run(con, "what_if_bands")
        run(con, "routing_bundles", opus=opus)
        run(con, "routing_fresh")
        run(con, "routing_lines", opus=opus)
        run(con, "rate")
        total = _rows(con, (), whole=True)
        return total[0] if total else None, _rows(con, by, whole=False)


def _measure(con: Connection) -> None:
    """How many tokens each model makes of the same text."""
    models = PriceTable.load().file.models
    percents = [TOKENS_FOR_THE_SAME_TEXT[model.tokenizer] for model in models.values()]
    least = [model.min_cacheable_tokens for model in models.values()]
    run(con, "what_if_models", models=list(models), percents=percents, least=least)
    run(con, "as_on")


def _rows(con: Connection, by: Sequence[str], *, whole: bool) -> tuple[RoutingRow, ...]:
    return tuple(grouped(RoutingRow, run(con, "routing", whole=whole), by))
