"""What is warm on which model, and what a turn would cost there: two books over every conversation.

One book says what the conversation has cost; the other what it would have cost had it never left its home, the model
that the caller named (for `auto`, the most capable one that is open). Prompt caches are per model, so whoever leaves
finds the other model's cold, and whoever comes back finds the home's cold too. Hence two rules. A model is taken only
if no bucket of it costs more than the home's, so that a turn on it costs no more where it is as warm as the home would
be. And only if the first book, with all that is colder than at home written anew, stays within the policy's percentage
of the second. What is new in a prompt is new everywhere, so neither its length nor the answer's can break the bound.

Token counts in books are in the tokenizer of the home, those of a `Warm` in the model's own; money is in nano-dollars.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .layout import Layout
from .prices import Bucket, Price, Rate, never_dearer, price_of

_FIVE_MINUTES, _HOUR = 300.0, 3_600.0
_CHARACTERS_PER_TOKEN = 4
_MOST_CHARACTERS_PER_TOKEN = 8
_SOME_OUTPUT = 400
"""Tokens of an answer, before the conversation has had one."""
_MOST_TURNS = 20
"""Turns that a conversation is expected to go on for, at most."""


class Warm(NamedTuple):
    """How much of a prompt's beginning one model has in its cache."""

    tokens: int = 0
    """At most."""
    sure: int = 0
    """At least."""
    hourly: int = 0
    """The part of it that was written for an hour."""
    asked: float = 0.0
    """When the request went out that used it last."""
    heard: float = 0.0
    """When its answer was heard of; somewhere between the two the time to live began anew."""

    def at_most(self, now: float) -> int:
        """Tokens that can perhaps still be read."""
        return self.tokens if now < self.heard + _FIVE_MINUTES else self.hourly_at_most(now)

    def hourly_at_most(self, now: float) -> int:
        """Those of them that were written for an hour."""
        return self.hourly if now < self.heard + _HOUR else 0

    def at_least(self, now: float) -> int:
        """Tokens that can still be read for sure."""
        if now < self.asked + _FIVE_MINUTES:
            return self.sure
        return min(self.sure, self.hourly) if now < self.asked + _HOUR else 0


COLD = Warm()


class Account(NamedTuple):
    """A conversation up to its last turn. Models as the Claude API spells them, where it is not said otherwise."""

    home: str
    model: str
    """The one that served last."""
    sent: str
    """The same, as it was sent."""
    turns: int = 0
    """Those whose usage was heard; 0: nothing is known but the model."""
    tokens: int = 0
    """Of the last prompt."""
    characters: int = 0
    """Of the same."""
    output: int = 0
    """Of the last answer."""
    spent: int = 0
    stayed: int = 0
    """What it would have cost at home."""
    warm: Mapping[str, Warm] = {}
    at_home: Warm = COLD
    """What would be warm at home."""
    doubts: int = 0
    """Turns in a row that asked for less than the model that serves."""


