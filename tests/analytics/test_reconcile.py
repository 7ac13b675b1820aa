from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import provider, reports
from analytics.ledger import Ledger
from analytics.period import Period
from analytics.provider import ProviderCost
from analytics.reconcile import Difference, Reconciliation, difference, reconcile
from router.testing import serve
from tests.analytics.test_provider import KEY, CostReport, a_bucket, an_item, refused
from tests.conftest import Tollgate, fill

TENTH, ELEVENTH, TWELFTH = (date(2026, 11, day) for day in (10, 11, 12))
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
NEXT_NOON = NOON + timedelta(days=1)
LATE = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
PERIOD = Period.days(TENTH, TWELFTH)
COST = Decimal("0.00015")
"""Of an attempt as tests/conftest.py makes it."""
PRIORITY, UNPRICED, PARTLY, ELSEWHERE, NAMED, ASSUMED = (date(2026, 11, day) for day in range(13, 19))
"""Days on which one thing happens, each."""
_UNKNOWN = {"model": "no-such-model", "sent_model": "no-such-model"}
_HAPPENED: dict[date, tuple[dict[str, Any], ...]] = {
    date(2026, 11, 9): ({},),
    TENTH: ({},),
    PRIORITY: (
        {"workspace_id": "w"},
        {"workspace_id": "w", "usage": {"input_tokens": 1000, "output_tokens": 100, "service_tier": "priority"}},
    ),
    UNPRICED: (_UNKNOWN,),
    PARTLY: ({}, _UNKNOWN),
    ELSEWHERE: (
        {},
        {"platform": "claude_platform_aws"},
        {"platform": "vertex"},
        {"platform": "foundry", **_UNKNOWN},
        {"platform": "bedrock", "endpoint": "global", "sent_model": "global.anthropic.claude-haiku-5-5"},
    ),
    NAMED: ({"workspace_id": "wrkspc_1"},),
    ASSUMED: (
        {"stop_reason": "refusal", "content_empty": True, "usage": {"input_tokens": 5, "output_tokens": 0}},
        {"complete": False, "estimated_output_tokens": 900},
        {"status": 529, "usage": None, "error_type": "overloaded_error"},
    ),
}


