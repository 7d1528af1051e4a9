"""The numbers behind the plots of a run: loss curves smoothed as they grow, reduced to what a screen can show, and where ticks go.

Shapes: N steps, K curves, C columns of the plot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, floor, log10
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from p2p_desktop.runs.run_state import LOSS_NAMES, Losses, LossName

Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]
Points: TypeAlias = tuple[Floats, Floats]
"""x and y of a line, of one length."""

MOST_COLUMNS = 2000
"""Two points each: more cannot be told apart, and take longer to draw than a frame lasts."""
_LEAST_ROOM = 1024
_MOST_AT_ONCE = 25_000  # steps that are read in one call: some milliseconds
_LONGEST_BLOCK = 2048  # steps that are smoothed at once
_MOST_GROWTH = 300.0  # of a weight within a block, as a power of e: far from what a float can hold
_LOG_MARKS = (1.0, 2.0, 5.0)


class Smoothing:
    """An exponential moving average over about `span` steps of K curves, continued where it was left.

    Beginnings are not drawn to zero: the average is one of what was seen so far (Kingma and Ba 2014, section 3).
    """

    def __init__(self, num_curves: int, span: float) -> None:
        """`span` in steps; 0 or less: nothing is smoothed."""
        self.span = span
        self._keep = exp(-1.0 / span) if span > 0 else 0.0
        self._average = np.zeros(num_curves)
        self._last = np.full(num_curves, np.nan)
        self._seen = 0

    def take(self, values_KN: Floats) -> Floats:
        """Give the averages after each of these steps, [K, N]. What is no number is passed over."""
        if not np.isfinite(values_KN).all():
            values_KN = _filled(values_KN, self._last)
        if values_KN.shape[1] == 0:
            return values_KN
        self._last = values_KN[:, -1].copy()
        if self._keep == 0.0:
            return values_KN
        sums_KN = self._sums(values_KN)
        self._average = sums_KN[:, -1].copy()
        ages = self._seen + 1 + np.arange(values_KN.shape[1])
        self._seen += values_KN.shape[1]
        averages: Floats = sums_KN / -np.expm1(-ages / self.span)
        return averages

    def _sums(self, values_KN: Floats) -> Floats:
        """The average that begins at zero: sums of growing weights in blocks, then what each leaves to the next."""
        num_curves, num = values_KN.shape
        length = min(max(1, int(_MOST_GROWTH * self.span)), _LONGEST_BLOCK)
        blocks = ceil(num / length)
        padded = np.zeros((num_curves, blocks * length))
        padded[:, :num] = values_KN
        sums = padded.reshape(num_curves, blocks, length)
        weights = np.exp(np.arange(length) / self.span)
        sums *= (1.0 - self._keep) * weights
        np.cumsum(sums, axis=-1, out=sums)
        fading = 1.0 / weights
        sums *= fading
        carried = self._average
        for block in range(blocks):
            sums[:, block] += carried[:, None] * (self._keep * fading)
            carried = sums[:, block, -1]
        return np.asarray(sums.reshape(num_curves, -1)[:, :num])


class LossCurves:
    """The four losses of a run, raw and smoothed, in the order of LOSS_NAMES. Grows with the run; reads only what is new."""

    def __init__(self, span: float) -> None:
        """`span`: steps that are averaged; 0: none."""
        self._smoothing = Smoothing(len(LOSS_NAMES), span)
        self._num: int
        self._steps: Whole
        self._raw: Floats
        self._smooth: Floats
        self._is_present: NDArray[np.bool_]
        self.forget()

    def __len__(self) -> int:
        return self._num

    @property
    def steps(self) -> Whole:
        """[N], rising."""
        return self._steps[: self._num]

    @property
    def present(self) -> tuple[LossName, ...]:
        """The curves that say anything: a run without a discriminator has but one."""
        return tuple(name for index, name in enumerate(LOSS_NAMES) if self._is_present[index])

    def raw(self, name: LossName) -> Floats:
        """[N]; NaN where the run told no number."""
        return self._raw[LOSS_NAMES.index(name), : self._num]

    def smooth(self, name: LossName) -> Floats:
        """[N]."""
        return self._smooth[LOSS_NAMES.index(name), : self._num]

    def take(self, losses: Losses) -> bool:
        """Read what was appended since the last time, and give whether there was anything. Shorter than before: all is read anew.

        An old run comes in parts, one with each call: whoever asks from a window must not stop it.
        """
        if len(losses) < self._num:
            self.forget()
        first, num = self._num, min(len(losses), self._num + _MOST_AT_ONCE)
        if num == first:
            return False
        self._make_room(num)
        # Copied at once: an array that is looked at cannot grow.
        self._steps[first:num] = np.frombuffer(losses.steps, np.int64, num - first, first * 8)
        for index, name in enumerate(LOSS_NAMES):
            self._raw[index, first:num] = np.frombuffer(losses.values[name], np.float32, num - first, first * 4)
        new = self._raw[:, first:num]
        new[~np.isfinite(new)] = np.nan
        self._is_present |= (np.abs(new) > 0).any(1)  # NaN is not
        self._smooth[:, first:num] = self._smoothing.take(new)
        self._num = num
        return True

    def set_span(self, span: float) -> None:
        """Average over so many steps."""
        self._smoothing = Smoothing(len(LOSS_NAMES), span)
        self._smooth[:, : self._num] = self._smoothing.take(self._raw[:, : self._num])

    def forget(self) -> None:
        """Begin anew: the run was cut short, or it is another one."""
        self._num = 0
        self._steps = np.empty(_LEAST_ROOM, np.int64)
        self._raw = np.empty((len(LOSS_NAMES), _LEAST_ROOM))
        self._smooth = np.empty_like(self._raw)
        self._is_present = np.zeros(len(LOSS_NAMES), bool)
        self._smoothing = Smoothing(len(LOSS_NAMES), self._smoothing.span)

    def at(self, step: int) -> dict[LossName, float]:
        """The smoothed losses of the latest step up to this one; of the first, where it lies before."""
        if not self._num:
            return {}
        place = max(0, int(np.searchsorted(self.steps, step, "right")) - 1)
        return {name: float(self.smooth(name)[place]) for name in self.present}

    def _make_room(self, num: int) -> None:
        room = len(self._steps)
        if num <= room:
            return
        while room < num:
            room *= 2
        self._steps = np.resize(self._steps, room)
        for name in ("_raw", "_smooth"):
            old: Floats = getattr(self, name)
            grown = np.empty((len(LOSS_NAMES), room))
            grown[:, : self._num] = old[:, : self._num]
            setattr(self, name, grown)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which steps fall into which column of a plot: made once, used for every curve."""

    first: Whole
    """[C]: the place of the first step of each column that has one."""
    x: Floats
    """[C]: where the column stands, in steps."""
    num: int
    """N."""


