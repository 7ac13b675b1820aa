from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.lib.credentials import AccessToken

import router
from router.testing import StandIn

ASK: Any = {"model": "auto", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}
PROFILE = {"authentication": {"type": "user_oauth"}, "organization_id": "org_1"}
FEDERATED = {
    "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_1",
    "ANTHROPIC_ORGANIZATION_ID": "org_1",
    "ANTHROPIC_IDENTITY_TOKEN": "a.b.c",
}
FOUND = [
    {},
    {"ANTHROPIC_API_KEY": "key"},
    {"ANTHROPIC_AUTH_TOKEN": "token"},
    {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_AUTH_TOKEN": "token"},
    {"ANTHROPIC_PROFILE": "work"},
    {"ANTHROPIC_CONFIG_DIR": "here"},
    FEDERATED,
    {**FEDERATED, "ANTHROPIC_CONFIG_DIR": "here"},
]


@pytest.fixture(autouse=True)
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with two profiles, found only where the environment says so; an empty home otherwise."""
    configs = tmp_path / "anthropic" / "configs"
    configs.mkdir(parents=True)
    for name in ("default", "work"):
        (configs / f"{name}.json").write_text(json.dumps(PROFILE))
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    return configs.parent


@pytest.mark.parametrize("environment", FOUND, ids=lambda found: "+".join(found) or "nothing")
@pytest.mark.parametrize("name", ["Anthropic", "AsyncAnthropic"])
def test_credentials_are_discovered_as_with_the_sdk(
    monkeypatch: pytest.MonkeyPatch, profiles: Path, name: str, environment: dict[str, str]
) -> None:
    """Key, token, profile and workload identity are found in the SDK's order, and copies share what was found."""
    for key, value in environment.items():
        monkeypatch.setenv(key, str(profiles) if value == "here" else value)
    if "ANTHROPIC_PROFILE" in environment:
        monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(profiles))
    ours, theirs = getattr(router, name)(), getattr(anthropic, name)()

    def found(client: Any) -> object:
        return client.api_key, client.auth_token, type(client.credentials), client.auth_headers, str(client.base_url)

    assert found(ours) == found(theirs)
    for client in (ours, theirs):
        copy = client.with_options(timeout=3)
        assert found(copy) == found(client)
        assert copy._token_cache is client._token_cache


@pytest.mark.parametrize(
    "given",
    [
        {"api_key": "key"},
        {"auth_token": "token"},
        {"credentials": lambda **_: AccessToken("minted", None)},
        {"config": {**PROFILE, "workspace_id": "wrkspc_1"}},
        {"api_key": "key", "auth_token": "token"},
        {"profile": "nobody"},
    ],
    ids="+".join,
)
def test_credentials_given_are_sent_as_with_the_sdk(api: StandIn, given: dict[str, Any]) -> None:
    """What is given goes on the wire, or is refused, as the SDK does it."""

    def sent(package: Any) -> object:
        seen: list[object] = []

        def look(request: httpx2.Request) -> None:
            seen.append({name: request.headers.get(name) for name in ("authorization", "x-api-key", "anthropic-beta")})

        transport = httpx2.Client(transport=api, event_hooks={"request": [look]})
        try:
            package.Anthropic(http_client=transport, **given).messages.create(**{**ASK, "model": "claude-opus-5-5"})
        except Exception as error:  # noqa: BLE001  # the outcome is what is compared
            return type(error), str(error)
        return seen

    assert sent(router) == sent(anthropic)
