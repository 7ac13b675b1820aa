"""A home for demo data only, and the processes that play in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random

import pytest

from analytics.demo.corpus import load
from analytics.demo.plan import first_moment, plan
from analytics.demo.stage import MARKER, claim, play
from analytics.exceptions import SettingsError
from analytics.ingest import ingest
from analytics.ledger import Ledger
from analytics.prices import PriceTable
from analytics.reports import Health, health
from router.spool import segments

UNTIL = date(2026, 11, 21)


def played(home: Path, *, seed: int) -> Health:
    """A small month in the ledger; checks that nothing was lost on the way."""
    scenarios = Random(seed).sample(load(), 40)  # noqa: S311  # not a secret
    errands = plan(scenarios, until=UNTIL, seed=seed, once=True)
    finished: list[int] = []
    claim(home)

    done = play(errands, home=home, start=first_moment(UNTIL), processes=2, seed=seed, progress=finished.append)

    written = sum(len(segment.read(0).splitlines()) for segment in segments(home))
    report = ingest(Ledger(home), PriceTable.load())
    assert done.attempts == report.added >= 40
    assert written == report.added + report.revised  # a stream's record is written twice
    assert finished[-1] == len(errands)
    return health(Ledger(home))


def test_every_attempt_ends_in_the_ledger(tmp_path: Path) -> None:
    """The ledger has as many attempts as the stand-ins answered, all priced, dated in the month, labelled as a demo."""
    found = played(tmp_path / "demo", seed=3)

    assert found.demo
    assert found.unpriced == ()
    assert found.rejected_lines == found.lost_records == 0
    assert found.first_at is not None
    assert found.last_at is not None
    assert first_moment(UNTIL) <= found.first_at <= found.last_at
    assert found.last_at.date() < UNTIL


def test_a_new_or_empty_home_is_claimed(tmp_path: Path) -> None:
    """A folder that is missing or empty becomes a demo home that carries its label."""
    (tmp_path / "empty").mkdir()
    for home in (tmp_path / "deep" / "demo", tmp_path / "empty"):
        claim(home)

        assert (home / MARKER).read_text(encoding="utf-8").startswith("Demo data")


def test_an_old_demo_is_replaced(tmp_path: Path) -> None:
    """A home that carries the label is emptied, and keeps the label."""
    claim(tmp_path)
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "1.ndjson").write_text("{}\n", encoding="utf-8")

    claim(tmp_path)

    assert [entry.name for entry in tmp_path.iterdir()] == [MARKER]


@pytest.mark.parametrize("name", ["spool/1.ndjson", "ledger.duckdb", "diary.txt"])
def test_a_real_home_is_left_alone(tmp_path: Path, name: str) -> None:
    """A home with files and without the label is refused in one sentence, and nothing in it changes."""
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("precious", encoding="utf-8")
    if name == "ledger.duckdb":
        (tmp_path / "notes.txt").touch()

    with pytest.raises(SettingsError, match="found files but no DEMO file"):
        claim(tmp_path)

    assert file.read_text(encoding="utf-8") == "precious"
    assert not (tmp_path / MARKER).exists()


def test_a_look_at_no_demo_yet_is_no_real_home(tmp_path: Path) -> None:
    """The empty ledger that is made by asking for a report before the first demo does not stand in its way."""
    assert health(Ledger(tmp_path)).attempts == 0

    claim(tmp_path)

    assert [entry.name for entry in tmp_path.iterdir()] == [MARKER]


def test_a_link_out_of_the_home_is_not_followed(tmp_path: Path) -> None:
    """Emptying a demo home removes a link in it, not what the link points to."""
    outside, home = tmp_path / "outside", tmp_path / "home"
    outside.mkdir()
    (outside / "precious").touch()
    claim(home)
    (home / "spool").symlink_to(outside)

    claim(home)

    assert (outside / "precious").exists()


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """A home that cannot be a folder is an error that names it."""
    (tmp_path / "demo").touch()

    with pytest.raises(SettingsError, match=r"demo: .* expected a folder"):
        claim(tmp_path / "demo")
