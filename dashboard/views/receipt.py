"""The receipt of one call: what it cost item by item, which model was chosen and why, attempt by attempt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import streamlit as st

from analytics.calls import AttemptRow
from analytics.one_call import OneAttempt, OneCall
from analytics.receipt import Item, Line, plain
from dashboard import figures, panels, theme, units
from dashboard.durations import seconds
from dashboard.export import export
from dashboard.view import View

MILLION = 1_000_000
PER = {MILLION: "a million", 1: "each", 3600: "an hour"}
"""What a unit price is for."""
BUCKETS = {
    "input": "Input tokens",
    "cache_write_5m": "Written to the cache for 5 minutes",
    "cache_write_1h": "Written to the cache for an hour",
    "cache_read": "Read from the cache",
    "output": "Output tokens",
    "web_search_requests": "Web searches",
    "active_seconds": "Seconds of a session",
}


def show(call: OneCall, view: View) -> None:
    """All of it, from the sum to the items. Prompts and answers are not there to be shown."""
    first, last = call.attempts[0], call.attempts[-1]
    panels.heading("Receipt", note=f"Began {theme.moment(first.started_at, view.zone)}")
    st.code(call.call_id, language=None, wrap_lines=True)
    figures.show(
        (
            figures.plain(
                "Cost", theme.money(call.list_cost), about=f"Exactly {theme.exact(call.list_cost)}, at list price."
            ),
            figures.plain("Attempts", theme.count(len(call.attempts)), about="Retries and fallbacks included."),
            figures.plain("Ended", outcome(last), about="How the last attempt went."),
        )
    )
    if call.verdict:
        note = f": {call.note}" if call.note else ""
        st.info(theme.markdown(f"Feedback on the answer: {call.verdict}{note}"))
    with st.container(border=True):
        panels.heading("Why this model", level=3)
        _say(_decision(first))
    for place, attempt in enumerate(call.attempts):
        with st.container(border=True):
            _attempt(attempt, call.attempts[place - 1] if place else None, of=len(call.attempts), view=view)
    rows = [_record(one, line, item) for one in call.attempts for line in one.receipt.lines for item in line.items]
    if rows:
        export(rows, "receipt")


def outcome(row: AttemptRow | OneAttempt) -> str:
    """How an attempt ended, in a word or two: the error, else what the API says of the answer."""
    if row.error_type or (row.status is not None and row.status >= 300):
        return " ".join(str(part) for part in (row.status, row.error_type) if part is not None)
    if not row.complete:
        return "still open" if row.duration_ms is None else "broke off"
    return row.stop_reason or ("no answer" if row.status is None else "answered")


def in_words(tags: Mapping[str, str]) -> str:
    """`team=search, feature=triage`."""
    return ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))


def _say(sentences: Iterator[str]) -> None:
    """One under the other."""
    st.markdown("  \n".join(map(theme.markdown, sentences)))


def _decision(first: OneAttempt) -> Iterator[str]:
    """What was asked for, what was decided, and what for."""
    asked, sent = first.requested_model or "no model", first.sent_model or "no model"
    yield f"Asked for {asked}, sent to {sent}." if asked != sent else f"Asked for {asked}, and sent there."
    if first.reason is None:
        yield "Nothing was decided: the Router was not asked."
    else:
        yield f"Because: {first.reason}."
    known = {"task type": first.task_type, "tier": first.tier, "confidence": first.confidence}
    said = [
        f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}"
        for name, value in known.items()
        if value is not None
    ]
    if said:
        yield f"Taken for: {', '.join(said)}."
    if first.shadow_model:
        yield f"In shadow: {first.shadow_model} would have been sent."
    if first.tags:
        yield f"Tags: {in_words(first.tags)}."
    if first.user_id:
        yield f"User: {first.user_id}."


def _attempt(attempt: OneAttempt, before: OneAttempt | None, *, of: int, view: View) -> None:
    panels.heading(
        f"Attempt {attempt.attempt} of {of}: {outcome(attempt)}",
        note=theme.moment(attempt.started_at, view.zone),
        level=3,
    )
    _say(_course(attempt, before))
    for number, line in enumerate(attempt.receipt.lines, 1):
        _line(line, key=f"{attempt.record_id}:{number}")
    _total(attempt)
    for flag in attempt.receipt.flags:
        st.warning(theme.markdown(f"Assumed or odd: {flag}"))
    ids = {"request": attempt.request_id, "message": attempt.message_id, "batch": attempt.batch_id}
    known = [f"{name} {value}" for name, value in ids.items() if value]
    if known:
        st.caption(theme.markdown(" · ".join([*known, f"record {attempt.record_id}"])))


def _course(attempt: OneAttempt, before: OneAttempt | None) -> Iterator[str]:
    """How it came to this attempt, and how it went."""
    sent = attempt.sent_model or "no model"
    if before:
        again = before.sent_model == attempt.sent_model
        yield f"A retry on {sent}." if again else f"A fallback from {before.sent_model or 'no model'} to {sent}."
    if attempt.model and attempt.model != attempt.sent_model:
        yield f"Served by {attempt.model}."
    took, first, rest = (
        seconds(part) for part in (attempt.duration_ms, attempt.time_to_first_token_ms, attempt.writing_ms)
    )
    short = units.SECONDS.short
    if first is not None and rest is not None:
        yield f"It took {short(took)}: {short(first)} until the first token, {short(rest)} from there to the end."
    elif took is not None:
        yield f"It took {short(took)}."
    if attempt.open:
        yield "The stream has begun and, as far as anybody knows, not ended; so far its first event is what is counted."
    elif not attempt.complete:
        yield "The answer was not seen to its end: what it had produced is estimated."


def _line(line: Line, *, key: str) -> None:
    priced = f", priced as {line.priced_as}" if line.priced_as not in (None, line.model) else ""
    speed = "" if line.speed == "standard" else f", {line.speed}"
    kind = "" if line.kind == "top_level" else f" ({line.kind})"
    name = line.model or "no model"
    st.markdown(f"**{theme.markdown(f'{name}{kind}{priced}{speed}')}**")
    if line.items:
        right = st.column_config.TextColumn(alignment="right")
        st.dataframe(  # pyright: ignore[reportUnknownMemberType]  # Streamlit's signature names untyped pandas
            [_shown(item, line) for item in line.items],
            hide_index=True,
            column_config=dict.fromkeys(("Units", "Unit price", "Times", "Amount"), right),
            alt=f"Table: units times price for each bucket of {name}",
            key=f"line:{key}",
        )
    for factor in line.multipliers:
        st.caption(theme.markdown(f"×{plain(factor.multiplier)} for {factor.name} {factor.value}"))
    if line.price_from is not None:
        until = f"until {theme.day(line.price_to)}" if line.price_to else "on"
        sources = ", ".join(line.source)
        said = f"Price row {line.sku_price_id}, from {theme.day(line.price_from)} {until}; source: {sources}"
        st.caption(theme.markdown(said))
    if not line.billable:
        st.caption("Not billed.")


def _shown(item: Item, line: Line) -> dict[str, str]:
    return {
        "Bucket": BUCKETS.get(item.bucket, item.bucket),
        "Units": "not a count" if item.units is None else f"{item.units:,}",
        "Unit price": f"{theme.exact(item.unit_price)} {PER[item.per]}" if item.unit_price is not None else "not known",
        "Times": _times(item, line),
        "Amount": theme.exact(item.amount),
    }


def _times(item: Item, line: Line) -> str:
    """Multipliers are of token prices, never of fees."""
    return " ".join(f"×{plain(factor.multiplier)}" for factor in line.multipliers) if item.per == MILLION else ""


def _total(attempt: OneAttempt) -> None:
    """The sum, or why there is none."""
    found = attempt.receipt
    if found.list_cost is None:
        rest = f" The rest comes to {theme.exact(found.known_cost)}." if found.known_cost is not None else ""
        st.warning(theme.markdown(f"No cost: {found.reason or 'nobody has said why'}.{rest}"))
        return
    if not found.lines:
        st.write("It used nothing, which costs nothing.")
        return
    said = f"Total {theme.exact(found.list_cost)}"
    if found.contracted_cost != found.list_cost:
        said += f", by contract {theme.exact(found.contracted_cost)}"
    if found.reporting_currency:
        said += f", {theme.exact(found.reporting_cost, found.reporting_currency)}"
    table = f"; price table {found.price_table}" if found.price_table else ""
    contract = f", contract {found.contract}" if found.contract else ""
    st.write(theme.markdown(f"{said}{table}{contract}."))


def _record(attempt: OneAttempt, line: Line, item: Item) -> dict[str, Any]:
    """An item as a row to take away: every digit, and where the price is from."""
    return {
        "Attempt": attempt.attempt,
        "Model": line.model,
        "Kind": line.kind,
        "Bucket": item.bucket,
        "Units": None if item.units is None else Decimal(item.units),
        "Per": item.per,
        "Unit price": item.unit_price,
        "Times": _times(item, line),
        "Amount": item.amount,
        "Price row": line.sku_price_id,
        "Sources": ", ".join(line.source),
        "Why no cost": line.reason,
    }
