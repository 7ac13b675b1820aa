from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.alerts.budget_conditions import key_of, severity
from analytics.alerts.case import BudgetCase, Case, Finding
from analytics.alerts.mail import MailSettings, message
from analytics.alerts.notice import Contributor, Notice
from analytics.alerts.notices import compose
from analytics.alerts.rendering import html, note, text
from analytics.alerts.states import Transition
from analytics.budgets import Budget, Rule, Scope, Threshold, Told
from analytics.forecast import Forecast
from analytics.spending import Members, Spend
from router.periods import Recurrence, span_at

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
END = datetime(2026, 12, 1, tzinfo=UTC)
HEADING = Forecast(
    expected=Decimal("563.20"),
    low=Decimal("521.40"),
    high=Decimal("611.85"),
    confidence="normal",
    method="weekday pattern",
    spent=Decimal("412.07"),
    moments=(NOW, END),
    coming=(0.0, 151.13),
)


def a_budget(scope: Scope | None = None, **changes: Any) -> Budget:
    """$500 a month for a team."""
    told: dict[str, Any] = {
        "name": "search",
        "amount": Decimal(500),
        "scope": {"tag:team": ("search",)} if scope is None else scope,
        "recurrence": Recurrence("month"),
        "thresholds": (),
        "told": Told(recipients=("ana@example.com",)),
    }
    return Budget(**told | changes)


def a_case(
    dollars: str = "412.07", mark: str = "80 %", *, budget: Budget | None = None, members: Members = (), **changes: Any
) -> BudgetCase:
    """A budget past a mark."""
    budget = budget or a_budget()
    span, threshold = span_at(budget.recurrence, changes.pop("at", NOW)), Threshold.parse(mark)
    assert span
    assert threshold
    spend = Spend(budget, members, span, Decimal(dollars), 0, changes.pop("limit", budget.amount))
    return BudgetCase(spend=spend, threshold=threshold, forecast=changes.pop("forecast", HEADING), **changes)


def said(*cases: BudgetCase, kind: str = "fired", now: datetime = NOW) -> Notice:
    """The one message about these."""
    moved = [moving(case, kind, now) for case in cases]
    by_id: dict[str, Case] = {each.alert_id: case for each, case in zip(moved, cases, strict=True)}
    (notice,) = compose(cases[0].spend.budget.name, moved, cases=by_id, links={})
    return notice.model_copy(update={"recipients": ("ana@example.com",)})


def moving(case: BudgetCase, kind: Any, now: datetime) -> Transition:
    key = key_of(case.spend, case.threshold)
    return Transition(
        kind=kind,
        alert_id=key.alert_id,
        key=key,
        n=1,
        severity=severity(case.spend, case.threshold),
        told=case.spend.budget.told,
        happened_at=now,
        said=True,
        last=False,
    )


def shown(notice: Notice) -> str:
    """As it is in a terminal, without who gets it."""
    body = text(notice, reply_to="tollgate@example.com").partition("\nTollgate tells")[0]
    return f"{notice.subject}\n{body}".rstrip()


USERS = {"name": "users", "amount": Decimal(5), "recurrence": Recurrence("day", "Asia/Kolkata"), "over": "refuse"}


def of_user(name: str, dollars: str, mark: str = "80 %", **changes: Any) -> BudgetCase:
    """A user past a mark of $5 a day."""
    return a_case(dollars, mark, budget=a_budget({"user_id": ("*",)}, **USERS), members=(name,), **changes)


