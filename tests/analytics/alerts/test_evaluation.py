from __future__ import annotations

import itertools
import multiprocessing
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analytics import provider
from analytics.alerts.evaluation import evaluate
from analytics.alerts.listing import listing
from analytics.alerts.notice import Notice
from analytics.alerts.outbox import claim
from analytics.exceptions import BudgetFileError
from analytics.ledger import Ledger
from analytics.provider import ProviderCost
from router.spool import Spool
from tests.conftest import a_record, fill

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FAILED = {"status": 529, "usage": None, "error_type": "overloaded_error"}


def spent(dollars: str, *, at: datetime = NOW - HOUR, team: str = "search", **changes: Any) -> dict[str, Any]:
    """An attempt of a team that cost so much, as changes of a record."""
    usage = {"input_tokens": 0, "output_tokens": int(Decimal(dollars) * 2_000_000), "service_tier": "standard"}
    return {"started_at": at, "tags": {"team": team}, "usage": usage, **changes}


def prompt(cached: int, **changes: Any) -> dict[str, Any]:
    """An attempt whose prompt came from the cache to so many per cent."""
    usage = {"input_tokens": 100 - cached, "cache_read_input_tokens": cached, "output_tokens": 1}
    return {**spent("0", team="cached", **changes), "usage": usage}


def _everything() -> list[dict[str, Any]]:
    days = [NOW - DAY * back for back in range(24)]
    fallen: list[dict[str, Any]] = [
        {"call_id": f"fallen-{number}", "attempt": attempt, "sent_model": model, **({} if attempt == 2 else FAILED)}
        for number in range(2)
        for attempt, model in ((1, "claude-opus-5-5"), (2, "claude-haiku-5-5"))
    ]
    return [
        spent("85"),
        spent("60", at=datetime(2026, 10, 30, tzinfo=UTC), team="autumn"),
        *(spent("9", team="many", user_id=f"u{number:02}", task_type="coding") for number in range(30)),
        *(spent("1", at=day - HOUR, team="steady") for day in days),
        *(spent("9", at=day - HOUR, team="young") for day in days[:2]),
        spent("9", team="odd"),
        {**spent("0", team="odd"), "model": "claude-unheard-of"},
        spent("12", team="listed", model="claude-haiku-4-5"),
        *(spent("0.01", at=NOW - MINUTE * number, team="flaky") for number in (3, 4)),
        *({**spent("0", at=NOW - MINUTE, team="flaky"), **FAILED} for _ in range(2)),
        *({**spent("0", at=NOW - MINUTE * 2, team="falling"), **changes} for changes in fallen),
        *(prompt(90, at=NOW - HOUR * back) for back in (7, 8)),
        *(prompt(50, at=NOW - HOUR * back) for back in (1, 2)),
        *(spent("1", at=day - HOUR, team="spiky") for day in days),
        *(spent("20", at=NOW - DAY - HOUR * back, team="spiky") for back in range(4)),
        *(spent("5", at=NOW - MINUTE, team='a, "b"\n', user_id=f"{odd}") for odd in ("x, tag:team=y", "x")),
    ]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in whose ledger every team does one thing."""
    home = tmp_path_factory.mktemp("template")
    half = '- {from: 2026-10-01, percent_off: "50", models: [claude-haiku-4-5]}'
    (home / "contract.yaml").write_text(f"discounts:\n{half}\n", encoding="utf-8")
    fill(Ledger(home), *_everything())
    return home


class Desk:
    """A home whose budgets.yaml is evaluated, and what Ana is told."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def write(self, *budgets: str, alerts: Sequence[str] = (), more: str = "") -> None:
        """Each a mapping in YAML, without its braces."""
        lines = ["recipients: [ana@example.com]", more]
        for name, entries in (("budgets", budgets), ("alerts", alerts)):
            lines += [f"{name}:", *(f"- {{{entry}}}" for entry in entries)] if entries else []
        (self.home / "budgets.yaml").write_text("\n".join(lines), encoding="utf-8")

    def look(self, after: timedelta = timedelta()) -> list[str]:
        """What an evaluation so long after now says that is new, by subject."""
        before = len(self.told())
        evaluate(self.home, now=NOW + after)
        return [notice.subject.removeprefix("Tollgate: ") for notice in self.told()[before:]]

    def told(self) -> list[Notice]:
        """All that Ana was told, the oldest first."""
        holder, late = f"test-{next(_holders)}", NOW + DAY * 99
        return [each.notice for each in claim(self.home, "mail", holder=holder, now=late, lease=timedelta(), most=999)]

    def open(self) -> list[str]:
        return [f"{row.rule} {row.threshold}".strip() for row in listing(self.home, now=NOW).alerts]

    def spend(self, *records: dict[str, Any]) -> None:
        fill(Ledger(self.home), *records)


