from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("missing", ["click", "duckdb"])
def test_a_bare_install_says_what_to_install(missing: str) -> None:
    """Without the packages of the extra, `tollgate` is one sentence and no traceback."""
    program = (
        "import sys\n"
        f"sys.modules[{missing!r}] = None\n"  # as if it were not there
        "sys.argv = ['tollgate', 'report']\n"
        "from analytics.start import main\n"
        "main()"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603  # our own text

    assert run.returncode == 1
    assert run.stderr.strip() == (
        f"tollgate: {missing} is not installed, and the command line needs it: pip install 'tollgate[all]'"
    )
