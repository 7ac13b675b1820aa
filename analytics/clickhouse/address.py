"""Address: where a shared ledger is, as people write it; and what may be shown of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from ..exceptions import SettingsError

SCHEMES = ("clickhouse", "chdb")
_PORTS = {True: 8443, False: 8123}
_EXPECTED = "clickhouse://USER:PASSWORD@HOST:8443/DATABASE"


@dataclass(frozen=True, slots=True)
class Address:
    """A database of a ClickHouse server, or for tests the folder of one in this process. The text has no password."""

    host: str
    """Empty: in this process."""
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    secure: bool
    """TLS; without it only to this machine, unless `?secure=false` says so."""
    folder: str = ""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Of `clickhouse://user:password@host:port/database`, or `chdb:///folder?database=x`. Raises SettingsError."""
        parts = urlsplit(text)
        if parts.scheme == "chdb":
            database = parse_qs(parts.query).get("database", ["default"])[-1]
            return cls("", 0, database, "", "", secure=False, folder=parts.path)
        if parts.scheme != "clickhouse" or not parts.hostname:
            raise SettingsError(f"ledger: found {_shown(parts)!r}, expected {_EXPECTED} or the path of a DuckDB file")
        try:
            given = parts.port
        except ValueError as error:
            raise SettingsError(f"ledger: found the port in {_shown(parts)!r}, expected a number") from error
        wanted = parse_qs(parts.query).get("secure", ["false" if _is_here(parts.hostname) else "true"])[-1]
        if wanted not in ("true", "false"):
            raise SettingsError(f"ledger: found secure={wanted}, expected true or false")
        return cls(
            host=parts.hostname,
            port=given or _PORTS[wanted == "true"],
            database=parts.path.strip("/") or "tollgate",
            user=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            secure=wanted == "true",
        )

    def __str__(self) -> str:
        """What may be shown."""
        place = f"{self.user}@{self.host}:{self.port}/{self.database}"
        return f"chdb://{self.folder}?database={self.database}" if self.folder else f"clickhouse://{place}"


def is_address(text: str) -> bool:
    """Whether it names a shared ledger, and not a file."""
    return text.partition("://")[0] in SCHEMES


def _is_here(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")


def _shown(parts: SplitResult) -> str:
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
