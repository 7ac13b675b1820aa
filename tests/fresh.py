"""Processes that have done nothing yet, forked from one that has imported everything: anew, that takes two seconds.

Whoever tests what an interpreter does at its start or at its end starts one of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from subprocess import CompletedProcess

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(
    ["analytics.service.serve", "analytics.commands", "analytics.demo.worker", "pytest", "hypothesis.strategies"]
)


class Program:
    """A text that runs as `python -c TEXT ARGUMENTS` would, with an environment or ours."""

    def __init__(self, text: str, *arguments: object, env: Mapping[str, str] | None = None) -> None:
        self._arguments = [str(argument) for argument in arguments]
        self._said, said = context.Pipe(duplex=False)
        self._complaints, complaints = context.Pipe(duplex=False)
        environment = dict(os.environ if env is None else env)
        self._process = context.Process(target=_become, args=(text, self._arguments, environment, said, complaints))
        self._process.start()
        said.close()
        complaints.close()

    def end(self) -> CompletedProcess[str]:
        """Wait for its end; what it said."""
        stdout, stderr = _read(self._said), _read(self._complaints)
        self._process.join()
        assert self._process.exitcode is not None
        return CompletedProcess(self._arguments, self._process.exitcode, stdout, stderr)


def run(text: str, *arguments: object, env: Mapping[str, str] | None = None) -> CompletedProcess[str]:
    """A program from its beginning to its end."""
    return Program(text, *arguments, env=env).end()


def _read(pipe: Connection) -> str:
    with pipe, open(pipe.fileno(), encoding="utf-8", closefd=False) as text:
        return text.read()


def _become(
    text: str, arguments: list[str], environment: dict[str, str], said: Connection, complaints: Connection
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(said.fileno(), 1)
    os.dup2(complaints.fileno(), 2)
    said.close()
    complaints.close()
    sys.stdout, sys.stderr = open(1, "w", buffering=1), open(2, "w", buffering=1)  # noqa: SIM115
    sys.argv = ["-c", *arguments]
    exec(compile(text, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102  # our own text
