from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.dashboard_file import DashboardFile
from analytics.exceptions import NotAdmitted, SettingsError

WRITTEN = """\
allow: [Example.com, bob@other.org]
viewers:
  - {email: Ana@example.com, everything: true}
  - {domain: example.com, tags: {team: [search, support], stage: production}}
"""
SEARCH = {"tag:team": ("search", "support"), "tag:stage": ("production",)}


def given_file(home: Path, text: str) -> DashboardFile:
    home.mkdir(exist_ok=True)
    (home / "dashboard.yaml").write_text(text, encoding="utf-8")
    return DashboardFile.of(home)


def verified(email: str) -> dict[str, object]:
    return {"email": email, "email_verified": True}


def test_who_sees_what(home: Path) -> None:
    """The entry of an address counts before that of its domain, whatever the case of either."""
    file = given_file(home, WRITTEN)
    assert file.admit(verified("ANA@example.com")) == {}
    assert file.admit(verified("eve@EXAMPLE.com")) == SEARCH
    with pytest.raises(NotAdmitted, match="may see nothing yet"):
        file.admit(verified("bob@other.org"))


def test_without_viewers_all_who_are_let_in_see_all(home: Path) -> None:
    """A file that only says who is let in narrows nobody."""
    assert given_file(home, "allow: [example.com]").admit(verified("eve@example.com")) == {}


@pytest.mark.parametrize(
    "email",
    [
        "eve@evil.com",
        "eve@mail.example.com",
        "eve@example.com.evil.com",
        "eve@notexample.com",
        "alice@other.org",
        "eve@evil.com@example.com",
        "bob@other.org\n",
        '"eve@evil.com "@example.com',
        "example.com",
        "@example.com",
        "",
        None,
        ["eve@example.com"],
    ],
)
def test_others_are_not_let_in(home: Path, email: object) -> None:
    """Only whole addresses and whole domains count."""
    with pytest.raises(NotAdmitted):
        given_file(home, "allow: [example.com, bob@other.org]").admit({"email": email, "email_verified": True})


def test_an_address_has_to_be_verified(home: Path) -> None:
    """What the provider does not vouch for is no address, unless the file trusts those of which it says nothing."""
    file = given_file(home, "allow: [example.com]")
    trusting = DashboardFile(allow=file.allow, trust_unverified=True)
    assert trusting.admit({"email": "eve@example.com"}) == file.admit(
        {"email": "eve@example.com", "email_verified": "true"}
    )
    for claims in ({}, {"email_verified": False}, {"email_verified": "false"}, {"email_verified": 1}):
        for one in (file, trusting) if claims else (file,):
            with pytest.raises(NotAdmitted, match="verified"):
                one.admit({"email": "eve@example.com"} | claims)


@given(
    claims=st.dictionaries(st.sampled_from(["email", "email_verified", "sub"]), st.text() | st.booleans() | st.none())
)
def test_nobody_is_let_in_without_a_file(claims: dict[str, object]) -> None:
    """Whatever a provider says, without a file that lets somebody in nobody is."""
    with pytest.raises(NotAdmitted):
        DashboardFile().admit(claims)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("allow: example.com", "line 1: allow: found .*, expected a list"),
        ("allow: [example]", 'allow.0.: found "example", expected a domain or an e-mail address'),
        ("alow: [example.com]", "alow: found an unknown key, expected allow"),
        ("allow: [a.com]\nviewers: [{tags: {team: x}}]", "neither or both of email and domain"),
        ("allow: [a.com]\nviewers: [{domain: a.com}]", "neither or both of tags and everything"),
        ("allow: [a.com]\nviewers: [{domain: a.com, everything: true, tags: {team: x}}]", "tags, or everything: true"),
        ("allow: [a.com]\nviewers: [{domain: b.com, everything: true}]", "an address or domain that allow lets in"),
        ('allow: [a.com]\nviewers: [{domain: a.com, tags: {team: "*"}}]', "values, or no such tag"),
        (
            "allow: [a.com]\nviewers:\n - {domain: a.com, everything: true}\n - {domain: A.com, tags: {team: x}}",
            "line 4: .*each address and domain once",
        ),
    ],
)
def test_mistakes_are_sentences(home: Path, text: str, said: str) -> None:
    """Each mistake in the file is told with its place, and what was expected."""
    with pytest.raises(SettingsError, match=said):
        given_file(home, text)


def test_another_file_may_be_chosen(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TOLLGATE_DASHBOARD names the file, which then has to be there; without any there are the usual settings."""
    assert DashboardFile.of(home) == DashboardFile()
    other = tmp_path / "other.yaml"
    monkeypatch.setenv("TOLLGATE_DASHBOARD", str(other))
    with pytest.raises(SettingsError, match="cannot be read"):
        DashboardFile.of(home)
    other.write_text("# nothing yet\ndemo: false", encoding="utf-8")
    assert DashboardFile.of(home) == DashboardFile(demo=False)