class Outlook:
    """What the turn at hand would cost on each model."""

    __slots__ = ("_dark", "_price", "_shared", "_tokens", "account", "doubts", "home", "layout", "now", "warm_at_home")

    def __init__(
        self,
        home: str,
        layout: Layout,
        now: float,
        *,
        account: Account | None = None,
        shared: Mapping[tuple[str, int], Warm] | None = None,
        begun: bool = False,
    ) -> None:
        """`shared`: by model and key of the layout, what conversations warmed of tools and system prompt for others.

        `begun`: there were turns already; without an account nobody here knows where. Raises LookupError if the home
        has no price.
        """
        price = price_of(home)
        if price is None:
            raise LookupError(f"{home} has no price")
        self.home, self.layout, self.now, self._shared = home, layout, now, shared or {}
        self.account = account
        self.doubts = 0
        """Set by who decides: turns in a row, this one included, that ask for less."""
        self._price = price
        self._dark = begun and not (account and account.turns)
        self._tokens = self._expected()
        self.warm_at_home = self._would_be_warm()
        """Tokens, held high: what is taken for warm at home, nobody can say later would have cost more there."""

    def safe(self, model: str) -> bool:
        """Whether a turn on the model, where it is as warm as the home would be, never costs more than at home."""
        price = price_of(model)
        cached = self.layout.cached > 0
        return model == self.home or (price is not None and never_dearer(price, self._price, cached=cached))

    def affordable(self, model: str, *, percent: float, way_back: bool = False) -> bool:
        """Whether the conversation, with this turn on the model, costs at most so many percent more than at home.

        `way_back`: coming home at the next turn has to be within it as well.
        """
        if not self.safe(model) or self._outlasts(model):
            return False
        spent, stayed = (self.account.spent, self.account.stayed) if self.account else (0, 0)
        within = 1 + percent / 100
        low, expected, high = self._tokens
        for tokens in {low, high}:
            here, home = self._anew(model, tokens), self._price.rate(tokens).read * self.warm_at_home
            if spent + here > within * (stayed + home):
                return False
        if not way_back:
            return True
        cached, rate = self._share(expected), self._price.rate(expected)
        here, home = self.expected_cost(model), self._cost(self._price, self.warm_at_home, expected)
        back = spent + here + cached * self._write(rate)
        return back <= within * (stayed + home + cached * rate.read)

    def pays(self, model: str, current: str) -> bool:
        """Whether leaving the current model for another is expected to cost less over the turns still to come.

        As many are expected as there were.
        """
        turns = min(_MOST_TURNS, max(1, self.account.turns if self.account else 1))
        return self._ahead(model, turns) < self._ahead(current, turns)

    def expected_cost(self, model: str) -> int:
        """Nano-dollars for this turn. Raises LookupError if the model has no price."""
        price = self._price_of(model)
        return self._cost(price, self._from(self._warm(model), price), self._tokens[1])

    def _outlasts(self, model: str) -> bool:
        """Whether the home would have for an hour what the model would have for five minutes only."""
        account = self.account
        if account is None or self.layout.hourly or model == account.model:
            return False
        return account.at_home.hourly_at_most(self.now) > 0

    def _price_of(self, model: str) -> Price:
        price = price_of(model)
        if price is None:
            raise LookupError(f"{model} has no price")
        return price

    def _ahead(self, model: str, turns: int) -> int:
        tokens = self._tokens[1]
        grown = max(0, tokens - self.account.tokens) if self.account else 0
        later = self._cost(self._price_of(model), max(0, self._share(tokens) - grown), tokens)
        return self.expected_cost(model) + turns * later

    def _anew(self, model: str, tokens: int) -> int:
        """What that part of the prompt costs on the model that would be warm at home."""
        price = self._price_of(model)
        rate = price.rate(tokens * price.percent // self._price.percent)
        read = min(self.warm_at_home, self._from(self._warm(model), price))
        cost = read * rate.read + (self.warm_at_home - read) * self._write(rate)
        return cost * price.percent // self._price.percent

    def _write(self, rate: Rate) -> int:
        """What writing costs: now, or if nothing is marked in this request, as it may be marked in a later one."""
        return rate.written_5m if self.layout.cached and not self.layout.hourly else rate.written_1h

    def _from(self, warm: int, price: Price) -> int:
        """Tokens of a model in those of the home."""
        return warm if price.percent == self._price.percent else warm * self._price.percent // price.percent

    def _warm(self, model: str) -> int:
        if self._dark:
            known = self.account is not None and model == self.account.model
            return self.warm_at_home * 2 if known else 0  # twice: in whatever tokenizer
        own = 0
        if self.account and (warm := self.account.warm.get(model)):
            # The model that served last was refreshed when the home would have been: what holds for one does for both.
            own = warm.at_most(self.now) if model == self.account.model else warm.at_least(self.now)
        if not self.layout.head:
            return own
        shared = self._shared.get((model, self.layout.key), COLD)
        return max(own, shared.at_most(self.now) if model == self.home else shared.at_least(self.now))

    def _would_be_warm(self) -> int:
        if self._dark:
            return self._tokens[1] if self.layout.cached else 0
        own = self.account.at_home.at_most(self.now) if self.account else 0
        if not self.layout.head:
            return own
        return max(own, self._shared.get((self.home, self.layout.key), COLD).at_most(self.now))

    def _cost(self, price: Price, warm: int, tokens: int) -> int:
        output = self.account.output if self.account and self.account.turns else _SOME_OUTPUT
        cached = self._share(tokens)
        hourly = cached * self.layout.hourly // self.layout.cached if cached else 0
        return price.cost(split(Counts(tokens, cached, hourly, output), warm, price=price, home=self._price))

    def _share(self, tokens: int) -> int:
        return tokens * self.layout.cached // self.layout.characters if self.layout.cached else 0

    def _expected(self) -> tuple[int, int, int]:
        """Tokens of the prompt: at least, expected, at most. What was counted is known; what is new is estimated."""
        characters, account = self.layout.characters, self.account
        if account is None or not account.characters or characters < account.characters:
            counted, new = 0, characters
        else:
            counted, new = account.tokens, characters - account.characters
        return counted + new // _MOST_CHARACTERS_PER_TOKEN, counted + new // _CHARACTERS_PER_TOKEN, counted + new


class Counts(NamedTuple):
    """Tokens of a turn."""

    tokens: int
    """Of the prompt."""
    cached: int
    """Up to its last breakpoint."""
    hourly: int
    """Up to its last breakpoint of an hour."""
    output: int


def split(counts: Counts, warm: int, *, price: Price, home: Price) -> Bucket:
    """The buckets of a turn of which so many tokens are warm; counted by `home`, billed by `price`."""
    if price.percent != home.percent:
        counts = Counts(*(count * price.percent // home.percent for count in counts))
        warm = warm * price.percent // home.percent
    if not counts.cached or counts.cached < (price.least or 0):
        return Bucket(counts.tokens, output=counts.output)
    read = min(counts.cached, max(warm, 0))
    hourly = max(0, counts.hourly - read)
    return Bucket(counts.tokens - counts.cached, read, counts.cached - read - hourly, hourly, counts.output)
