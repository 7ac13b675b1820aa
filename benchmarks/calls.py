"""100,000 mixed calls from several processes and threads: one record per attempt, not one more or less; memory flat.

    python benchmarks/calls.py [--calls 100000] [--processes 4]

Processes are forked from one whose client has already made calls, or spawned; half of them run threads, half of them
asyncio. Each has a stand-in of its own, which writes down every attempt that it met; the ledger is filled meanwhile and
compared at the end, attempt by attempt. Fails if they differ, or if a process grows by more than 10 MB once it is warm.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import anthropic
import httpx2

from router import Anthropic, AsyncAnthropic, Spool, tagged
from router.testing import MESSAGES, Cut, Failure, Overloaded, Pace, ServerError, StandIn, StreamError, Unreachable

HAIKU, OPUS = "claude-haiku-5-5", "claude-opus-5-5"
ITEMS = 3
THREADS = 4
REPORTS = 10
GROWTH_MB = 10
PACE = 1e-6
"""Seconds per token, for tasks: each delta then lets another task run, or a cancellation arrive."""
ERRORS = (anthropic.AnthropicError, httpx2.HTTPError)
"""What a call may raise; anything else fails the soak."""
PROMPTS = ("Translate into French: good morning", "Prove that there are infinitely many primes.", "Hello")


class Witness(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Writes down what the stand-in was asked and what it answered, before the client knows: the truth to compare."""

    def __init__(self, api: StandIn, path: Path) -> None:
        self._api = api
        self._file = path.open("a", buffering=1)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """For the synchronous client."""
        with self._lost(request):
            response = self._api.handle_request(request)
            self._write(request, response)
            return response
        raise AssertionError

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """For the asynchronous client."""
        with self._lost(request):
            await asyncio.sleep(0)  # where a task can be cancelled
            response = await self._api.handle_async_request(request)
            self._write(request, response)
            return response
        raise AssertionError

    @contextlib.contextmanager
    def _lost(self, request: httpx2.Request) -> Generator[None]:
        try:
            yield
        except BaseException:
            self._write(request, None)
            raise

    def _write(self, request: httpx2.Request, response: httpx2.Response | None) -> None:
        if request.url.path == MESSAGES:
            self._file.write(f"{'no answer' if response is None else response.headers['request-id']}\n")
        elif request.url.path.endswith("/batches") and response is not None:
            batch_id = response.json()["id"]
            self._file.writelines(f"{batch_id}/{number}\n" for number in range(ITEMS))


def stand_in(seed: int, pace: float = 0) -> StandIn:
    """An API that has its troubles; `pace` is in seconds per token."""
    latency = {line: Pace(first_token=0, per_token=pace) for line in ("haiku", "sonnet", "opus")}
    api = StandIn(
        seed=seed, latency=latency, answer=lambda body: "A short answer, as most are. " * (1 + len(str(body)) % 7)
    )
    api.script(Failure(status=400, error_type="invalid_request_error", message="no"), probability=0.02)
    api.script(ServerError(retry_after=0.001), probability=0.03)
    api.script(Overloaded(retry_after=0.001), probability=0.05)
    api.script(Unreachable(), model=HAIKU, probability=0.02)
    api.script(StreamError(), probability=0.02)
    api.script(StreamError(after=1), probability=0.02)
    # Of a cut in an answer that is no stream, the SDK tells nobody more than that the connection was lost.
    api.script(Cut(after=1), when=lambda body: body.get("stream") is True, probability=0.02)
    return api


def request(dice: random.Random) -> dict[str, Any]:
    """One of several questions."""
    message = {"role": "user", "content": dice.choice(PROMPTS)}
    return {"model": dice.choice((OPUS, HAIKU, "auto")), "max_tokens": 300, "messages": [message]}


