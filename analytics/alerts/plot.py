"""The plot in an alert: spend so far against the limit, and where it is heading. A mail runs no script: a picture."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ..present import money
from .notice import Plot, Point

Axes = Any  # matplotlib's own annotations leave every keyword untyped, and want floats where it takes datetimes
WIDTH, HEIGHT = 560, 210
"""CSS pixels; the picture has twice as many each way."""
_PAPER, _INK, _QUIET, _GRID = "#f6f8fa", "#1f2933", "#5b6673", "#d5dae0"
_SPENT, _LIMIT, _AHEAD = "#2257c7", "#b42318", "#8a4fbf"


def describe(plot: Plot) -> str:
    """The picture in words, for who does not see it."""
    spent = _last(plot).spent
    parts = [f"Spend from {_day(plot, plot.start)} to {_day(plot, plot.end)}: {money(spent)} so far"]
    if plot.limit is not None:
        parts.append(f"of a limit of {money(plot.limit)}")
    if plot.expected is not None:
        parts.append(f"heading for {money(plot.expected)}{_between(plot)}")
    return ", ".join(parts) + "."


def bar(plot: Plot, width: int = 46) -> str | None:
    """The same as one line of text: `[########:::::|   ]`; `#` spent, `:` expected until the end, `|` the limit."""
    if not plot.limit:
        return None
    spent, ahead = _last(plot).spent, max(plot.expected or 0, _last(plot).spent)
    whole = max(plot.limit, ahead)
    cells = "#" * int(width * spent / whole)
    cells = cells.ljust(int(width * ahead / whole), ":").ljust(width)
    mark = min(int(width * plot.limit / whole), width - 1)
    return f"[{cells[:mark]}|{cells[mark + 1 :]}]"


def png(plot: Plot) -> bytes:
    """The picture, on a light ground of its own: it reads the same in a dark mailbox."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  # half a second; few mails need it
    from matplotlib.figure import Figure  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415  # matplotlib brings it

    canvas = FigureCanvasAgg(
        figure := Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=200, facecolor=_PAPER, layout="constrained")
    )
    axes = figure.add_subplot(facecolor=_PAPER)
    _draw(axes, plot)
    _frame(axes, plot)
    _labels(axes, plot)
    out = io.BytesIO()
    canvas.draw()
    picture = Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB")
    picture.quantize(64).save(out, "png", optimize=True)  # a quarter of the size: the whole mail stays small
    return out.getvalue()


def _draw(axes: Axes, plot: Plot) -> None:
    moments = [plot.start, *(point.moment for point in plot.points)]
    spent = [0.0, *(float(point.spent) for point in plot.points)]
    ends = [moments[-1], plot.end]
    axes.fill_between(moments, spent, color=_SPENT, alpha=0.12, linewidth=0)
    axes.plot(moments, spent, color=_SPENT, linewidth=2, solid_capstyle="round")
    if plot.limit is not None:
        axes.plot([plot.start, plot.end], [0, float(plot.limit)], color=_QUIET, linewidth=0.9, linestyle=(0, (1, 2.5)))
        axes.axhline(float(plot.limit), color=_LIMIT, linewidth=1.3)
    if plot.low is not None and plot.high is not None:
        low, high = [spent[-1], float(plot.low)], [spent[-1], float(plot.high)]
        axes.fill_between(ends, low, high, color=_AHEAD, alpha=0.2, linewidth=0)
    if plot.expected is not None:
        axes.plot(ends, [spent[-1], float(plot.expected)], color=_AHEAD, linewidth=1.6, linestyle="--")
        axes.plot(ends[1:], [float(plot.expected)], "o", color=_AHEAD, markersize=4, clip_on=False)
    axes.plot(moments[-1:], spent[-1:], "o", color=_SPENT, markersize=4.5, clip_on=False)


def _frame(axes: Axes, plot: Plot) -> None:
    from matplotlib import dates  # noqa: PLC0415  # as above
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    axes.set_xlim(plot.start, plot.end)
    axes.set_ylim(0, _top(plot) * 1.18)  # room for the words over the highest line
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.yaxis.set_major_formatter(FuncFormatter(_dollars))
    zone, form = ZoneInfo(plot.zone), _date_form(plot.end - plot.start)

    def date(place: float, _: int) -> str:
        moment: datetime = dates.num2date(place, tz=zone)  # pyright: ignore[reportUnknownMemberType]  # half typed
        text = moment.strftime(form)
        return text.removeprefix("0") if form.startswith("%d") else text

    axes.xaxis.set_major_locator(dates.AutoDateLocator(tz=zone, minticks=3, maxticks=6, interval_multiples=False))
    axes.xaxis.set_major_formatter(FuncFormatter(date))
    axes.tick_params(colors=_QUIET, labelsize=10, length=0)
    axes.grid(axis="y", color=_GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(_QUIET)


def _labels(axes: Axes, plot: Plot) -> None:
    """Words at the lines themselves: a legend would need the reader to go back and forth."""
    from matplotlib.patheffects import withStroke  # noqa: PLC0415  # as above

    halo = [withStroke(linewidth=3, foreground=_PAPER)]  # where a line runs behind the words
    style: dict[str, Any] = {"fontsize": 10, "textcoords": "offset points", "path_effects": halo, "parse_math": False}
    if plot.limit is not None:
        place = (plot.start, float(plot.limit))
        axes.annotate(f"limit {money(plot.limit)}", place, xytext=(4, 3), color=_LIMIT, va="bottom", **style)
    last = _last(plot)
    early = last.moment - plot.start < (plot.end - plot.start) / 2
    place = (last.moment, float(last.spent))
    beside = (7, -7 if last.spent else 5)
    side: dict[str, Any] = {"xytext": beside, "ha": "left"} if early else {"xytext": (-7, 4), "ha": "right"}
    axes.annotate(f"{money(last.spent)} so far", place, color=_SPENT, weight="bold", **side, **style)
    if plot.expected is not None:
        above = plot.limit is None or plot.expected >= plot.limit
        edge = (plot.high if above else plot.low) or plot.expected
        below = (-4, -5 if early else -22)  # clear of the words about what was spent
        over: dict[str, Any] = {"xytext": (-4, 3), "va": "bottom"} if above else {"xytext": below, "va": "top"}
        place = (plot.end, float(edge))
        axes.annotate(f"about {money(plot.expected)}", place, color=_AHEAD, ha="right", **over, **style)


def _last(plot: Plot) -> Point:
    return plot.points[-1] if plot.points else Point(moment=plot.start, spent=Decimal(0))


def _top(plot: Plot) -> float:
    amounts = (_last(plot).spent, plot.limit, plot.expected, plot.high)
    return max(float(amount) for amount in amounts if amount is not None) or 1.0


def _between(plot: Plot) -> str:
    return "" if plot.low is None or plot.high is None else f" ({money(plot.low)} to {money(plot.high)})"


def _dollars(amount: float, _place: int) -> str:
    return f"${amount:,.12g}"  # a tick at 0.3 is 0.30000000000000004


def _date_form(length: timedelta) -> str:
    return "%H:%M" if length <= timedelta(days=2) else "%d %b" if length <= timedelta(days=400) else "%b %Y"


def _day(plot: Plot, moment: datetime) -> str:
    local = moment.astimezone(ZoneInfo(plot.zone))
    return f"{local.day} {local:%B %Y %H:%M}".removesuffix(" 00:00")
