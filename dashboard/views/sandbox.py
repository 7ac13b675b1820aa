"""A sandbox: a request is pasted, and the decision on it shown. No call is made, nothing of it is kept or logged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import cast

import streamlit as st

from analytics.decisions import decide
from analytics.exceptions import SettingsError
from analytics.judging import Judgement, policy_of
from dashboard import charts, panels, tables, theme, units
from dashboard.charts import Mark
from dashboard.view import View

POLICY = "policy.yaml"
"""In the home; another than that which a program gives its client is not known here."""
LONGEST = 400_000
"""Characters: about what fits into a model's context."""
EXAMPLE = '{"model": "auto", "messages": [{"role": "user", "content": "..."}]}'


@st.fragment
def show(view: View) -> None:
    """What to paste, and what comes of it, by the policy of the home if it has one."""
    path = view.source.home / POLICY
    whose = f"the policy in {path}" if path.exists() else f"the default policy, as there is no {path}"
    panels.heading(
        "What would be decided on a request?",
        note=f"By {whose}. No call is made, and what is pasted is neither stored nor logged.",
    )
    try:
        policy = policy_of(path if path.exists() else None)
    except SettingsError as error:
        st.error(theme.markdown(f"The policy cannot be read: {error}"))
        return
    with st.form("sandbox", border=False):
        text = st.text_area(
            "A Messages body as JSON, or a prompt",
            key="pasted",
            placeholder=EXAMPLE,
            max_chars=LONGEST,
            height=140,
        )
        asked = st.form_submit_button("Decide")
    if not asked:
        return
    if not (text or "").strip():
        st.info("Nothing was pasted yet.")
        return
    judgement = decide(request_of(text or ""), policy)
    if judgement.sound:
        _judgement(judgement)
    else:
        st.warning(theme.markdown(f"No decision: {judgement.reason}."))


def request_of(text: str) -> str:
    """What is to be judged: JSON as it is, anything else as the one message of a request that leaves the model open."""
    if text.lstrip().startswith(("{", "[")):
        return text
    return json.dumps({"model": "auto", "messages": [{"role": "user", "content": text}]})


def _judgement(found: Judgement) -> None:
    sure = "" if found.confidence is None else f", {units.SHARE.short(Decimal(str(found.confidence)))} sure"
    st.html(theme.headline(str(found.model), f"{found.task_type or 'unknown'}, tier {found.tier or 'none'}{sure}"))
    then = ", ".join(found.fallbacks) or "no other model"
    shadow = f" In shadow, {found.shadow_model} would have been chosen." if found.shadow_model else ""
    st.write(
        theme.markdown(f"Because: {found.reason}. Asked for: {found.requested_model}. If it fails: {then}.{shadow}")
    )
    costs, signals = st.columns(2)
    with costs:
        _alternatives(found)
    with signals:
        panels.heading("What spoke for it", level=3)
        rows = [{"Signal": name.replace("_", " "), "Found": _said(value)} for name, value in found.signals.items()]
        tables.show(rows, name="signals")


def _alternatives(found: Judgement) -> None:
    panels.heading(
        "What it would cost", level=3, note="In US dollars at list prices, for an answer as long as is usual."
    )
    costs = {model: cost for model, cost in found.alternatives.items() if isinstance(cost, Decimal)}
    if not costs:
        st.write("Not known: no model of the policy has a price.")
        return
    panels.chart(
        charts.ranking([Mark(model, cost) for model, cost in costs.items()], unit=units.money()),
        name="alternatives",
        alt="Bars: what the call is expected to cost on each model",
        click=None,
    )
    tables.show(
        [{"Model": model, "Expected cost": cost} for model, cost in costs.items()],
        name="alternatives",
        formats={"Expected cost": tables.PRICE},
    )


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        return ", ".join(f"{name} {_said(one)}" for name, one in pairs.items())
    return units.SHARE.short(Decimal(str(value))) if isinstance(value, float) else str(value)