@pytest.fixture(name="template", scope="module")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose ledger begins on the ninth."""
    home = tmp_path_factory.mktemp("template")
    noons = {day: datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in _HAPPENED}
    fill(Ledger(home), *({"started_at": noons[day], **one} for day, records in _HAPPENED.items() for one in records))
    return home


@pytest.fixture(name="ledger")
def _ledger(home: Path, template: Path) -> Ledger:
    """A ledger in which all that happened."""
    return Ledger(shutil.copytree(template, home))


def bill(ledger: Ledger, *costs: tuple[date, Decimal | int | str], fetched_at: datetime = LATE, **changes: Any) -> None:
    """Let the provider bill so many dollars on a day."""
    found = [ProviderCost(day=day, billed_cost=Decimal(cost), **changes) for day, cost in costs]
    provider.keep(ledger, found, fetched_at=fetched_at)


def one_day(ledger: Ledger, day: date, billed: Decimal | int | str = COST, **changes: Any) -> Reconciliation:
    """A day with this bill."""
    bill(ledger, (day, billed), **changes)
    return reconcile(ledger, Period.days(day, day))


def test_what_agrees_is_no_difference(ledger: Ledger) -> None:
    """Where the provider bills what was charged, to the last digit, the difference is zero and nothing is explained."""
    found = one_day(ledger, NAMED, workspace_id="wrkspc_1")

    assert found.total == Difference(ours=COST, theirs=COST, amount=Decimal(0), percent=Decimal(0))
    assert [day.difference for day in found.days] == [found.total]
    assert [workspace.difference for workspace in found.workspaces] == [found.total]
    assert found.reasons == ()


def test_ours_is_what_the_reports_say(ledger: Ledger) -> None:
    """The charge of a day is the contracted cost of the reports, of that UTC day to the microsecond."""
    midnight = datetime(2026, 11, 11, tzinfo=UTC)
    fill(ledger, {"started_at": midnight - timedelta(microseconds=1)}, {"started_at": midnight})
    totals = reports.totals(ledger, reports.Filters(period=Period.days(TENTH, TENTH)))

    assert [day.ours for day in reconcile(ledger, PERIOD).days] == [totals.contracted_cost, COST, 0]
    assert totals.contracted_cost == 2 * COST


@given(st.lists(st.tuples(*[st.decimals(-1000, 10**6, places=6)] * 2), min_size=1))
def test_differences_add_up(amounts: list[tuple[Decimal, Decimal]]) -> None:
    """The sum of the differences is the difference of the sums; a percentage has its sign, and is a hundred at most."""
    parts = [Difference.of(ours, theirs) for ours, theirs in amounts]
    whole = Difference.of(sum((one.ours for one in parts), Decimal(0)), sum((one.theirs for one in parts), Decimal(0)))

    assert whole.amount == sum(one.amount for one in parts)
    assert all(one.percent * one.amount >= 0 for one in parts)
    assert all(abs(one.percent) <= 100 for one in parts if one.ours >= 0 and one.theirs >= 0)


def test_the_total_is_the_sum_of_its_days(ledger: Ledger) -> None:
    """Over several days of both kinds, what the days differ by adds up to what the total does."""
    bill(ledger, (TENTH, "0.5"), (ELEVENTH, "0.001"), (TWELFTH, 3), (PARTLY, 0))
    found = reconcile(ledger, Period.days(TENTH, PARTLY))

    assert found.total
    assert found.total == Difference.of(2 * COST, Decimal("3.501"))
    assert found.total.amount == sum(day.difference.amount for day in found.days if day.difference)


def test_a_day_without_a_report_is_no_difference(ledger: Ledger) -> None:
    """What nobody fetched is unknown, not zero: it is in no total, and named."""
    bill(ledger, (ELEVENTH, 0))
    found = reconcile(ledger, PERIOD)

    assert [day.theirs for day in found.days] == [None, 0, None]
    assert [day.difference is None for day in found.days] == [True, False, True]
    assert found.total == Difference.of(Decimal(0), Decimal(0))
    assert found.reasons == ("There is no report of 2026-11-10, 2026-11-12: tollgate reconcile --fetch.",)


def test_what_was_before_the_ledger_is_no_difference(ledger: Ledger, tmp_path: Path) -> None:
    """Days up to the one on which the ledger began are not all in it, and an empty ledger has no day at all."""
    first = date(2026, 11, 9)
    bill(ledger, (first, 5), (TENTH, 5))
    found = reconcile(ledger, Period.days(first, TENTH))
    assert [day.ours for day in found.days] == [None, COST]
    assert found.total == Difference.of(COST, Decimal(5))
    assert found.reasons[0].endswith("so they cannot be compared: 2026-11-09.")

    assert one_day(Ledger(tmp_path / "empty"), TENTH).total is None


@pytest.mark.parametrize(("fetched_at", "final"), [(NOON.replace(day=11), False), (NOON.replace(day=12), True)])
def test_the_two_newest_days_are_provisional(ledger: Ledger, fetched_at: datetime, *, final: bool) -> None:
    """Of the day of a fetch and the one before it the report may still change, so they are in no total."""
    found = one_day(ledger, TENTH, 7, fetched_at=fetched_at)

    assert found.days[0].final is final
    assert found.days[0].difference
    assert (found.total is not None) is final
    assert any("Not final" in reason for reason in found.reasons) is not final


def test_a_revised_day_is_compared_anew(ledger: Ledger) -> None:
    """What a later report says of a day is what counts."""
    assert one_day(ledger, TENTH, 7, fetched_at=NOON).total is None

    bill(ledger, (TENTH, COST))
    assert reconcile(ledger, PERIOD).total == Difference.of(COST, COST)


def test_what_others_bill_is_left_out(ledger: Ledger) -> None:
    """Attempts on AWS, Vertex, Foundry and Bedrock are not in the provider's report, so not in ours; that is said."""
    found = one_day(ledger, ELSEWHERE)

    assert found.total == Difference.of(COST, COST)
    assert (found.days[0].attempts, found.days[0].unpriced_attempts) == (1, 0)
    assert found.reasons == ("On platforms that others bill: $0.00045, left out of ours.",)


