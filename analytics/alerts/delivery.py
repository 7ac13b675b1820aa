"""Delivery: takes what waits in the outbox to where it belongs.

Nothing is lost. Doubled is only what was carried by a process that was killed before it could write down the answer,
and that has the same `parcel_id` again.
"""

from __future__ import annotations

import logging
import os
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic

from ..budgets import BudgetFile
from ..exceptions import SettingsError
from . import outbox
from .parcel import Carrier, Parcel, Result, Tell

_log = logging.getLogger("tollgate")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What one delivery came to."""

    delivered: int
    failed: int
    """Tried, and to be tried again."""
    refused: int
    """Not to be tried again."""
    waiting: int
    """In the outbox now."""
    undelivered: int
    """Given up in the last week."""


class _LeaseLost(Exception):
    """Somebody else carries the rest, because this process slept for so long."""


def deliver(home: Path, carriers: Mapping[str, Carrier], *, now: datetime) -> DeliveryReport:
    """Carry what is due, outside of any transaction, and write down each result as soon as it is known."""
    watch, became = _Watch(now), Counter[str]()
    for name, carrier in carriers.items():
        while _carried(home, name, carrier, watch=watch, became=became):
            pass
    counts = outbox.counts(home, now=watch.now)
    return DeliveryReport(
        delivered=became["delivered"],
        failed=became["failed"],
        refused=became["refused"],
        waiting=counts["waiting"],
        undelivered=counts["undelivered"],
    )


def carriers(file: BudgetFile, environment: Mapping[str, str]) -> dict[str, Carrier]:
    """What carries here. What is not set up says of each message what is missing, and it is tried again later."""
    return {"mail": _able(partial(_mail, environment)), "channel": _able(partial(_channels, file, environment))}


def _mail(environment: Mapping[str, str]) -> Carrier:
    from .smtp import SmtpCarrier  # noqa: PLC0415  # brings the templates
    from .smtp_settings import SmtpSettings  # noqa: PLC0415  # the same

    return SmtpCarrier(SmtpSettings.read(environment))


def _channels(file: BudgetFile, environment: Mapping[str, str]) -> Carrier:
    from .channels import ChannelCarrier  # noqa: PLC0415  # brings Apprise

    return ChannelCarrier(file.channels, environment)


def _able(make: Callable[[], Carrier]) -> Carrier:
    try:
        return make()
    except SettingsError as error:
        return _Unable(str(error))


class _Unable:
    """A carrier that says why there is none."""

    def __init__(self, said: str) -> None:
        self._said = said

    def carry(self, parcels: Sequence[Parcel], tell: Tell) -> None:
        for parcel in parcels:
            tell(parcel, Result(delivered=False, said=self._said))


class _Watch:
    """How late it is: `now` when it was started."""

    def __init__(self, now: datetime) -> None:
        self._started_at, self._started = now, monotonic()

    @property
    def now(self) -> datetime:
        return self._started_at + timedelta(seconds=monotonic() - self._started)


def _carried(home: Path, name: str, carrier: Carrier, *, watch: _Watch, became: Counter[str]) -> bool:
    """Claim some, carry them; whether it is worth claiming more."""
    holder = f"{os.getpid()}-{uuid.uuid4().hex}"
    waiting = {parcel.parcel_id: parcel for parcel in outbox.claim(home, name, holder=holder, now=watch.now)}
    settled = Counter[str]()

    def tell(parcel: Parcel, result: Result) -> None:
        held = outbox.settle(home, parcel, result, holder=holder, now=watch.now)
        settled["delivered" if result.delivered else "refused" if result.permanent else "failed"] += 1
        waiting.pop(parcel.parcel_id, None)
        if held < len(waiting):
            raise _LeaseLost

    said = "nothing became known of it"
    try:
        if waiting:
            carrier.carry(tuple(waiting.values()), tell)
    except _LeaseLost:
        waiting.clear()
    except Exception as error:  # noqa: BLE001  # one message that cannot be carried must not hold up the others
        _log.exception("the carrier of %s failed", name)
        said = f"{type(error).__name__} while it was carried"
    if waiting:
        tell(next(iter(waiting.values())), Result(delivered=False, said=said))
        outbox.release(home, holder=holder)
    became += settled
    return bool(settled["delivered"] + settled["refused"])
