"""Metrics: a status as Prometheus reads it. All counts come from `state.sqlite`, and so outlive a restart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..exceptions import SettingsError
from .health import Status

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric


def exposition(status: Status) -> tuple[str, bytes]:
    """Content type and text. Raises SettingsError if the package is not installed."""
    try:
        from prometheus_client import CollectorRegistry  # noqa: PLC0415  # an extra
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415  # the same
    except ModuleNotFoundError as error:
        raise SettingsError(
            "prometheus_client is not installed, and metrics need it: pip install 'tollgate[metrics]'"
        ) from error
    registry = CollectorRegistry()
    registry.register(_Collector(status))
    return CONTENT_TYPE_LATEST, generate_latest(registry)


class _Collector:
    """What a registry asks for metrics."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """All of them. What is not known is not told."""
        from prometheus_client.metrics_core import GaugeMetricFamily  # noqa: PLC0415  # an extra

        status = self._status
        yield GaugeMetricFamily("tollgate_healthy", "Whether tollgate status finds no problem.", int(status.healthy))
        if status.ingested_attempts is not None:
            yield _counter("tollgate_ingested_attempts", "Attempts in the ledger.", status.ingested_attempts)
        if status.newest_attempt_at:
            moment = status.newest_attempt_at.timestamp()
            yield GaugeMetricFamily("tollgate_newest_attempt_timestamp_seconds", "Start of the newest attempt.", moment)
        if (waiting := status.spool_waiting_bytes) is not None:
            yield GaugeMetricFamily("tollgate_spool_waiting_bytes", "In the spool, not yet in the ledger.", waiting)
        yield from _jobs(status)
        yield from _budgets(status)
        for name, text, counts in (
            ("tollgate_alerts", "Alerts by state.", status.alerts),
            ("tollgate_parcels", "Messages to one recipient each, by state.", status.parcels),
        ):
            family = GaugeMetricFamily(name, text, labels=["state"])
            for state, count in counts.items():
                family.add_metric([state], count)
            yield family


def _jobs(status: Status) -> Iterator[Metric]:
    from prometheus_client.metrics_core import (  # noqa: PLC0415  # an extra
        CounterMetricFamily,
        GaugeMetricFamily,
        SummaryMetricFamily,
    )

    ends = CounterMetricFamily("tollgate_job_runs", "Runs of jobs.", labels=["job", "result"])
    took = SummaryMetricFamily("tollgate_job_duration_seconds", "How long runs took.", labels=["job"])
    good = GaugeMetricFamily("tollgate_job_last_success_timestamp_seconds", "End of the last success.", labels=["job"])
    for runs in status.jobs:
        results = {"success": runs.successes, "failure": runs.failures, "delay": runs.delays}
        for result, count in results.items():
            ends.add_metric([runs.job, result], count)
        took.add_metric([runs.job], sum(results.values()), runs.seconds)
        if runs.succeeded_at:
            good.add_metric([runs.job], runs.succeeded_at.timestamp())
    yield from (ends, took, good)


def _budgets(status: Status) -> Iterator[Metric]:
    from prometheus_client.metrics_core import GaugeMetricFamily  # noqa: PLC0415  # an extra

    spent = GaugeMetricFamily("tollgate_budget_spent_dollars", "Spent in the present period.", labels=["budget"])
    limit = GaugeMetricFamily("tollgate_budget_limit_dollars", "The limit of that period.", labels=["budget"])
    for budget, (dollars, most) in status.budgets.items():
        spent.add_metric([budget], float(dollars))
        limit.add_metric([budget], float(most))
    yield from (spent, limit)


def _counter(name: str, text: str, value: float) -> Metric:
    from prometheus_client.metrics_core import CounterMetricFamily  # noqa: PLC0415  # an extra

    return CounterMetricFamily(name, text, value)
