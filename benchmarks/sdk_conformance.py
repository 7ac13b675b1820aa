"""The SDK's own tests, with the SDK alone and with the router's classes in its place.

    make sdk-conformance

Downloads the source distribution of the installed SDK, builds an environment for its tests in a temporary folder, and
runs the offline ones (all but tests/api_resources) twice. Prints what passed, and what fails with the router alone.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
import venv
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEST_PACKAGES = [
    "dirty-equals", "griffe", "http-snapshot[httpx]==0.1.9", "hypothesis", "importlib-metadata", "inline-snapshot",
    "opentelemetry-sdk", "packaging", "pytest", "pytest-asyncio", "pytest-xdist", "respx", "rich", "time-machine",
]  # fmt: skip
"""What the SDK's pyproject.toml names for its tests."""


def pip(python: Path, *arguments: str) -> None:
    """Run pip, quietly."""
    subprocess.run([python, "-m", "pip", *arguments, "--quiet"], check=True)  # noqa: S603  # our own words


def fetch(folder: Path, sdk: str) -> tuple[Path, Path]:
    """The unpacked source distribution, and the python of an environment for its tests."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    pip(python, "install", f"anthropic[aiohttp,aws,bedrock,mcp,vertex]=={sdk}", *TEST_PACKAGES)
    pip(python, "download", f"anthropic=={sdk}", "--no-binary", "anthropic", "--no-deps", "--dest", str(folder))
    (archive,) = folder.glob("anthropic-*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    source = folder / f"anthropic-{sdk}"
    (source / "src").rename(source / "src.hidden")  # the tests are to import what is installed
    return source, python


def run(source: Path, python: Path, *options: str) -> set[str]:
    """Run the offline tests; prints the summary, returns what failed."""
    command = [python, "-m", "pytest", "tests", "--ignore", "tests/api_resources", "-q", "-n", "2", *options]
    paths = f"{ROOT}:{Path(__file__).parent}"
    done = subprocess.run(  # noqa: S603  # our own words
        command,
        cwd=source,
        env={"PYTHONPATH": paths, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout.strip().splitlines()[-1])
    return set(re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE))


def main() -> None:
    """Compare."""
    sdk = version("anthropic")
    with tempfile.TemporaryDirectory() as folder:
        print(f"anthropic {sdk}: its tests with the SDK alone ...", flush=True)
        source, python = fetch(Path(folder), sdk)
        alone = run(source, python)
        print("... and with the router in its place", flush=True)
        ours = run(source, python, "-p", "swap_sdk")
    expected = {test for test in ours - alone if "test_middleware" in test}
    print(f"\nfail with the router and not with the SDK alone: {len(ours - alone)}")
    for test in sorted(ours - alone):
        print(f"  {test}")
    print(
        f"of these in test_middleware.py, which asserts on the private client._middleware "
        f"and on the model that a request names: {len(expected)}"
    )
    sys.exit(len(ours - alone - expected) > 0)


if __name__ == "__main__":
    main()