def columns_of(steps: Whole, low: float, high: float, width: int) -> Columns:
    """Divide rising steps among the columns of a plot that is `width` pixels wide and reaches from `low` to `high`."""
    width = min(max(1, width), MOST_COLUMNS)
    if not len(steps):
        return Columns(np.empty(0, np.int64), np.empty(0), 0)
    edges = low + (high - low) * np.arange(width + 1) / width
    places = np.searchsorted(steps, edges)
    places[0] = 0  # what lies outside joins the columns at the rims
    first = places[:-1][np.diff(np.append(places[:-1], len(steps))) > 0]
    ends = np.append(first[1:], len(steps)) - 1
    return Columns(first, (steps[first] + steps[ends]) / 2.0, len(steps))


def reach(values: Floats, columns: Columns) -> Points:
    """A line through the smallest and the largest value of every column: at most twice as many points as columns.

    Looks as all values would, drawn one by one. Columns without a number are left out.
    """
    if not columns.num:
        return np.empty(0), np.empty(0)
    low = np.fmin.reduceat(values, columns.first)
    high = np.fmax.reduceat(values, columns.first)
    y = np.empty(2 * len(low))
    turned = np.arange(len(low)) % 2 == 1  # each column begins where the one before ended, or the line would cross it twice
    y[0::2], y[1::2] = np.where(turned, high, low), np.where(turned, low, high)
    x = np.repeat(columns.x, 2)
    known = np.isfinite(y)
    return (x, y) if known.all() else (x[known], y[known])


