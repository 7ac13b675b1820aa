"""The conversations of this process: found again by hashes, written down from the usage of their answers.

Nothing of their text is kept. Every change replaces one value under one key, so no lock is needed, which a fork could
leave taken; what is pushed out of the bounded memory is weighed as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from . import call as calls
from .cache import COLD, Account, Counts, Outlook, Warm, split
from .features import Body
from .layout import Layout, beginning_of, earlier_keys, key_of, lay_out
from .prices import Bucket, Price, price_of

_MOST_CHARACTERS_PER_TOKEN = 8

Spelling = Callable[[str], str]
"""A model as the Claude API spells it."""


class Conversations:
    """What was served by which model, and what is warm where."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock`: seconds."""
        self.clock = clock
        self.accounts: dict[int, Account] = {}
        self.shared: dict[tuple[str, int], Warm] = {}
        """By model and key of the layout."""

    def turn(self, body: Body, *, home: str, spelling: Spelling = str) -> Turn | None:
        """The turn that this request is; None if it has no message. `home`: as the Claude API spells it."""
        beginning = beginning_of(body)
        return None if beginning is None else Turn(self, body, beginning, home=home, spelling=spelling)


class Turn:
    """One turn of a conversation, and what is learnt from its answers. It holds no text."""

    def __init__(
        self, conversations: Conversations, body: Body, beginning: int, *, home: str, spelling: Spelling
    ) -> None:
        self._conversations = conversations
        self._spelling = spelling
        self._key = key_of(beginning, body)
        self._home = home
        self._asked = conversations.clock()
        self._layout = lay_out(body)
        self._begun = len(body["messages"]) > 1
        self._before = self._after = self._found(earlier_keys(beginning, body) if self._begun else (self._key,))
        self._attempt: int = 0
        self.instead: str | None = None
        """In shadow: the model that the books are kept for, in place of the one that is asked."""
        self.outlook = None if price_of(home) is None else self._look()

    @property
    def previous(self) -> str | None:
        """The model that served the turn before, as it was sent."""
        return self._before.sent if self._before and self._begun else None

    def served(self, sent: str) -> None:
        """The model was accepted; what it used may be heard later, or never, if there is no Meter."""
        if self._attempt == 0:
            sent = self.instead or sent
            before = self._before or Account(self._home, sent, sent)
            self._keep(before._replace(model=self._spelling(sent), sent=sent))

    def hear(self, attempt: int, sent: str, usage: Mapping[str, Any]) -> None:
        """What an attempt used; of a stream once when it has begun and once when it is over."""
        asked, home = price_of(self._spelling(sent)), price_of(self._home)
        if asked is None or home is None:
            return
        if attempt != self._attempt:
            self._attempt, self._before = attempt, self._after
        bucket = billed(usage, self._layout)
        self._share(self._spelling(sent), bucket)
        before = self._before or Account(self._home, self._home, sent)
        self._after = self._booked(before, sent, bucket, asked=asked, home=home)
        self._keep(self._after)

    def _found(self, keys: Iterable[int]) -> Account | None:
        """The conversation so far; of a first message that comes again, another's caches, but not its books."""
        accounts = map(self._conversations.accounts.get, keys)
        found = next((account for account in accounts if account is not None and account.home == self._home), None)
        if found is None or self._begun:
            return found
        return Account(found.home, found.model, found.sent, warm=found.warm, at_home=found.at_home)

    def _look(self) -> Outlook:
        shared = self._conversations.shared
        return Outlook(self._home, self._layout, self._asked, account=self._before, shared=shared, begun=self._begun)

    def _keep(self, account: Account) -> None:
        calls.keep(self._conversations.accounts, self._key, account)

    def _booked(self, before: Account, sent: str, bucket: Bucket, *, asked: Price, home: Price) -> Account:
        """The account with this turn in both books: as billed, and as it would have been billed at home."""
        now, price = self._conversations.clock(), asked
        lasting = self._lasting(bucket, self._spelling(sent), before) * home.percent // asked.percent
        counts = _counts(bucket, self._layout, home=home, asked=asked)
        here = self._spelling(self.instead or sent)
        spent, stayed = bucket, bucket
        if self.instead:
            price = price_of(here) or asked
            warm = before.warm.get(here, COLD).at_least(self._asked) * home.percent // price.percent
            spent = split(counts, warm, price=price, home=home)
        elif not before.warm.keys() <= {self._home} or here != self._home:
            warm = max(self._home_warmth(before), bucket.read if here == self._home else 0)
            stayed = split(counts, warm, price=home, home=home)
        here_now = _warm(spent, lasting * price.percent // home.percent, self._asked, now)
        kept = max(stayed.prompt - stayed.uncached, before.at_home.at_most(self._asked))
        hourly = max(lasting, before.at_home.hourly_at_most(self._asked))
        return Account(
            home=self._home,
            model=here,
            sent=self.instead or sent,
            turns=before.turns + 1,
            tokens=counts.tokens,
            characters=self._layout.characters,
            output=counts.output,
            spent=before.spent + price.cost(spent),
            stayed=before.stayed + home.cost(stayed),
            warm={**before.warm, here: here_now} if here_now.tokens else before.warm,
            at_home=Warm(kept, kept, min(hourly, kept), self._asked, now) if counts.cached else before.at_home,
            doubts=self.outlook.doubts if self.outlook else 0,
        )

    def _lasting(self, bucket: Bucket, model: str, before: Account) -> int:
        """Tokens that the model has now for an hour: up to the last breakpoint that was ever written for that long."""
        if bucket.written_1h:
            return bucket.read + bucket.written_1h
        shared = self._conversations.shared.get((model, self._layout.key), COLD)
        return min(bucket.read, max(before.warm.get(model, COLD).hourly, shared.hourly))

    def _home_warmth(self, before: Account) -> int:
        """Tokens that would have been warm at home when this turn was asked, as it was decided by."""
        if self._attempt and self.outlook and self.outlook.account is self._before:
            return self.outlook.warm_at_home
        return before.at_home.at_most(self._asked)

    def _share(self, model: str, bucket: Bucket) -> None:
        """Remember how much of tools and system prompt the model has warm now for every conversation with the same."""
        cached, layout, memory = bucket.prompt - bucket.uncached, self._layout, self._conversations.shared
        if not layout.head or not cached:
            return
        old = memory.get((model, layout.key), COLD)
        tokens = min(cached, old.tokens or cached)
        sure = max(old.sure, layout.head // _MOST_CHARACTERS_PER_TOKEN)
        if layout.head == layout.cached:
            sure = cached
        elif self._before is None or not self._begun:
            sure = max(sure, bucket.read)  # nothing but these can have been read
        hourly = tokens if layout.hourly >= layout.head else 0
        warm = Warm(tokens, min(tokens, sure), hourly, self._asked, self._conversations.clock())
        calls.keep(memory, (model, layout.key), warm)


def billed(usage: Mapping[str, Any], layout: Layout) -> Bucket:
    """The buckets that an answer's usage names; what was written, but does not say for how long, by the layout."""
    written, by_ttl = _count(usage, "cache_creation_input_tokens"), usage.get("cache_creation")
    if isinstance(by_ttl, dict):
        hourly = _count(cast("Mapping[str, Any]", by_ttl), "ephemeral_1h_input_tokens")
    else:
        hourly = written * layout.hourly // layout.cached if layout.cached else 0
    return Bucket(
        uncached=_count(usage, "input_tokens"),
        read=_count(usage, "cache_read_input_tokens"),
        written_5m=max(0, written - hourly),
        written_1h=hourly,
        output=_count(usage, "output_tokens"),
    )


def _counts(bucket: Bucket, layout: Layout, *, home: Price, asked: Price) -> Counts:
    """What was billed by the model that was asked, in the tokens of the home."""
    cached = bucket.prompt - bucket.uncached
    hourly = 0
    if layout.hourly:
        hourly = cached if layout.hourly == layout.cached else bucket.read + bucket.written_1h
    counts = (bucket.prompt, cached, hourly, bucket.output)
    return Counts(*(count * home.percent // asked.percent for count in counts))


def _warm(bucket: Bucket, hourly: int, asked: float, heard: float) -> Warm:
    tokens = bucket.prompt - bucket.uncached
    return Warm(tokens, tokens, min(hourly, tokens), asked, heard)


def _count(usage: Mapping[str, Any], key: str) -> int:
    value = usage.get(key)
    return value if isinstance(value, int) else 0
