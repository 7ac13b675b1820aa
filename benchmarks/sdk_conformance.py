"""The SDK's own tests, with the SDK alone and with the router's classes in its place.

    make sdk-conformance

Downloads the source distribution of the installed SDK, builds an environment for its tests in a temporary folder, and
runs the offline ones (all but tests/api_resources) twice. Prints what passed, and why what fails with the router alone
does. A test that names a model and expects it to be sent asserts the opposite of routing, and must pass where named
models are kept.
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
PRIVATE = "asserts on the private client._middleware"
NAMED = "asserts that the model named is sent; passes with Policy(explicit='keep')"


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


def run(source: Path, python: Path, *options: str, keep: bool = False) -> str:
    """What pytest says; `keep`: with a policy that sends the model named."""
    paths = f"{ROOT}:{Path(__file__).parent}"
    environment = {"PYTHONPATH": paths, "PATH": "/usr/bin:/bin"} | ({"SWAP_SDK_KEEP": "1"} if keep else {})
    command = [python, "-m", "pytest", "-q", *options]
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    return done.stdout


def failing(source: Path, python: Path, *options: str) -> set[str]:
    """Run the offline tests; prints the summary, returns what failed."""
    said = run(source, python, "tests", "--ignore", "tests/api_resources", "-n", "2", *options)
    print(said.strip().splitlines()[-1])
    return set(re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", said, re.MULTILINE))


def why(source: Path, python: Path, test: str) -> str:
    """Why a test fails with the router in the SDK's place."""
    asserted = re.findall(r"^ +(assert .*)", run(source, python, "-p", "swap_sdk", "--tb", "short", test), re.MULTILINE)
    for line in asserted:
        if "._middleware" in line:
            return f"{PRIVATE}: {line}"
    if " passed" in run(source, python, "-p", "swap_sdk", test, keep=True):
        return f"{NAMED}: {asserted}"
    return "UNEXPLAINED"


def main() -> None:
    """Compare."""
    sdk = version("anthropic")
    with tempfile.TemporaryDirectory() as folder:
        print(f"anthropic {sdk}: its tests with the SDK alone ...", flush=True)
        source, python = fetch(Path(folder), sdk)
        alone = failing(source, python)
        print("... and with the router in its place", flush=True)
        ours = failing(source, python, "-p", "swap_sdk")
        print(f"\nfail with the router and not with the SDK alone: {len(ours - alone)}", flush=True)
        reasons = {test: why(source, python, test) for test in sorted(ours - alone)}
    for test, reason in reasons.items():
        print(f"  {test}\n    {reason}")
    for kind in (PRIVATE, NAMED, "UNEXPLAINED"):
        print(f"{kind}: {sum(reason.startswith(kind) for reason in reasons.values())}")
    sys.exit("UNEXPLAINED" in reasons.values())


if __name__ == "__main__":
    main()
