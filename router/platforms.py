"""Platforms: where a call went, and how each platform spells a model's id.

`AnthropicGoogleCloud` is no platform of its own: it is the Claude API behind a gateway of Google's, with the Claude
API's ids, features and prices (anthropic/lib/google_cloud/README.md), so it is `anthropic`, unlike Vertex.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import httpx2

from . import call as calls

if TYPE_CHECKING:
    from anthropic import APIRequest

Platform = Literal["anthropic", "claude_platform_aws", "bedrock", "vertex", "foundry"]
Elsewhere = Literal["bedrock", "vertex", "foundry"]
"""The platforms that have ids of their own; on the others the Claude API's hold."""

_OF_CLIENT: dict[str, Platform] = {
    "AnthropicAWS": "claude_platform_aws",
    "AnthropicBedrock": "bedrock",
    "AnthropicBedrockMantle": "bedrock",
    "AnthropicFoundry": "foundry",
    "AnthropicGoogleCloud": "anthropic",
    "AnthropicVertex": "vertex",
    "Anthropic": "anthropic",
}

_BEDROCK_HOST = re.compile(r"\bbedrock-(?:runtime|mantle)(?:-fips)?\.(?P<region>[a-z0-9-]+)\.")
_AWS_HOST = re.compile(r"\baws-external-anthropic\.(?P<region>[a-z0-9-]+)\.")
_LOCATION = re.compile(r"/locations/(?P<region>[^/]+)/")
_BEDROCK_ID = re.compile(r"(?P<profile>[a-z-]+\.)?anthropic\.")


class Place(NamedTuple):
    """Where an attempt went."""

    platform: str
    region: str | None
    """As the platform's endpoint names it; None where no answer tells, or there is no such thing."""
    endpoint: str
    """The path of the Claude API, after the location where there is one: rating reads the scope from it. On Bedrock in
    a GovCloud region it is the scope itself, because an id does not always tell."""


def platform_of(client: type[object]) -> Platform | None:
    """The platform of a client class of the SDK, or of one derived from it; None if it is none."""
    names = (base.__name__.removeprefix("Async") for base in client.__mro__ if base.__module__.startswith("anthropic"))
    return next((_OF_CLIENT[name] for name in names if name in _OF_CLIENT), None)


def platform_of_id(model: str) -> Platform | None:
    """The platform that alone spells an id like this; None if several do."""
    if model.startswith("arn:") or _BEDROCK_ID.match(model):
        return "bedrock"
    return "vertex" if "@" in model else None


def within_region(model: str) -> str:
    """A Bedrock id without the inference profile before it; any other id as it is."""
    found = _BEDROCK_ID.match(model)
    return model[found.end("profile") :] if found and found["profile"] else model


def with_profile_of(like: str, model: str) -> str:
    """A Bedrock id with the inference profile of another, or with none where that has none; an ARN as it is."""
    found = _BEDROCK_ID.match(like)
    if found is None or not _BEDROCK_ID.match(model):
        return model
    return (found["profile"] or "") + within_region(model)


def place_of(request: APIRequest, answer: httpx2.Response | None, *, platform: str | None) -> Place:
    """Where an attempt went, from the URL that answered. `platform`: what the client knows; None finds it out.

    Projects, workspaces, accounts and deployments are in URLs too, and are left out.
    """
    path = calls.path_of(request)
    url = _url_of(answer)
    found = platform or _platform(request, url)
    if url is None:
        return Place(found, None, path)
    if found in ("bedrock", "claude_platform_aws"):
        host = (_AWS_HOST if found == "claude_platform_aws" else _BEDROCK_HOST).search(url.host)
        region = host and host["region"]
        in_govcloud = found == "bedrock" and region is not None and region.startswith("us-gov-")
        return Place(found, region, "us-gov" if in_govcloud else path)
    located = None if found == "foundry" else _LOCATION.search(url.path)
    return Place(found, located["region"], located[0][:-1] + path) if located else Place(found, None, path)


def _url_of(answer: httpx2.Response | None) -> httpx2.URL | None:
    try:
        return None if answer is None else answer.request.url
    except RuntimeError:  # a response that other middleware made up has no request
        return None


def _platform(request: APIRequest, url: httpx2.URL | None) -> Platform:
    """What a URL or a model id tells; the Claude API where they tell nothing."""
    if url is not None:
        host, path = url.host, url.path
        if "/publishers/anthropic/" in path:
            return "vertex"
        if _AWS_HOST.search(host):
            return "claude_platform_aws"
        if _BEDROCK_HOST.search(host):
            return "bedrock"
        if host.endswith(".services.ai.azure.com"):
            return "foundry"
    model = calls.body_of(request).get("model")
    return (platform_of_id(model) if isinstance(model, str) else None) or "anthropic"
