from __future__ import annotations

import importlib
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = [path for package in ("router", "analytics", "dashboard") for path in sorted((ROOT / package).rglob("*.py"))]


@cache
def modules_after(statement: str) -> set[str]:
    """What is loaded then, by its whole name."""
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  # our own text
    return set(json.loads(run.stdout))


def packages_after(statement: str) -> set[str]:
    return {name.partition(".")[0] for name in modules_after(statement)}


def test_the_router_brings_no_module_that_the_sdk_does_not_bring() -> None:
    """`import router` adds nothing to `import anthropic` but itself and the standard library."""
    added = packages_after("import router") - packages_after("import anthropic")

    assert {name for name in added if name not in sys.stdlib_module_names} == {"router"}


def test_the_router_leaves_the_stand_in_alone() -> None:
    """`import router` does not load `router.testing`."""
    assert "router.testing" not in modules_after("import router")


def test_importing_the_router_opens_no_file() -> None:
    """Import does nothing: no spool, no policy, no thread."""
    program = (
        "import anthropic, sys, threading\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: event == 'open' and opened.append(str(args[0])))\n"
        "import router\n"
        "print([name for name in opened if not name.endswith(('.py', '.pyc')) and '.pyc.' not in name])\n"
        "print(threading.active_count())"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  # our own text

    assert run.stdout.splitlines() == ["[]", "1"]


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    """`tollgate --help` imports neither DuckDB nor Streamlit nor Plotly."""
    assert not packages_after("import analytics.cli") & {"duckdb", "streamlit", "plotly", "pandas", "rich", "router"}


@pytest.mark.parametrize("package", ["router", "router.testing"])
def test_public_names_are_listed_sorted_and_there(package: str) -> None:
    """`__all__` is the promise: in order, and each name exists."""
    module = importlib.import_module(package)

    assert sorted(module.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name)) == module.__all__
    assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_outgrows_one_idea(path: Path) -> None:
    """A file of more than 350 lines is two ideas."""
    assert len(path.read_text("utf-8").splitlines()) <= 350


def test_sql_stands_in_files() -> None:
    """No module of Python holds a SELECT."""
    assert [path.name for path in OURS if "SELECT " in path.read_text("utf-8")] == []


@pytest.mark.parametrize(
    ("library", "home"),
    [
        ("apscheduler", "schedule.py"),
        ("apprise", "channels.py"),
        ("matplotlib", "plot.py"),
        ("clickhouse_connect", "store.py"),
    ],
)
def test_a_library_has_one_door(library: str, home: str) -> None:
    """What can be exchanged is known to one module."""
    assert [path.name for path in OURS if f" {library}" in path.read_text("utf-8")] == [home]
