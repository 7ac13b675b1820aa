"""Rules: which texts of lines.sql and rate.sql made what is in the ledger. When they change, rows are out of date."""

from __future__ import annotations

import hashlib
from functools import cache

from .ledger import Ledger
from .questions import Connection, run, sql


def record(con: Connection) -> None:
    """Note that what is made from now on is made by the rules of this Tollgate."""
    run(con, "rule_record", lines=_digest("lines"), rate=_digest("rate"))


def lines_changed(con: Connection) -> bool:
    """Whether some lines of the ledger may have been made by other rules than today's."""
    return run(con, "rule_due", lines=_digest("lines"), rate=_digest("rate"))[0]["lines"]


def changed(ledger: Ledger) -> bool:
    """Whether some lines or charges of the ledger may have been made by other rules than today's."""
    return any(ledger.query("rule_due", lines=_digest("lines"), rate=_digest("rate"))[0].values())


def text() -> str:
    """Today's rules in one word each: of lines, of charges."""
    return f"{_digest('lines')} {_digest('rate')}"


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(sql(name).encode()).hexdigest()[:16]
