"""Calls: a search of attempts, page by page, and from each of them the receipt of its call.

Where one is stands in the address: `call` is the one that is looked at, `after` are the ends of the pages before, so
that both can be sent to somebody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, cast
from zoneinfo import ZoneInfo

import streamlit as st

from analytics import calls as ledger_calls
from analytics import one_call
from analytics.calls import AttemptRow, Cursor, Page, Search
from analytics.one_call import OneCall
from analytics.reports import Filters
from dashboard import header, panels, theme
from dashboard.data import Source, kept
from dashboard.durations import seconds
from dashboard.export import Rows, export
from dashboard.view import View
from dashboard.views import pruned, receipt

CALL, AFTER = "call", "after"
TABLE, ASKED = "table:calls", "calls:asked"
ALL, FAILED, SUCCEEDED = "All", "Failed", "Succeeded"
OUTCOMES = {ALL: None, FAILED: True, SUCCEEDED: False}
STOP_REASONS = ("end_turn", "tool_use", "max_tokens", "stop_sequence", "pause_turn", "refusal")
ON_A_PAGE = 50
DECIDED: Mapping[str, str] = {
    "decision": "decision",
    "reason": "reason",
    "came_of_it": "outcome",
    "confidence": "confidence",
    "budget": "budget",
    "shadow_model": "shadow_model",
}
"""What a click elsewhere looks for, as the address has it, and the aspect of decisions that it is."""
UNPRICED = "unpriced"


def show(view: View) -> None:
    """The page: what to look for; under it what was found, or the receipt of the call that was chosen."""
    wanted = _asked()
    _clicked()
    _begin_again(view, wanted)
    if chosen := st.query_params.get(CALL):
        _one(view, chosen)
    else:
        _list(view, wanted)


def _asked() -> Search:
    """What is looked for, beside what the filters leave: a status or a user is chosen there."""
    word, outcome, stop, least = st.columns([3, 3, 2, 2], vertical_alignment="bottom")
    with word:
        of_id = st.text_input(
            "Id",
            key="id",
            bind="query-params",
            on_change=_close,
            max_chars=ledger_calls.LONGEST_ID,
            placeholder="Of a call, request, message, batch or record",
            help="Or how one begins. It is looked for in all of time, whatever the period.",
        )
    with outcome:
        how = st.segmented_control(
            "Outcome", list(OUTCOMES), default=ALL, required=True, key="outcome", bind="query-params", on_change=_close
        )
    with stop:
        reason = st.selectbox(
            "Stop reason",
            STOP_REASONS,
            index=None,
            placeholder="Any",
            key="stop",
            bind="query-params",
            on_change=_close,
            accept_new_options=True,
        )
    with least:
        cost = st.number_input(
            "At least, in $", min_value=0.0, max_value=1e9, value=None, step=0.01, format="%.4f",
            key="least", bind="query-params", on_change=_close, placeholder="Any cost",
        )  # fmt: skip
    return Search(
        id=(of_id or "").strip() or None,
        failed=OUTCOMES[how],
        stop_reason=reason,
        least_cost=None if cost is None else Decimal(str(cost)),
        unpriced=st.query_params.get(UNPRICED),
        decided={aspect: st.query_params[name] for name, aspect in DECIDED.items() if name in st.query_params},
    )


def _clicked() -> None:
    """What a click elsewhere looks for, each to be taken back."""
    with st.container(horizontal=True, gap="small"):
        for name in (*DECIDED, UNPRICED):
            if name in st.query_params:
                said = theme.markdown(f"{name.replace('_', ' ').capitalize()}: {st.query_params[name]}")
                st.button(f"✕ {said}", key=f"clicked:{name}", on_click=_take_back, args=(name,))


def _take_back(name: str) -> None:
    st.query_params.pop(name, None)


def _begin_again(view: View, wanted: Search) -> None:
    """Other filters than those of the page before make a list of their own, which has a first page."""
    asked = (view.source.home, view.filters, wanted)
    if st.session_state.get(ASKED, asked) != asked:
        st.query_params.pop(AFTER, None)
    st.session_state[ASKED] = asked


def _list(view: View, wanted: Search) -> None:
    trail = st.query_params.get_all(AFTER)
    page = _found(view.source, view.filters, wanted, trail[-1] if trail else None)
    if not page.rows:
        _nothing(view, wanted)
    else:
        st.caption("Newest first, one row for each attempt. Choose a row to see what its call cost, and why.")
        _table([_record(row, view.zone) for row in page.rows], [row.call_id for row in page.rows])
    _pages(trail, page)


def _table(rows: Rows, ids: Sequence[str]) -> None:
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "Began": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm:ss"),
        "Cost": number(format="$%.6f", help="At list price; empty where something has no price"),
        "Seconds": number(format="%.2f"),
        "First token": number(format="%.2f", help="Seconds until it came, of streams"),
        **{
            name: number(format="localized") for name in ("Input", "Written for 5m", "Written for 1h", "Read", "Output")
        },
    }
    st.dataframe(  # pyright: ignore[reportUnknownMemberType]  # Streamlit's signature names untyped pandas
        rows,
        hide_index=True,
        column_config=columns,
        height=560,
        alt="Table: attempts, the newest first",
        key=TABLE,
        on_select=partial(_open_row, ids),
        selection_mode="single-row",
    )
    export(rows, "calls")


def _record(row: AttemptRow, zone: str) -> dict[str, Any]:
    """The columns of an attempt."""
    return {
        "Began": row.started_at.astimezone(ZoneInfo(zone)),
        "Cost": row.list_cost,
        "Model": row.model or row.sent_model,
        "Outcome": receipt.outcome(row),
        "Task type": row.task_type,
        "Input": row.input_tokens,
        "Written for 5m": row.cache_write_5m_tokens,
        "Written for 1h": row.cache_write_1h_tokens,
        "Read": row.cache_read_input_tokens,
        "Output": row.output_tokens,
        "Seconds": seconds(row.duration_ms),
        "First token": seconds(row.time_to_first_token_ms),
        "Tags": receipt.in_words(row.tags),
        "User": row.user_id,
        "Asked for": row.requested_model,
        "Attempt": row.attempt,
        "Call": row.call_id,
        "Request": row.request_id,
        "Why no cost": row.unpriced_reason,
    }


def _pages(trail: Sequence[str], page: Page) -> None:
    if not trail and not page.after:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Newer", icon=":material/chevron_left:", disabled=not trail, on_click=_turn, args=(trail[:-1],))
        older = [*trail, str(page.after)]
        st.button("Older", icon=":material/chevron_right:", disabled=not page.after, on_click=_turn, args=(older,))
        st.caption(f"Page {len(trail) + 1}")


def _nothing(view: View, wanted: Search) -> None:
    if wanted == Search():
        header.nothing(view)
    elif wanted.id:
        st.info(theme.markdown(f"No attempt that the filters let through has an id that begins with {wanted.id}."))
    else:
        st.info("No attempt of this period is like that: widen the search, or the filters at the side.")


def _one(view: View, call_id: str) -> None:
    st.button("All calls", icon=":material/arrow_back:", on_click=_close)
    call = _call(view.source, call_id)
    if call:
        receipt.show(call, view)
        return
    panels.heading("No such call")
    since = pruned.known(view.source).attempts_from
    older = f", and those that began before {theme.moment(since, view.zone)} are pruned" if since else ""
    st.info(theme.markdown(f"The ledger has no call {call_id}{older}. It may have been counted in another home."))


def _open_row(ids: Sequence[str]) -> None:
    rows = cast("list[int]", st.session_state[TABLE].selection.rows)
    if rows:
        st.query_params[CALL] = ids[rows[0]]


def _close() -> None:
    st.query_params.pop(CALL, None)


def _turn(trail: list[str]) -> None:
    st.query_params[AFTER] = trail


@kept
def _found(source: Source, filters: Filters, wanted: Search, after: str | None) -> Page:
    cursor = None if after is None else Cursor.parse(after)
    return ledger_calls.search(source.ledger, filters, wanted, after=cursor, size=ON_A_PAGE)


@kept
def _call(source: Source, call_id: str) -> OneCall | None:
    return one_call.one_call(source.ledger, call_id)
