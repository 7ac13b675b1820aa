"""dashboard.yaml: who may look at the dashboard, and at which calls. Who somebody is, the log-in says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from .budget_file import EACH, Values
from .budgets import Scope
from .exceptions import NotAdmitted, SettingsError
from .grouping import TAG
from .price_file import Written
from .yaml_file import Problem, read

_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?", re.ASCII)
_ADDRESS = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_DOMAIN.pattern}", re.ASCII)
"""What a browser takes for an e-mail address: nothing that two programs could read in two ways."""


def _domain(value: object) -> str:
    if not isinstance(value, str) or not _DOMAIN.fullmatch(value.lower()):
        raise PydanticCustomError("domain", "a domain, such as example.com")
    return value.lower()


def _email(value: object) -> str:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value.lower()):
        raise PydanticCustomError("email", "an e-mail address, such as ana@example.com")
    return value.lower()


def _admitted(value: object) -> str:
    if not isinstance(value, str) or not (_DOMAIN.fullmatch(value.lower()) or _ADDRESS.fullmatch(value.lower())):
        raise PydanticCustomError("admitted", "a domain or an e-mail address, such as example.com or ana@example.com")
    return value.lower()


class ViewerEntry(Written):
    """What somebody may see, or all of a domain: everything, or the calls with these tags."""

    email: Annotated[str, BeforeValidator(_email)] | None = None
    domain: Annotated[str, BeforeValidator(_domain)] | None = None
    everything: bool = False
    tags: dict[str, Values] = Field(default_factory=dict[str, Values])

    @property
    def who(self) -> str:
        """The address or the domain."""
        return self.email or self.domain or ""


class DashboardYaml(Written):
    """dashboard.yaml, as written."""

    allow: list[Annotated[str, BeforeValidator(_admitted)]] = Field(default_factory=list[str])
    viewers: list[ViewerEntry] | None = None
    trust_unverified: bool = False
    demo: bool = True

    @model_validator(mode="before")
    @classmethod
    def _nothing_yet(cls, written: object) -> object:
        """A file of comments only says nothing, which is allowed."""
        return {} if written is None else written


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardFile:
    """A checked dashboard.yaml."""

    allow: tuple[str, ...] = ()
    """Domains and e-mail addresses, in lower case; nobody else is let in."""
    viewers: Mapping[str, Scope] | None = None
    """By address or domain what is seen; an empty scope is everything. None: whoever is let in sees everything."""
    trust_unverified: bool = False
    """Whether an address counts of which the provider does not say whether it is verified."""
    demo: bool = True
    """Whether demo data may be looked at beside one's own."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and check a file. Raises SettingsError with one line per mistake."""
        file, _ = read(path, DashboardYaml, check=_mistakes, error=SettingsError)
        return cls(
            allow=tuple(file.allow),
            viewers=None if file.viewers is None else {entry.who: _scope(entry) for entry in file.viewers},
            trust_unverified=file.trust_unverified,
            demo=file.demo,
        )

    @classmethod
    def of(cls, home: Path) -> Self:
        """The settings in use: of TOLLGATE_DASHBOARD, else `dashboard.yaml` of the home; without a file, the usual."""
        chosen = os.environ.get("TOLLGATE_DASHBOARD")
        path = Path(chosen).expanduser() if chosen else home / "dashboard.yaml"
        return cls.load(path) if chosen or path.exists() else cls()

    def admit(self, claims: Mapping[str, object]) -> Scope:
        """What somebody may see of whom the provider says this; an empty scope is everything. Raises NotAdmitted."""
        email = _given(claims)
        if not _verified(claims, trusted=self.trust_unverified):
            raise NotAdmitted(f"{email} is not let in: who logged you in does not say that this address is verified.")
        names = (email, email.rpartition("@")[2])
        if not {*names} & {*self.allow}:
            raise NotAdmitted(f"{email} is not let in: allow in dashboard.yaml names neither you nor your domain.")
        if self.viewers is None:
            return {}
        for name in names:
            if name in self.viewers:
                return self.viewers[name]
        raise NotAdmitted(f"{email} is let in, and may see nothing yet: viewers in dashboard.yaml does not name you.")


def _given(claims: Mapping[str, object]) -> str:
    email = claims.get("email")
    if not isinstance(email, str) or not _ADDRESS.fullmatch(email.lower()):
        raise NotAdmitted("You are not let in: who logged you in gave no e-mail address.")
    return email.lower()


def _verified(claims: Mapping[str, object], *, trusted: bool) -> bool:
    """As the standard has it, a boolean; some providers write it as text, and some leave it out."""
    said = claims.get("email_verified")
    return trusted if said is None else said is True or said == "true"


def _scope(entry: ViewerEntry) -> Scope:
    return {f"{TAG}{key}": tuple(values) for key, values in entry.tags.items()}


def _mistakes(file: DashboardYaml) -> Iterator[Problem]:
    """What the schema cannot say."""
    seen = set[str]()
    for place, entry in enumerate(file.viewers or ()):
        key = ("viewers", place)
        if (entry.email is None) == (entry.domain is None):
            yield Problem(key, "neither or both of email and domain", "one of them")
        elif entry.who in seen:
            yield Problem(key, f'"{entry.who}" again', "each address and domain once")
        elif not {entry.who, entry.who.rpartition("@")[2]} & {*file.allow}:
            yield Problem(key, f'"{entry.who}"', "an address or domain that allow lets in")
        seen.add(entry.who)
        if entry.everything == bool(entry.tags):
            yield Problem(key, "neither or both of tags and everything", "tags, or everything: true")
        for tag, values in entry.tags.items():
            if EACH in values:
                yield Problem((*key, "tags", tag), f'"{EACH}"', "values, or no such tag for every value")
