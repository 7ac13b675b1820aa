"""Notice: what one message says, whatever carries it. Made once, kept in the outbox as JSON, rendered when sent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Kind = Literal["firing", "resolved", "reminder", "digest", "test"]
Severity = Literal["info", "warning", "critical"]
_Amount = Annotated[Decimal, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Part):
    """One line of figures, in words: `Spent so far`, `$412.07 of $500.00 (82 %)`."""

    label: str
    value: str


class Contributor(_Part):
    """What makes up the amount."""

    name: str
    """Such as `model claude-opus-5-5` or `team search`; may come from a tag."""
    cost: _Amount
    """US dollars in this period."""
    change: str | None = None
    """Against the period before, in words: `+$31.20 (+45 %)`, `new`. None: not known."""


class Point(_Part):
    """Spend of the period up to a moment."""

    moment: AwareDatetime
    spent: _Amount


class Plot(_Part):
    """What the small plot shows: spend so far against the limit, and where it is heading."""

    start: AwareDatetime
    end: AwareDatetime
    points: tuple[Point, ...]
    limit: _Amount | None = None
    expected: _Amount | None = None
    """At the end; None: not enough history."""
    low: _Amount | None = None
    high: _Amount | None = None
    zone: str = "UTC"
    """IANA, for the labels."""


class Section(_Part):
    """A table with a heading, as digests have several."""

    title: str
    rows: tuple[Figure, ...]


class Notice(_Part):
    """One message."""

    kind: Kind
    severity: Severity
    notice_id: str
    """The same for the same crossing, however often it is sent: hexadecimal. Message-IDs derive from it."""
    thread: str
    """The same for everything about one rule, scope and period: what hangs together in a mailbox."""
    first: bool = True
    """Whether nothing was sent about this thread before."""
    subject: str
    """Rule, percentage, amount and period; one line."""
    headline: str
    """What happened, in one sentence."""
    figures: tuple[Figure, ...] = ()
    sections: tuple[Section, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    plot: Plot | None = None
    actions: tuple[str, ...] = ()
    """What to do, one sentence each."""
    footnotes: tuple[str, ...] = ()
    """What the figures leave out or assume."""
    link: str | None = None
    """The dashboard, filtered to this scope and period."""
    rule: str
    """The name of the budget or rule; what List-Id and unsubscribing are about."""
    recipients: tuple[str, ...] = ()
    """All who get it, so that each can see who else does."""
    created_at: datetime
    """When it was crossed, as far as anybody knows; UTC-aware."""