_holders = itertools.count()


@pytest.fixture
def desk(home: Path, template: Path) -> Desk:
    return Desk(shutil.copytree(template, home))


SEARCH = 'name: search, amount: "{}", scope: {{tags: {{team: search}}}}, thresholds: ["80 %", "100 %"]{}'
"""A month's budget of a team that has spent $85."""
STEADY = 'name: steady, amount: "{}", scope: {{tags: {{team: steady}}}}, thresholds: ["forecast 100 %"]'
"""Of a team that spends $1 a day, and has spent $21 of what will be about $30."""


def search(amount: str, more: str = "") -> str:
    return SEARCH.format(amount, more)


def _together(home: Path, barrier: Any) -> None:
    barrier.wait()
    evaluate(home, now=NOW)


def test_a_crossing_is_told_once(desk: Desk) -> None:
    """However often, and in however many processes at once, a crossing is evaluated, there is one message."""
    desk.write(search("100"))
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(2)
    workers = [context.Process(target=_together, args=(desk.home, barrier)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0, 0]
    assert desk.look(MINUTE) == desk.look(MINUTE * 2) == []
    assert [notice.subject for notice in desk.told()] == ["Tollgate: search at 85 % of $100.00 for November 2026"]


def test_nothing_fires_below(desk: Desk) -> None:
    """What is a cent short of its threshold is not told, and leaves no trace."""
    desk.write(search("106.26"))
    assert desk.look() == []
    assert listing(desk.home, now=NOW, everything=True).alerts == ()

    desk.write(search("106.25"))
    assert desk.look() == ["search at 80 % of $106.25 for November 2026"]


def test_thresholds_crossed_at_once_are_one_message(desk: Desk) -> None:
    """Of several thresholds that are crossed at once, one message tells, about the highest, and it is critical."""
    desk.write(search("50"))

    assert desk.look() == ["search at 170 % of $50.00 for November 2026"]
    (notice,) = desk.told()
    assert notice.severity == "critical"
    assert {row.severity for row in listing(desk.home, now=NOW).alerts} == {"critical"}
    assert "past the mark of 100 %" in notice.headline
    assert notice.plot
    assert notice.contributors
    assert desk.open() == ["search 80 %", "search 100 %"]


def test_many_users_at_once_are_one_message(desk: Desk) -> None:
    """Thirty users who cross at once are one message, which lists the dearest, and each has an alert of their own."""
    desk.write('name: users, amount: "10", period: day, scope: {user_id: "*", tags: {team: [many]}}')

    assert desk.look() == ["30 of users are past 80 % of $10.00 for 21 November 2026"]
    (notice,) = desk.told()
    assert len(notice.contributors) == 10
    assert len(listing(desk.home, now=NOW).alerts) == 30
    assert desk.look(MINUTE) == []


def test_values_that_look_alike_are_told_apart(desk: Desk) -> None:
    """A value with a comma, a quote or a line end in it is nobody else's, and breaks no line."""
    desk.write('name: odd, amount: "4", period: day, scope: {user_id: "*", tags: {team: "*"}}, thresholds: ["125 %"]')
    evaluate(desk.home, now=NOW)

    scopes = [row.scope for row in listing(desk.home, now=NOW).alerts]
    team = r'"a, \"b\"\n"'
    assert {each for each in scopes if "x" in each} == {
        f"tag:team={team}, user_id=x",
        f'tag:team={team}, user_id="x, tag:team=y"',
    }


def test_a_period_that_ended_while_nothing_ran(desk: Desk) -> None:
    """What was crossed in a period that ended while nothing ran is told at the next start, once, and says so."""
    desk.look(-30 * DAY)
    desk.write('name: autumn, amount: "50", scope: {tags: {team: autumn}}')

    assert desk.look() == ["autumn at 120 % of $50.00 for October 2026"]
    assert desk.look(MINUTE) == desk.look(DAY) == []
    (notice,) = desk.told()
    assert "had spent $60.00 of its $50.00 when October 2026 ended, past the mark of 100 %" in notice.headline
    assert desk.open() == []


def test_many_periods_that_ended_are_one_message(desk: Desk) -> None:
    """After a month in which nothing ran, a budget of a day says in one message on how many days it was crossed."""
    desk.look(-5 * DAY)
    desk.write('name: steady, amount: "0.5", period: day, scope: {tags: {team: steady}}')

    assert desk.look() == ["steady is past 80 %, 100 % of $0.50 in 6 periods"]
    (notice,) = desk.told()
    assert "18 November 2026" in [each.name for each in notice.contributors]


def test_fixed_dates_that_ended_while_nothing_ran(desk: Desk) -> None:
    """A period of fixed dates that is over by the next start is told like any other, and then no more."""
    desk.look(-DAY * 30)
    desk.write(
        'name: autumn, amount: "50", scope: {tags: {team: autumn}}, period: {from: 2026-10-01, until: 2026-10-31}'
    )
    assert desk.look() == ["autumn at 120 % of $50.00 for 1 October 2026 to 31 October 2026"]
    assert desk.look(MINUTE) == []


def test_an_attempt_that_is_recorded_after_its_period(desk: Desk) -> None:
    """An attempt that began before midnight and ended after it can still cross yesterday's budget, once."""
    midnight = timedelta(hours=12)
    desk.write('name: day, amount: "90", period: day, scope: {tags: {team: search}}, thresholds: ["100 %"]')
    assert desk.look(midnight + MINUTE) == []
    desk.spend(spent("6", at=NOW + midnight - MINUTE))

    assert desk.look(midnight + MINUTE * 5) == ["day at 101 % of $90.00 for 21 November 2026"]
    assert desk.look(midnight + MINUTE * 6) == []


def test_late_records_of_this_period_count(desk: Desk) -> None:
    """An attempt of three weeks ago that arrives now counts in the period in which it began."""
    desk.write(search("110"))
    assert desk.look() == []
    desk.spend(
        spent("5", at=datetime(2026, 11, 1, 0, 0, 1, tzinfo=UTC)),
        spent("50", at=datetime(2026, 10, 31, 23, 59, tzinfo=UTC)),
    )
    assert desk.look(MINUTE) == ["search at 81 % of $110.00 for November 2026"]


def test_raising_the_amount_resolves(desk: Desk) -> None:
    """A raised amount ends the alert, which is told where the budget says so; the next crossing fires again."""
    desk.write(search("100", ", tell_resolved: true"))
    desk.look()
    desk.write(search("200", ", tell_resolved: true"))
    assert desk.look(MINUTE) == ["resolved: search at 42 % of $200.00 for November 2026"]
    assert desk.open() == []

    desk.write(search("101", ", tell_resolved: true"))
    assert desk.look(MINUTE * 2) == ["search at 84 % of $101.00 for November 2026"]


def test_a_little_more_resolves_nothing(desk: Desk) -> None:
    """What falls by less than a fiftieth below its threshold is neither over, nor told again when it is back."""
    for minute, amount in enumerate(("106.25", "107", "106.25")):
        desk.write(search(amount, ", tell_resolved: true"))
        assert len(desk.look(MINUTE * minute)) == (not minute)


def test_a_forecast_waits_ten_minutes(desk: Desk) -> None:
    """A forecast is told when it has held for ten minutes, and ends when it has fallen well below."""
    desk.write(STEADY.format("29"))
    assert desk.look() == desk.look(MINUTE * 9) == []
    (subject,) = desk.look(MINUTE * 10)
    assert subject.startswith("steady is heading for $30.")

    desk.write(STEADY.format("31"))
    desk.look(MINUTE * 11)
    assert desk.open() == ["steady forecast 100 %"]
    desk.write(STEADY.format("35"))
    desk.look(MINUTE * 12)
    assert desk.open() == []


def test_a_forecast_that_has_come_true_is_not_told(desk: Desk) -> None:
    """Once the amount itself is spent, nobody is told that it will be."""
    desk.write(STEADY.format("20.5"))
    assert desk.look() == desk.look(MINUTE * 11) == []


def test_too_short_a_history_makes_no_forecast(desk: Desk) -> None:
    """Two days are no history: nothing is told, and a message about the amount itself says why."""
    desk.write('name: young, amount: "20", scope: {tags: {team: young}}, thresholds: ["90 %", "forecast 50 %"]')
    assert desk.look() == ["young at 90 % of $20.00 for November 2026"]
    assert {each.label: each.value for each in desk.told()[0].figures}["Forecast"] == "not enough history"


def test_a_reminder_says_nothing_that_nobody_asked(desk: Desk) -> None:
    """A reminder of a budget without thresholds on its forecast does not claim that there is no history."""
    desk.write(STEADY.format("25").replace("forecast 100 %", "80 %") + ", remind_every: 1h")
    desk.look()
    assert desk.look(HOUR) == ["still: steady at 84 % of $25.00 for November 2026"]
    first, again = ({figure.label for figure in notice.figures} for notice in desk.told())
    assert first - again == {"Forecast", "Runs out"}


def test_what_is_edited_or_removed_ends_quietly(desk: Desk) -> None:
    """An alert of a threshold, or a budget, that the file no longer has ends without a message."""
    more = ", tell_resolved: true, period: {rolling_days: 30}"
    desk.write(search("100", more), search("101", more).replace("name: search", "name: other"))
    assert len(desk.look()) == 2
    desk.write(search("100", more).replace("80 %", "90 %"))
    assert desk.look(MINUTE) == desk.look(MINUTE * 2) == []
    assert desk.open() == []


def test_a_broken_file_changes_nothing(desk: Desk) -> None:
    """A budgets.yaml with a mistake is an error, and every alert stays as it is."""
    desk.write(search("100"))
    desk.look()
    desk.write(search("ninety"))

    with pytest.raises(BudgetFileError, match="ninety"):
        evaluate(desk.home, now=NOW + MINUTE)
    assert desk.open() == ["search 80 %"]


def test_what_has_no_price_is_in_a_footnote(desk: Desk) -> None:
    """Attempts without a price are not in the figures, and the message says how many there are."""
    desk.write('name: odd, amount: "10", scope: {tags: {team: odd}}')
    assert desk.look() == ["odd at 90 % of $10.00 for November 2026"]
    assert "1 attempts have no price" in desk.told()[0].footnotes[0]


def test_a_budget_at_list_prices(desk: Desk) -> None:
    """A budget counts what is paid, or, where it says so, the list price; two of one scope are two threads."""
    scope = 'amount: "100", scope: {tags: {team: listed}}, thresholds: ["20 %"]'
    desk.write(f"name: paid, {scope}", f"name: listed, {scope}, cost: list_cost")
    assert sorted(desk.look()) == [
        "listed at 120 % of $100.00 for November 2026",
        "paid at 60 % of $100.00 for November 2026",
    ]
    said = {notice.rule: notice for notice in desk.told()}
    assert "At list prices, without the discounts of the contract." in said["listed"].footnotes
    assert said["listed"].thread != said["paid"].thread


def test_only_what_was_spent_while_it_was_in_effect(desk: Desk) -> None:
    """A budget that begins in the middle of its period counts, plots, compares and forecasts from there on."""
    desk.write(STEADY.format("10").replace("forecast 100 %", "30 %") + ", from: 2026-11-19")
    assert desk.look() == ["steady at 30 % of $10.00 for November 2026"]
    (notice,) = desk.told()
    assert notice.plot
    assert notice.plot.start == datetime(2026, 11, 19, tzinfo=UTC)
    assert notice.plot.points[-1].spent == 3
    assert notice.plot.expected == pytest.approx(12, abs=1)
    assert [each.cost for each in notice.contributors if each.name == "task type classify"] == [3]


def test_a_scope_of_four_dimensions(desk: Desk) -> None:
    """A scope may list values of some dimensions and have a budget for each of another, four in all."""
    scope = (
        '{tags: {team: [many, search]}, user_id: "*", model: [claude-haiku-5-5, claude-opus-5-5], task_type: coding}'
    )
    desk.write(f'name: four, amount: "10", scope: {scope}')
    assert desk.look() == ["30 of four are past 80 % of $10.00 for November 2026"]


RULES = {
    "error_rate": ("over_percent: 25, at_least: 4, scope: {tags: {team: flaky}}", "50.0 % of attempts failed"),
    "fallback_rate": ("over_percent: 50, at_least: 2, scope: {tags: {team: falling}}", "100.0 % of calls fell back"),
    "cache_hit_ratio": ("scope: {tags: {team: cached}}, at_least: 2", "the cache hit ratio fell to 50 %"),
    "unpriced": ("scope: {tags: {team: odd}}", "1 attempt had no price"),
}


def test_rates_fire_and_end(desk: Desk) -> None:
    """Each kind of rate fires once, and ends when what it saw is out of its window."""
    desk.write(alerts=[f"name: {kind}, rule: {kind}, {keys}" for kind, (keys, _) in RULES.items()])

    assert sorted(desk.look()) == sorted(f"{kind}: {said}" for kind, (_, said) in RULES.items())
    assert desk.look(MINUTE) == []
    assert sorted(desk.open()) == sorted(RULES)
    assert desk.look(DAY * 2) == desk.look(DAY * 2 + MINUTE) == []
    assert desk.open() == []


def test_rates_say_nothing_of_what_is_right(desk: Desk) -> None:
    """Where all is well, and where there are too few attempts to say, no rate fires."""
    alerts = [f"name: {kind}, rule: {kind}, scope: {{tags: {{team: search}}}}" for kind in RULES]
    few = [f"name: few {kind}, rule: {kind}, at_least: 1000" for kind in RULES if kind != "unpriced"]
    desk.write(alerts=[*alerts, *few])
    assert desk.look() == []


def test_an_old_price_table(desk: Desk) -> None:
    """A price table that nobody has compared with its sources for long is told."""
    desk.write(alerts=["name: prices, rule: price_age, over: 90d"])
    (subject,) = desk.look(DAY * 400)
    assert subject.startswith("prices: the price table is ")


@pytest.mark.parametrize("kind", ["error_rate", "fallback_rate", "cache_hit_ratio", "unpriced"])
def test_a_rule_says_nothing_of_what_is_right(desk: Desk, kind: str) -> None:
    """Where all is well, and where there are too few attempts to say, no rule fires."""
    keys = "" if kind == "unpriced" else ", at_least: 1"
    few = "" if kind == "unpriced" else ", at_least: 1000"
    desk.write(
        alerts=[
            f"name: right, rule: {kind}, scope: {{tags: {{team: search}}}}{keys}",
            *([f"name: few, rule: {kind}{few}"] if few else []),
        ]
    )
    assert desk.look() == []


def test_a_rule_for_each_value(desk: Desk) -> None:
    """A rule for each team fires for those that it is true of; one whose traffic ends is quietly over."""
    desk.write(alerts=['name: errors, rule: error_rate, at_least: 4, over_percent: 25, scope: {tags: {team: "*"}}'])
    assert desk.look() == ["errors: 2 alerts fire"]
    scopes = [row.scope for row in listing(desk.home, now=NOW).alerts]
    assert scopes == ["tag:team=falling", "tag:team=flaky"]
    desk.look(HOUR)
    assert desk.look(HOUR + MINUTE) == desk.open() == []


def test_losses(desk: Desk) -> None:
    """Lines that nobody can read are told, critically, until somebody has taken note of them."""
    desk.write(alerts=["name: lost, rule: losses"])
    (desk.home / "spool" / "00000000000000000001-1-a.ndjson").write_bytes(b"no record\n")

    assert desk.look() == ["lost: 1 records or lines went by uncounted"]
    assert desk.told()[0].severity == "critical"
    assert desk.look(MINUTE) == []


HOLD = """
import sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=True)
print("held", flush=True)
sys.stdin.read()
"""


def test_ingest_lag(desk: Desk) -> None:
    """While somebody holds the ledger, what waits longer than it may is told, and is over when it is in."""
    desk.write(search("100"), alerts=["name: lag, rule: ingest_lag, over: 5m"])
    spool = Spool(desk.home)
    spool.append(a_record(**spent("10")))
    waits = datetime.now(UTC) - NOW
    path = str(desk.home / "ledger.duckdb")
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as held:  # noqa: S603  # our own text
        assert held.stdout
        assert held.stdout.readline() == b"held\n"
        assert desk.look(waits + MINUTE * 9)[-1:] == ["lag: the ledger is 9 minutes behind"]
        held.communicate(b"")
    spool.close()

    desk.look(waits + MINUTE * 10)
    assert not [each for each in desk.open() if each == "lag"]


def test_the_provider_bills_more(desk: Desk) -> None:
    """A provider's report that is far from the ledger is told."""
    desk.write(alerts=["name: bill, rule: provider_difference"])
    found = [ProviderCost(day=date(2026, 11, 18), billed_cost=Decimal(9))]
    provider.keep(Ledger(desk.home), found, fetched_at=NOW)

    (subject,) = desk.look()
    assert subject.startswith("bill: the provider bills $9.00, the ledger has $")


def test_an_odd_day_is_told_once(desk: Desk) -> None:
    """A team's day, and the first of its hours, that cost far more than usual are told once, with the team's name."""
    desk.write(alerts=['name: odd, rule: anomaly, minimum: "5", scope: {tags: {team: "*"}}'])

    told = [subject for minute in (0, 10, 70, 150) for subject in desk.look(MINUTE * minute)]
    assert told == ["odd: $81.00 of tag:team=spiky on 2026-11-20, 81.0 times the usual $1.00"]
    assert desk.look(DAY * 2) == desk.open() == []