FIRING = """\
Tollgate: search at 82 % of $500.00 for November 2026
WARNING: search has spent $412.07 of its $500.00 for November 2026, past the
mark of 80 %.

  Spent so far  $412.07 of $500.00 (82 %)
  Left          $87.93
  Forecast      $563.20 ($521.40 to $611.85 in four of five cases)
  Runs out      about 26 November 23:36 UTC
  Scope         for team search
  Period        2026-11-01 00:00 UTC to 2026-12-01 00:00 UTC

What makes it up, and what changed

  model claude-opus-5-5  $248.90  +$96.12 (+63 %)

What to do

  * See what it was spent on: tollgate report --since 2026-11-01T00:00 --until
    2026-12-01T00:00 --by model
  * When it is spent, calls go on. To hold them to it, give search over:
    refuse in budgets.yaml.
  * Not to hear of it for a while: tollgate alerts silence search --for 4h

The forecast is from the weekday pattern of the last weeks.
"""
MANY = """\
Tollgate: 2 of users are past 80 %, 100 % of $5.00 for 21 November 2026
CRITICAL: 2 budgets for each user_id are past 80 %, 100 % of theirs for 21
November 2026.

What makes it up, and what changed

  user_id=bob  $7.00  of $5.00
  user_id=ana  $4.50  of $5.00

What to do

  * See what it was spent on: tollgate report --since 2026-11-20T18:30 --until
    2026-11-21T18:30 --by model
  * It is spent, and calls are refused. To let more through: raise the amount
    of users in budgets.yaml.
  * Not to hear of it for a while: tollgate alerts silence users --for 4h
"""
FORECAST = """\
Tollgate: search is heading for $563.20 of $500.00 for November 2026
WARNING: search has spent $412.07 of its $500.00 for November 2026, and is
heading for $563.20.

  Spent so far  $412.07 of $500.00 (82 %)
  Left          $87.93
  Forecast      $563.20 ($521.40 to $611.85 in four of five cases)
  Runs out      about 26 November 23:36 UTC
  Scope         for team search
  Period        2026-11-01 00:00 UTC to 2026-12-01 00:00 UTC

What to do

  * See what it was spent on: tollgate report --since 2026-11-01T00:00 --until
    2026-12-01T00:00 --by model
  * When it is spent, calls go on. To hold them to it, give search over:
    refuse in budgets.yaml.
  * Somebody is on it: tollgate alerts ack e3d2c469
  * Not to hear of it for a while: tollgate alerts silence search --for 4h

The forecast is from the weekday pattern of the last weeks.
"""
RESOLVED = """\
Tollgate: resolved: search at 41 % of $1,000.00 for November 2026
RESOLVED: search is back from 80 %: $412.07 of its $1,000.00 for November 2026
is spent.

  Spent so far  $412.07 of $1,000.00 (41 %)
  Left          $587.93
  Carried over  $500.00 of the $1,000.00
  Forecast      $563.20 ($521.40 to $611.85 in four of five cases)
  Runs out      not before the period ends
  Scope         for team search
  Period        2026-11-01 00:00 UTC to 2026-12-01 00:00 UTC

What to do

  * See what it was spent on: tollgate report --since 2026-11-01T00:00 --until
    2026-12-01T00:00 --by model

The forecast is from the weekday pattern of the last weeks.
"""
CLOSED = """\
Tollgate: search at 112 % of $500.00 for November 2026
CRITICAL: search had spent $560.00 of its $500.00 when November 2026 ended,
past the mark of 100 %.

  Spent so far  $560.00 of $500.00 (112 %)
  Over by       $60.00
  Scope         for team search
  Period        2026-11-01 00:00 UTC to 2026-12-01 00:00 UTC

What to do

  * See what it was spent on: tollgate report --since 2026-11-01T00:00 --until
    2026-12-01T00:00 --by model
"""
PERIODS = """\
Tollgate: search is past 80 %, 100 % of $500.00 in 3 periods
CRITICAL: search is past 80 %, 100 % of its amount in 3 periods.

What makes it up, and what changed

  November 2026   $560.00  of $500.00
  October 2026    $560.00  of $500.00
  September 2026  $560.00  of $500.00

What to do

  * See what it was spent on: tollgate report --since 2026-11-01T00:00 --until
    2026-12-01T00:00 --by model
  * It is spent, and calls go on. To hold them to it, give search over: refuse
    in budgets.yaml.
  * Not to hear of it for a while: tollgate alerts silence search --for 4h
"""
RISEN = Contributor(name="model claude-opus-5-5", cost=Decimal("248.90"), change="+$96.12 (+63 %)")
CASES: dict[str, tuple[str, Notice]] = {
    "firing": (FIRING, said(a_case(contributors=(RISEN,)), a_case(mark="50 %"))),
    "many": (MANY, said(of_user("ana", "4.5"), of_user("bob", "7"), of_user("bob", "7", "100 %"))),
    "forecast": (FORECAST, said(a_case(mark="forecast 100 %"))),
    "resolved": (RESOLVED, said(a_case(limit=Decimal(1000)), kind="resolved")),
    "closed": (CLOSED, said(a_case("560", "100 %", forecast=None), now=END + timedelta(hours=3))),
    "periods": (
        PERIODS,
        said(
            *(
                a_case("560", mark, at=NOW - timedelta(days=30 * back))
                for back in (0, 1, 2)
                for mark in ("80 %", "100 %")
            )
        ),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_said(name: str) -> None:
    """What a terminal shows of a message about a budget, word for word."""
    expected, notice = CASES[name]
    assert f"{shown(notice)}\n" == expected


@settings(deadline=None, max_examples=50)
@given(
    spent=st.decimals("0.01", "0.99999999", places=8), amount=st.sampled_from(["0.01", "1", "3", "7.77", "999999999"])
)
def test_never_all_before_it_is(spent: Decimal, amount: str) -> None:
    """A message says 100 % from the moment on at which all is spent, and not before."""
    budget = a_budget(amount=Decimal(amount))
    below = said(a_case(str(Decimal(amount) * spent), "1 %", budget=budget))
    at = said(a_case(amount, "1 %", budget=budget))

    assert "100 %" not in below.subject + below.figures[0].value
    assert "at 100 % of" in at.subject
    assert "(100 %)" in at.figures[0].value


HOSTILE = '<b>"x", y=z</b>\r\nBcc: eve@example.com\x1b[31m\u202e {{ 7 * 7 }} @channel'


def test_hostile_values() -> None:
    """Whatever a user is called, and wherever that stands, it is one line there, escaped, and calls nobody."""
    scope = {"user_id": ("*",), "tag:" + HOSTILE: (HOSTILE,)}
    budget = a_budget(scope)
    one = a_case(budget=budget, members=(HOSTILE,), contributors=(Contributor(name=HOSTILE, cost=Decimal(1)),))
    notices = [said(one), said(one, a_case(budget=budget, members=("ana",))), said(one, kind="resolved")]
    finding = Finding(
        rule=Rule(name="r", kind="anomaly", told=Told()), whose=HOSTILE, subject=HOSTILE, headline=HOSTILE
    )
    notices.append(
        compose("search", [moving(one, "fired", NOW)], cases={moving(one, "fired", NOW).alert_id: finding}, links={})[0]
    )

    for notice in notices:
        mail = message(notice, to="ana@example.com", parcel_id="ab12", settings=MailSettings(sender="a@example.com"))
        assert mail["Bcc"] is None
        assert "\n" not in mail["Subject"]
        page = html(notice, reply_to="a@example.com", unsubscribe="", picture=None)
        assert "<b>" not in page
        written = mail["Subject"] + text(notice, reply_to="a@example.com") + note(notice)
        assert not {"\x1b", "\u202e", "\r"} & set(written)
        assert "\nBcc" not in written
        assert "@channel" not in note(notice)


def test_an_unreadable_rule_name_is_quoted() -> None:
    """The command that silences a rule can be pasted, also where its name has spaces or quotes."""
    (silence,) = [each for each in said(a_case(budget=a_budget(name='Ana\'s "big" one'))).actions if "silence" in each]
    assert silence.endswith("silence 'Ana'\"'\"'s \"big\" one' --for 4h")