def thinned(steps: Whole, values: Floats, columns: Columns) -> Points:
    """A line through the last value of every column."""
    if not columns.num:
        return np.empty(0), np.empty(0)
    ends = np.append(columns.first[1:], columns.num) - 1
    x, y = steps[ends].astype(np.float64), values[ends]
    known = np.isfinite(y)
    return x[known], y[known]


def span_of(lines: Sequence[Floats], *, log: bool = False, room: float = 0.06, least: float = 0.0) -> tuple[float, float]:
    """From where to where an axis reaches that shows all these values, with a little room; of their logarithms, if `log`.

    `least`: as a share of the largest value, how far it reaches at least.
    A log axis leaves out what is not positive. (0, 1) where there is nothing to show.
    """
    lows, highs = [], []
    for line in lines:
        shown = line[np.isfinite(line) & (line > 0)] if log else line[np.isfinite(line)]
        if len(shown):
            lows.append(float(shown.min()))
            highs.append(float(shown.max()))
    if not lows:
        return 0.0, 1.0
    low, high = min(lows), max(highs)
    if log:
        low, high = log10(low), log10(high)
    if high - low < 1e-9 * max(1.0, abs(high)):
        half = 0.15 if log else max(abs(high) * 0.1, 1e-6)
        return low - half, high + half
    if not log and high - low < least * max(abs(low), abs(high)):
        middle, half = (low + high) / 2, least * max(abs(low), abs(high)) / 2
        low, high = middle - half, middle + half
    margin = (high - low) * room
    return low - margin, high + margin


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from `low` to `high`, 1, 2 or 5 times a power of ten apart, at most `most`."""
    if not high > low or most < 1:
        return []
    rough = (high - low) / most
    power = 10.0 ** floor(log10(rough))
    for factor in (1.0, 2.0, 5.0, 10.0, 20.0):
        apart = factor * power
        first, last = ceil(low / apart - 1e-9), floor(high / apart + 1e-9)
        if last - first + 1 <= most:
            return [round(number * apart, 12) for number in range(first, last + 1)]
    return []


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Values whose logarithms lie from `low` to `high`: 1, 2 and 5 of every power of ten, powers alone, or only some of them."""
    if not high > low or most < 1:
        return []
    powers = range(floor(low), ceil(high) + 1)
    for marks, every in ((_LOG_MARKS, 1), ((1.0, 3.0), 1), ((1.0,), 1), ((1.0,), 2), ((1.0,), 5), ((1.0,), 10)):
        values = [mark * 10.0**power for power in powers if power % every == 0 for mark in marks]
        shown = [float(f"{value:.6g}") for value in values if low - 1e-9 <= log10(value) <= high + 1e-9]
        if 2 <= len(shown) <= most:
            return shown
        if len(shown) < 2:
            break
    rough = linear_ticks(10.0**low, 10.0**high, most)  # less than a power of ten is in sight
    return [value for value in rough if value > 0]


def tick_words(value: float) -> str:
    """As one writes it beside an axis: "10,000", "0.25", "1e-05"."""
    if value == 0:
        return "0"
    if abs(value) >= 1e6 or abs(value) < 1e-3:
        return f"{value:g}" if abs(value) < 1e-3 else _in_millions(value)
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.6g}"


def _in_millions(value: float) -> str:
    return f"{value / 1e6:g} M" if abs(value) < 1e9 else f"{value:g}"


def _filled(values_KN: Floats, before: Floats) -> Floats:
    """Where there is no number, the one before it; zero where there never was one."""
    filled = values_KN.copy()
    for row, last in zip(filled, before, strict=True):
        known = np.isfinite(row)
        places = np.maximum.accumulate(np.where(known, np.arange(len(row)), -1))
        start = last if np.isfinite(last) else 0.0
        row[:] = np.where(places >= 0, row[np.maximum(places, 0)], start)
    return filled
