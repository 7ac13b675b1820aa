"""Room: what the budgets have for an attempt, looked for before it is made; for a cheaper one where they step down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from . import faults
from .call import Call, user_of
from .decide import plain
from .features import Body
from .guard import Ask, BudgetGuard, Hold, Spent
from .platforms import platform_of_id
from .policy import Decision, Policy


class Wanted(NamedTuple):
    """An attempt, or an item of a batch."""

    body: Body
    decision: Decision
    model: str
    """As it is sent."""


class Room(NamedTuple):
    """The budgets, and what decides which of them cover a call."""

    guard: BudgetGuard
    policy: Policy
    """The one in force for the call."""
    platform: str | None
    """Where the client sends to, if it knows."""

    def make(
        self, call: Call, wanted: Sequence[Wanted], *, again: Callable[[Body], Decision], batch: bool = False
    ) -> Sequence[Wanted]:
        """Set aside in `call.hold` what is wanted can cost, and return it; decided `again` where a budget steps down.

        Raises BudgetExceeded.
        """
        spent = self._hold(call, wanted, batch=batch)
        if spent is not None and spent.over == "step_down" and not call.stepped_down:
            call.stepped_down = True
            why = f"budget {spent.error.budget} is spent"
            decisions = [again(each.body) for each in wanted]
            wanted = [
                Wanted(each.body, decision._replace(reason=f"{why}: {decision.reason}"), decision.model)
                for each, decision in zip(wanted, decisions, strict=True)
            ]
            spent = self._hold(call, wanted, batch=batch)
        if spent is not None:
            raise spent.error
        return wanted

    def _hold(self, call: Call, wanted: Sequence[Wanted], *, batch: bool) -> Spent | None:
        call.hold = None
        try:
            asks = [(self._ask(call, each), each.body) for each in wanted]
            held = self.guard.hold_batch(asks) if batch else self.guard.hold(*asks[0])
        except Exception as error:  # noqa: BLE001  # a guard that cannot work lets the call go on
            faults.note("holding a budget", error)
            return None
        if not isinstance(held, Hold):
            return held
        call.hold = held
        return None

    def _ask(self, call: Call, wanted: Wanted) -> Ask:
        model = plain(wanted.model, self.policy)
        platform = self.platform or platform_of_id(wanted.model) or "anthropic"
        members = {
            "model": model,
            "requested_model": wanted.decision.requested_model,
            "tier": wanted.decision.tier,
            "task_type": wanted.decision.task_type,
            "platform": platform,
            "user_id": user_of(wanted.body),
        }
        return Ask(call.call_id, model, members, call.tags, platform, self.policy.on_budget, call.stepped_down)


def leave(call: Call | None) -> None:
    """The attempt is over, and without a Meter nobody will say what it came to."""
    if call is None or call.hold is None:
        return
    if not call.hold.metered:
        call.hold.release()
    call.hold = None
