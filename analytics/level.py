"""Level: what an average day costs now, by whichever memory, short or long, has forecast the own past best."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .pattern import repeated
from .series import Floats, Ints

_WINDOWS = np.array([[3], [7], [14], [28], [56]])
"""Days. After a change a short memory forecasts best, in quiet times a long one."""
_SHARPNESS = 6
"""How much more counts what was less wrong."""
_TRIED_ON = 42
"""Days back."""
_LONGEST_TRIAL = 14
"""Days at once."""
_LEAST_FACTOR = 0.1
"""A weekday that costs next to nothing says as little about the level."""
_CAP = 1.5
"""Times the 90th percentile of four weeks. Above are rare days only, not the batches of every few days."""
_WIDENING = 0.4
"""A level wanders: what the variance of what is to come gains with each further length of the trial."""
_FEW_TRIALS = 10
"""Trials overlap, so they say less than as many others would."""


class Level(NamedTuple):
    """Of days without their weekdays."""

    now: float
    error: float
    """Root mean square of what would have been wrong in the past with the mean of `trial` days."""
    trial: int
    past: Floats
    """What would have been said at the beginning of each of the last complete days, as far as the trial allows."""

    def off(self, days: float) -> float:
        """The standard deviation of the mean of so many coming days."""
        noise = max(1.0, self.trial / days)  # less than a trial is less evened out
        return self.error * (noise + _WIDENING * days / self.trial) ** 0.5


def level(days: Floats, factors: Floats, ahead: float) -> Level:
    """The level after some days, two or more, to forecast so many ahead.

    Each window is tried on the own history: from every day of the last six weeks, how wrong was it about the days that
    came next? The blend of all, the better the more, is the level; how wrong the blend was is its error. A day
    far above what is usual counts as far as the cap: one runaway job is not expected again, but widens the error.
    """
    factor = repeated(factors, len(days))
    trial = int(np.clip(ahead, 1, min(_LONGEST_TRIAL, max(1, len(days) // 3))))
    last = len(days) - trial
    origins = np.append(np.arange(max(1, min(last, 7), last - _TRIED_ON), last + 1), len(days))
    spent, capped, weight = (_running(part) for part in (days, _capped(days, factor), factor))

    starts = np.maximum(origins - _WINDOWS, 0)
    held = weight[origins] - weight[starts]
    said = (capped[origins] - capped[starts]) / np.maximum(held, _LEAST_FACTOR)
    said = np.where(held < 1, said[-1], said)  # a few quiet weekdays say nothing: the longest window speaks for them
    tried, came, came_capped = (_sums(part, origins[:-1], trial) for part in (weight, spent, capped))
    blend = trusted(np.abs(said[:, :-1] * tried - came_capped).mean(axis=1)) @ said
    wrong = root_mean_square(blend[:-1] * tried - came) / max(float(np.sqrt((tried**2).mean())), _LEAST_FACTOR)
    return Level(float(blend[-1]), wrong, trial, blend[:-1])


def trusted(errors: Floats) -> Floats:
    """A share for each of several forecasts, the larger the less wrong it was."""
    least = errors.min() + 1e-9 * errors.max()
    if least <= 0:
        return np.full(len(errors), 1 / len(errors))
    shares = (np.maximum(errors, least) / least) ** -_SHARPNESS
    return shares / shares.sum()


def root_mean_square(errors: Floats) -> float:
    """Of errors in the past, widened for how few they are."""
    return float(np.sqrt((errors**2).mean() * (1 + _FEW_TRIALS / len(errors))))


def _capped(days: Floats, factor: Floats) -> Floats:
    factor = np.maximum(factor, _LEAST_FACTOR)
    recent = np.sort((days / factor)[-28:])
    return np.minimum(days, _CAP * recent[-(-9 * (len(recent) - 1) // 10)] * factor)


def _running(amounts: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(amounts)])


def _sums(running: Floats, starts: Ints, days: int) -> Floats:
    return running[starts + days] - running[starts]