def call(client: Anthropic, dice: random.Random) -> None:
    """One call of some style."""
    body: Any = request(dice)
    match dice.choices(("create", "raw", "stream", "break", "unread", "batch"), (40, 10, 25, 10, 10, 5))[0]:
        case "create":
            client.messages.create(**body)
        case "raw":
            client.beta.messages.with_raw_response.create(**body)
        case "stream":
            with client.messages.stream(**body) as stream:
                stream.until_done()
        case "break":
            events = client.messages.create(**body, stream=True)
            next(events)
            next(events)
            events.close()
        case "unread":
            client.messages.create(**body, stream=True)
        case _:
            namespace = client.messages.batches
            batch = namespace.create(requests=[{"custom_id": str(n), "params": body} for n in range(ITEMS)])
            for _ in range(2):
                list(namespace.results(batch.id))
            namespace.delete(batch.id)


async def call_async(client: AsyncAnthropic, dice: random.Random) -> None:
    """One call of some style, awaited."""
    body: Any = request(dice)
    match dice.choices(("create", "stream", "break", "cancel", "batch"), (50, 25, 10, 10, 5))[0]:
        case "create":
            await client.messages.create(**body)
        case "stream":
            async with client.messages.stream(**body) as stream:
                await stream.until_done()
        case "break":
            events = await client.messages.create(**body, stream=True)
            await anext(events)
            await events.close()
        case "cancel":
            task = asyncio.ensure_future(_drain(client, body))
            for _ in range(dice.randrange(30)):
                await asyncio.sleep(0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        case _:
            namespace = client.messages.batches
            batch = await namespace.create(requests=[{"custom_id": str(n), "params": body} for n in range(ITEMS)])
            async for _ in await namespace.results(batch.id):
                pass
            await namespace.delete(batch.id)


async def _drain(client: AsyncAnthropic, body: Any) -> None:
    async for _ in await client.messages.create(**body, stream=True):
        pass


class Worker:
    """One process: so many calls, from threads or tasks, and its memory now and then."""

    def __init__(self, number: int, calls: int, spool: Spool, folder: Path, parent: Connection) -> None:
        self.number, self.calls, self.spool, self.parent = number, calls, spool, parent
        self.threaded = number % 4 in (0, 3)
        self.witness = Witness(stand_in(number, 0 if self.threaded else PACE), folder / f"attempts-{number}")
        self._done = 0
        self._lock = threading.Lock()

    def run(self) -> None:
        """Make the calls."""
        (self.run_threads if self.threaded else self.run_tasks)()
        self.spool.close()
        self.parent.close()

    def run_threads(self) -> None:
        """From several threads at a time."""
        http_client = httpx2.Client(transport=self.witness)
        client = Anthropic(api_key="test", http_client=http_client, spool=self.spool, max_retries=1)

        def keep_calling(thread: int) -> None:
            dice = random.Random(self.number * 100 + thread)  # noqa: S311  # variety, not secrecy
            with tagged(process=self.number, thread=thread):
                for _ in range(self.calls // THREADS):
                    with contextlib.suppress(*ERRORS):
                        call(client, dice)
                    self.count()

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(keep_calling, range(THREADS)))

    def run_tasks(self) -> None:
        """From several tasks at a time."""

        async def keep_calling(client: AsyncAnthropic, task: int) -> None:
            dice = random.Random(self.number * 100 + task)  # noqa: S311  # variety, not secrecy
            with tagged(process=self.number, task=task):
                for _ in range(self.calls // THREADS):
                    with contextlib.suppress(*ERRORS):
                        await call_async(client, dice)
                    self.count()

        async def all_at_once() -> None:
            http_client = httpx2.AsyncClient(transport=self.witness)
            client = AsyncAnthropic(api_key="test", http_client=http_client, spool=self.spool, max_retries=1)
            await asyncio.gather(*(keep_calling(client, task) for task in range(THREADS)))

        asyncio.run(all_at_once())

    def count(self) -> None:
        """One more is done; say how large this process is, every tenth of the way."""
        with self._lock:
            self._done += 1
            if self._done % max(1, self.calls // REPORTS) == 0:
                self.parent.send((self.number, self._done, megabytes()))


def megabytes() -> float:
    """The resident memory of this process. Linux."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def work(number: int, calls: int, spool: Spool | Path, folder: Path, parent: Connection) -> None:
    """What a process does, with the spool of its parent or one of its own."""
    own = spool if isinstance(spool, Spool) else Spool(spool)
    Worker(number, calls, own, folder, parent).run()


def start(processes: int, calls: int, home: Path, folder: Path) -> dict[Connection, Any]:
    """The processes, by the pipe on which they report: every other one forked, with a spool that is open already."""
    spool = Spool(home)
    parent = Witness(stand_in(processes), folder / f"attempts-{processes}")
    with Anthropic(api_key="test", http_client=httpx2.Client(transport=parent), spool=spool) as client:
        for _ in range(10):
            with contextlib.suppress(*ERRORS):
                client.messages.create(**request(random.Random(0)))  # noqa: S311  # variety, not secrecy
    started: dict[Connection, Any] = {}
    for number in range(processes):
        here, there = multiprocessing.Pipe(duplex=False)
        context: Any = multiprocessing.get_context("spawn" if number % 2 else "fork")
        process = context.Process(target=work, args=(number, calls, home if number % 2 else spool, folder, there))
        process.start()
        there.close()
        started[here] = process
    spool.close()
    return started


def follow(started: Mapping[Connection, Any]) -> dict[int, list[float]]:
    """Print the memory of each process as it reports; the figures by process."""
    memory: dict[int, list[float]] = {}
    waiting = list(started)
    began = time.monotonic()
    while waiting:
        pipe: Any
        for pipe in wait(waiting):
            try:
                number, done, size = pipe.recv()
            except EOFError:
                waiting.remove(pipe)
                continue
            memory.setdefault(number, []).append(size)
            seconds = time.monotonic() - began
            print(f"{seconds:6.1f} s   process {number}: {done:7,} calls, {size:6.1f} MB", flush=True)
    for process in started.values():
        process.join()
        if process.exitcode:
            sys.exit(f"{process.name} ended with {process.exitcode}")
    return memory


def differences(folder: Path, recorded: Counter[str]) -> Counter[str]:
    """What was attempted and not recorded (positive), or recorded and not attempted (negative)."""
    attempted: Counter[str] = Counter()
    for path in folder.glob("attempts-*"):
        attempted.update(path.read_text().splitlines())
    print(f"attempts {attempted.total():,}, of them {attempted['no answer']:,} without an answer")
    attempted.subtract(recorded)
    return Counter({attempt: count for attempt, count in attempted.items() if count})


def recorded(home: Path) -> Counter[str]:
    """What the ledger has: request ids, attempts without an answer, items of batches."""
    from analytics.ledger import Ledger  # noqa: PLC0415  # DuckDB must not be there when a process is forked

    query = "SELECT coalesce(batch_id || '/' || custom_id, request_id, 'no answer') AS attempt FROM usage"
    with Ledger(home).read() as con:
        return Counter(attempt for (attempt,) in con.execute(query).fetchall())


def main() -> None:
    """Call, count, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=4)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home, folder = Path(name) / "home", Path(name)
        began = time.monotonic()
        started = start(given.processes, given.calls // given.processes, home, folder)
        from analytics.ingest import ingest  # noqa: PLC0415  # as above
        from analytics.ledger import Ledger  # noqa: PLC0415  # as above

        with ThreadPoolExecutor(1) as pool:
            filling = pool.submit(ingest, Ledger(home))  # it goes on for as long as something comes
            memory = follow(started)
            filling.result()
        ingest(Ledger(home))
        print(f"{given.calls:,} calls in {time.monotonic() - began:.0f} s")
        different = differences(folder, recorded(home))
    growth = {number: sizes[-1] - sizes[len(sizes) // 5] for number, sizes in memory.items()}
    print("growth of memory after a fifth of the way:", ", ".join(f"{size:+.1f} MB" for size in growth.values()))
    print(f"attempts that are not exactly one record: {sum(map(abs, different.values())):,}")
    for attempt, count in different.most_common(5):
        print(f"  {attempt}: {'missing' if count > 0 else 'too many'} {abs(count)}")
    sys.exit(bool(different) or max(growth.values()) > GROWTH_MB)


if __name__ == "__main__":
    main()
