"""What was supposed, in the address of the page, so that it can be sent:
`?move=chat:claude-haiku-5-5&batch=50&ttl=1h&price=claude-haiku-5-5:input:0.2&prices_of=2026-11-01`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Literal, cast

from analytics.exceptions import SettingsError
from analytics.what_if import Supposed

Keyed = Literal["task_type", "model"]
Ttl = Literal["5m", "1h"]
KEYED: tuple[Keyed, ...] = ("task_type", "model")
TTLS: tuple[Ttl, ...] = ("5m", "1h")
NAMES = ("per", "move", "batch", "ttl", "price", "prices_of")
"""Of the parameters."""
_HUNDRED = Decimal(100)


def write(supposed: Supposed) -> dict[str, list[str]]:
    """As parameters; what changes nothing is left out."""
    found = {
        "per": ["model"] if supposed.keyed == "model" else [],
        "move": [f"{key}:{model}" for key, model in supposed.models.items()],
        "batch": [f"{(supposed.batch_share * _HUNDRED).normalize():f}"] if supposed.batch_share else [],
        "ttl": [supposed.ttl] if supposed.ttl else [],
        "price": [f"{name}:{bucket}:{usd:f}" for name, row in supposed.prices.items() for bucket, usd in row.items()],
        "prices_of": [supposed.at.date().isoformat()] if supposed.at else [],
    }
    return {name: values for name, values in found.items() if values}


def read(address: Mapping[str, Sequence[str]]) -> Supposed:
    """From parameters. Raises SettingsError for what `write` would not have written."""
    prices: dict[str, dict[str, Decimal]] = {}
    for text in address.get("price", ()):
        model, bucket, usd = _parts(text, 3, "price", "model:bucket:dollars")
        prices.setdefault(model, {})[bucket] = _number(usd, "price")
    moves = [_parts(text, 2, "move", "what moves:model") for text in address.get("move", ())]
    day = _one(address, "prices_of")
    share = _one(address, "batch")
    return Supposed(
        keyed=cast("Keyed", _among(_one(address, "per") or "task_type", KEYED, "per")),
        models={key: model for key, model in moves},  # noqa: C416  # dict() wants tuples
        batch_share=_number(share, "batch") / _HUNDRED if share else Decimal(0),
        ttl=cast("Ttl | None", _among(_one(address, "ttl"), (*TTLS, None), "ttl")),
        prices=prices,
        at=datetime.combine(_day(day), time(), UTC) if day else None,
    )


def _one(address: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = address.get(name, ())
    return values[-1] if values else None


def _parts(text: str, count: int, name: str, expected: str) -> list[str]:
    """Split from the right: models and buckets have no colon, what people call their tasks may."""
    parts = text.rsplit(":", count - 1)
    if len(parts) != count or not all(parts):
        raise SettingsError(f"{name}: found {text!r}, expected {expected}")
    return parts


def _number(text: str, name: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > 12:
        raise SettingsError(f"{name}: found {text!r}, expected a number")
    return number


def _among(text: str | None, known: Sequence[str | None], name: str) -> str | None:
    if text not in known:
        raise SettingsError(f"{name}: found {text!r}, expected one of {', '.join(filter(None, known))}")
    return text


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"prices_of: found {text!r}, expected a day such as 2026-11-21") from None
