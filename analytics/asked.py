"""Asked: a call that somebody wants priced, out of JSON that anybody wrote. What is wrong with it is one sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast, get_args

from .price_file import Platform

KEYS = (
    "model",
    "at",
    "platform",
    "usage",
    "stop_reason",
    "stop_category",
    "stop_details",
    "content_empty",
    "endpoint",
    "contract",
    "batch_result_type",
    "deployment_type",
    "id",
)
_PLATFORMS: tuple[str, ...] = get_args(Platform)
_BATCH_RESULTS = ("succeeded", "errored", "canceled", "expired")
_FOUNDRY_GLOBAL = {"global", "global_standard"}
_FOUNDRY_US = {
    "us_data_zone",
    "us_data_zone_standard",
    "data_zone_standard_us",
    "data_zone_us",
    "data_zone",
    "data_zone_standard",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One call, as the ledger would know it."""

    model: str
    at: datetime
    """Aware."""
    usage: str | None
    """JSON text; None: there was none."""
    platform: str = "anthropic"
    endpoint: str = "/v1/messages"
    stop_reason: str | None = None
    stop_category: str | None = None
    content_empty: bool | None = None
    batch_result_type: str | None = None

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Asked:
        """Check the fields of a call. Raises ValueError with the key, what was found and what was expected."""
        platform = _word(written, "platform") or "anthropic"
        if platform not in _PLATFORMS:
            raise ValueError(f"platform: found {_shown(platform)}, expected one of {', '.join(_PLATFORMS)}")
        model, outcome = _word(written, "model"), _word(written, "batch_result_type")
        if not model:
            raise ValueError(f"model: found {_shown(written.get('model'))}, expected the id of a model")
        if outcome not in (None, *_BATCH_RESULTS):
            raise ValueError(f"batch_result_type: found {_shown(outcome)}, expected one of {', '.join(_BATCH_RESULTS)}")
        empty = written.get("content_empty")
        if empty not in (None, True, False) or (isinstance(empty, int | float) and not isinstance(empty, bool)):
            raise ValueError(f"content_empty: found {_shown(empty)}, expected true or false")
        endpoint, details = _word(written, "endpoint"), cast("object", written.get("stop_details"))
        if endpoint and "/batches" in endpoint:
            outcome = outcome or "succeeded"
        return cls(
            model=model,
            at=_moment(written.get("at")),
            usage=_json(written.get("usage")),
            platform=platform,
            endpoint=_place(platform, endpoint, _word(written, "deployment_type")),
            stop_reason=_word(written, "stop_reason"),
            stop_category=_word(
                cast("dict[str, Any]", details) if isinstance(details, dict) else written,
                "category" if isinstance(details, dict) else "stop_category",
            ),
            content_empty=empty,
            batch_result_type=outcome,
        )


def _word(written: Mapping[str, Any], key: str) -> str | None:
    value = written.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{key}: found {_shown(value)}, expected a string")
    return value


def _moment(value: object) -> datetime:
    """A day or a time in ISO 8601; without an offset it is UTC."""
    try:
        moment = (
            value if isinstance(value, datetime) else datetime.fromisoformat(value if isinstance(value, str) else "")
        )
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        expected = "a day or a time such as 2026-11-21 or 2026-11-21T09:30:00Z"
        raise ValueError(f"at: found {_shown(value)}, expected {expected}") from None


def _json(usage: object) -> str | None:
    if usage is None:
        return None
    try:
        return json.dumps(usage, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace").decode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"usage: found what JSON cannot hold ({error}), expected an object") from error


def _place(platform: str, endpoint: str | None, deployment_type: str | None) -> str:
    """The endpoint as the ledger has it: a path for Vertex, the scope for Bedrock and Foundry (see lines.sql)."""
    endpoint = endpoint or None
    said = endpoint or deployment_type
    if platform == "vertex":
        return _google(said)
    if platform == "bedrock":
        return _amazon(said)
    if platform == "foundry":
        return _microsoft(endpoint, deployment_type)
    return endpoint or "/v1/messages"


def _google(endpoint: str | None) -> str:
    """A region, or a word, or a URL; without a path the host says where."""
    if endpoint is None or endpoint.startswith("/") or "/locations/" in endpoint:
        return f"{endpoint or '/v1/messages'}/" if endpoint is None or "/locations/" in endpoint else endpoint
    host = re.sub(r"^https?://|/.*", "", endpoint).lower()
    region = re.sub(r"(^|-)aiplatform(\.(?P<zone>\w+)\.rep)?\.googleapis\.com$", r"\g<zone>", host)
    return f"/locations/{region or 'global'}/"


def _amazon(endpoint: str | None) -> str:
    if endpoint is not None and "us-gov-" in endpoint:
        return "us-gov"
    return "global" if endpoint is not None and _snake(endpoint) in {"global", "global_standard"} else "regional"


def _microsoft(endpoint: str | None, deployment_type: str | None) -> str:
    """The kind of deployment, however Azure's tools spell it: GlobalStandard, Data Zone Standard, us_data_zone."""
    if deployment_type is None and (endpoint is None or "/" in endpoint):
        return endpoint or "/v1/messages"
    kind = _snake(deployment_type or endpoint or "")
    if kind in _FOUNDRY_GLOBAL:
        return "global"
    return "us_data_zone" if kind in _FOUNDRY_US else kind or "unknown"


def _snake(words: str) -> str:
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", words.strip())
    return (
        re.sub(r"[^a-z0-9]+", "_", parted.lower())
        .replace("datazone", "data_zone")
        .replace("globalstandard", "global_standard")
    )


def _shown(value: object) -> str:
    return "nothing" if value is None else f'"{value[:60]}"' if isinstance(value, str) else str(value)[:60]
