"""Access: who is looking, and which calls they may see. Without [auth] in secrets.toml nobody is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import streamlit as st

from analytics.budgets import Scope
from analytics.dashboard_file import DashboardFile
from analytics.exceptions import NotAdmitted, SettingsError

from . import theme

_KEY = json.dumps("tollgate:address")
_KEEP = f"<script>sessionStorage.setItem({_KEY}, location.pathname + location.search)</script>"
_RETURN = f"""<script>
const kept = sessionStorage.getItem({_KEY})
sessionStorage.removeItem({_KEY})
if (kept && kept !== location.pathname + location.search) location.replace(location.origin + kept)
</script>"""
"""The round trip of a log-in ends at the first page. The browser itself keeps where it was, for this tab alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who is looking."""

    email: str | None = None
    """None: nobody was asked."""
    scope: Scope = field(default_factory=dict[str, tuple[str, ...]])
    """The calls that they may see; empty: all."""


def viewer(file: DashboardFile) -> Viewer | None:
    """Who is looking; None: somebody who has not logged in. Raises NotAdmitted and SettingsError."""
    claims = st.user.to_dict()
    if "is_logged_in" not in claims:  # there is no [auth]
        if file.allow:
            raise SettingsError("dashboard.yaml says who is let in, but secrets.toml has no [auth] to ask who it is")
        return Viewer()
    if claims["is_logged_in"] is not True:
        return None
    scope = file.admit(claims)
    return Viewer(email=str(claims["email"]), scope=scope)


def log_in() -> None:
    """The page of who has not logged in."""
    st.html(_KEEP, unsafe_allow_javascript=True)
    st.title("Tollgate", anchor=False)
    st.write("What your calls cost is for who may know. Log in to see it.")
    st.button("Log in", on_click=st.login)


def log_out(viewer: Viewer) -> None:
    """Who is logged in, and the way out; after a log-in, back to where it was asked for."""
    if viewer.email is None:
        return
    if "returned" not in st.session_state:
        st.session_state["returned"] = True
        st.html(_RETURN, unsafe_allow_javascript=True)
    with st.sidebar:
        st.caption(theme.markdown(f"Logged in as {viewer.email}{_part(viewer.scope)}."))
        st.button("Log out", on_click=st.logout, type="tertiary", icon=":material/logout:")


def refused(error: NotAdmitted) -> None:
    """The page of who is logged in and not let in."""
    st.title("Tollgate", anchor=False)
    st.error(theme.markdown(str(error)))
    st.write("Ask whoever runs this dashboard, or log in as somebody else.")
    st.button("Log out", on_click=st.logout)


def _part(scope: Scope) -> str:
    """What is seen of the whole: ` (team search or support)`."""
    parts = (f"{name.partition(':')[2]} {' or '.join(values)}" for name, values in scope.items())
    return f": you see {', '.join(parts)}" if scope else ""