def test_the_priority_tier_is_left_out(ledger: Ledger) -> None:
    """The report lacks the priority tier, so that ours does without it, by the day and by the workspace."""
    found = one_day(ledger, PRIORITY, workspace_id="w")

    assert found.days[0].ours == COST
    assert found.workspaces[0].difference == Difference.of(COST, COST)
    assert [reason.partition(",")[0] for reason in found.reasons] == ["Priority tier"]


def test_what_has_no_price_is_unknown(ledger: Ledger) -> None:
    """A day on which nothing has a price is no difference; beside others, its attempts are counted."""
    assert one_day(ledger, UNPRICED, 7).total is None

    found = one_day(ledger, PARTLY, 7)
    assert found.total == Difference.of(COST, Decimal(7))
    assert found.reasons[0] == "Attempts without a price, which ours lacks: 1 (see tollgate doctor)."


def test_workspaces_that_nobody_here_uses(ledger: Ledger) -> None:
    """A workspace that is billed and of which no attempt is known is named with its amount."""
    costs = [
        ProviderCost(day=NAMED, workspace_id="wrkspc_1", billed_cost=COST),
        ProviderCost(day=NAMED, workspace_id="wrkspc_2", billed_cost=Decimal(12)),
    ]
    provider.keep(ledger, costs, fetched_at=LATE)
    found = reconcile(ledger, Period.days(NAMED, NAMED))

    assert [one.workspace_id for one in found.workspaces] == ["wrkspc_1"]
    assert found.workspaces[0].difference.amount == 0
    assert found.reasons[0] == "Workspace wrkspc_2, of which no call passed through Tollgate: $12.00 of theirs."


def test_answers_that_name_no_workspace(ledger: Ledger) -> None:
    """Where no attempt names its workspace, none of the provider's can be said to be foreign."""
    found = one_day(ledger, TENTH, workspace_id="wrkspc_2")

    assert found.workspaces == ()
    assert found.reasons == ()


def test_what_only_the_report_knows(ledger: Ledger) -> None:
    """Code execution is in no response, so that the part of it is named."""
    found = one_day(ledger, ELEVENTH, 3, cost_type="code_execution")

    assert found.reasons[0] == "Code execution, which is in no response: $3.00 of theirs."


def test_what_was_assumed_is_counted(ledger: Ledger) -> None:
    """Refusals taken to be free and output that is estimated are said with their number; what failed costs nothing."""
    assert one_day(ledger, ASSUMED).reasons[:2] == (
        "Refusals before any output are taken to be free: 1.",
        "Answers not seen to their end, of which the output is estimated: 1.",
    )


def test_a_discount_that_is_not_written_down(ledger: Ledger, home: Path) -> None:
    """Where less is billed than the list price and no contract is known, that is suggested; with one, it is not."""
    assert one_day(ledger, TENTH, COST / 2).reasons == (
        "No discount is known here: one that was negotiated belongs in contract.yaml.",
    )

    (home / "contract.yaml").write_text('discounts: [{percent_off: "50"}]')
    fill(ledger, {"started_at": NEXT_NOON})
    found = one_day(ledger, ELEVENTH, COST / 4)
    assert found.total == Difference.of(COST / 2, COST / 4)
    assert found.reasons == ()


def test_the_difference_of_the_last_days(ledger: Ledger) -> None:
    """For a rule: the final ones of the last whole days, as a whole; nothing where no report of them was fetched."""
    now = NOON.replace(day=14)
    assert difference(ledger, now=now) is None

    bill(ledger, (TENTH, COST), (ELEVENTH, 2), (date(2026, 11, 13), 9), fetched_at=now)
    assert difference(ledger, now=now) == Difference.of(COST, COST + 2)
    assert difference(ledger, now=now, days=3) == Difference.of(Decimal(0), Decimal(2))
    assert difference(ledger, now=now + timedelta(days=20)) is None


@pytest.mark.parametrize(
    ("ours", "theirs", "exceeds"),
    [(100, 102, False), (100, 103, True), (103, 100, True), (1, 2, False), (0, "1.01", True), (0, 0, False)],
)
def test_a_difference_has_to_exceed_both(ours: int, theirs: int | str, *, exceeds: bool) -> None:
    """Two percent of much and a dollar of little are tolerated, in either direction."""
    found = Difference.of(Decimal(ours), Decimal(theirs))

    assert found.exceeds(percent=Decimal(2), dollars=Decimal(1)) is exceeds


def written(folder: Path, *days: tuple[date, str], at: datetime = LATE) -> str:
    """A file with a report, written then."""
    file = folder / "costs.json"
    file.write_text(json.dumps({"data": [a_bucket(day, an_item(cents)) for day, cents in days]}))
    os.utime(file, (at.timestamp(), at.timestamp()))
    return str(file)


ASKED = ("reconcile", "--since", f"{TENTH}", "--until", f"{TWELFTH}")


def test_the_command_takes_in_a_file(ledger: Ledger, tollgate: Tollgate, tmp_path: Path) -> None:
    """The table has both amounts and the difference by day, and what differs too much is exit code 1."""
    result = tollgate(*ASKED, "--file", written(tmp_path, (TENTH, "0.015"), (ELEVENTH, "250")))

    assert result.exit_code == 1
    lines = [line.split() for line in result.output.splitlines()]
    assert ["2026-11-10", "$0.00015", "$0.00015", "$0.00", "+0.0", "%"] in lines
    assert ["2026-11-11", "$0.00", "$2.50", "$2.50", "+100.0", "%"] in lines
    assert ["2026-11-12", "$0.00", "unknown", "–", "–", "no", "report"] in lines
    assert "They bill $2.50 (100.0 %) more than we charged: more than is tolerated." in result.output
    assert tollgate(*ASKED, "--tolerance", "2", "3").exit_code == 0


def test_a_file_says_what_was_known_when_it_was_written(ledger: Ledger, tollgate: Tollgate, tmp_path: Path) -> None:
    """A report that was written on its own day is provisional, however late it is taken in."""
    result = tollgate(*ASKED, "--file", written(tmp_path, (ELEVENTH, "250"), at=NEXT_NOON))

    assert result.exit_code == 0
    assert "provisional" in result.output
    assert "No final day can be compared yet." in result.output


def test_the_command_fetches(ledger: Ledger, tollgate: Tollgate, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key the report is fetched, over HTTP, and no key is in what is printed."""
    api = CostReport({TENTH: [an_item("0.015")]})
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", KEY)
    with serve(api) as base_url:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", base_url)
        result = tollgate(*ASKED, "--fetch", "--json")
        api.refusals = [refused(401)]
        refusal = tollgate(*ASKED, "--fetch")

    answer = json.loads(result.output)
    assert result.exit_code == 0
    assert answer["within"] is True
    assert [Decimal(day["theirs"]) for day in answer["reconciliation"]["days"]] == [COST, 0, 0]
    assert Decimal(answer["reconciliation"]["total"]["amount"]) == 0
    assert refusal.exit_code == 1
    assert refusal.output.startswith("Error: the cost report: found HTTP 401")
    assert KEY not in result.output + refusal.output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--fetch",), "Error: found no ANTHROPIC_ADMIN_KEY"),
        (("--fetch", "--file", __file__), "--fetch and --file: found both, expected one"),
        (("--file", __file__), "test_reconcile.py: line 1: found"),
        (("--tolerance", "2", "-1"), "found '-1', expected a number"),
        (("--tolerance", "NaN", "1"), "found 'NaN', expected a number"),
    ],
)
def test_what_the_command_refuses(tollgate: Tollgate, arguments: tuple[str, ...], expected: str) -> None:
    """Each mistake is one sentence."""
    result = tollgate("reconcile", *arguments)

    assert result.exit_code in (1, 2)
    assert expected in result.output
