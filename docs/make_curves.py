"""Draws what a training run told: its losses, and its held-out metric beside doing nothing, for `docs/results.md`.

    python docs/make_curves.py RUN PICTURE.png

A loss is drawn as its mean over each hundredth of the run, on a logarithmic axis, which is where all four can be seen.
"""

import argparse
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter, QPen, QPolygonF

from p2p_desktop.ui.tokens import LIGHT
from training.contract.protocol import EVENTS, Step, Validation, parse_event
from training.contract.tasks import SMALLER_IS_BETTER, TASKS

SIZE, PLOT_TOP, PLOT_HEIGHT, PLOT_WIDTH = (1160, 330), 44, 240, 470
LEFTS = 70, 660
NUM_MEANS = 100
NAMES = {"g_l1": "G L1", "g_gan": "G GAN", "d_real": "D real", "d_fake": "D fake"}
DASHES = Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine
UNITS = {"psnr": "PSNR, dB", "ssim": "SSIM", "l1": "L1", "ab": "error in a and b", "rmse": "RMSE, m"}


@dataclass(frozen=True, slots=True)
class Curve:
    name: str
    points: Sequence[tuple[float, float]]  # (step, value)
    colour: str
    dash: Qt.PenStyle = Qt.PenStyle.SolidLine


def read(run: Path) -> tuple[list[Step], list[Validation], str]:
    """Steps, measurements, and the metric that chose the best."""
    events = [parse_event(line) for line in (run / EVENTS).read_text(encoding="ascii").splitlines()]
    started = next(event for event in events if getattr(event, "type", "") == "started")
    steps = [event for event in events if isinstance(event, Step)]
    return steps, [event for event in events if isinstance(event, Validation)], TASKS[started.task].best_by


def losses(steps: list[Step]) -> list[Curve]:
    block = max(1, len(steps) // NUM_MEANS)
    curves = []
    for (key, name), colour, dash in zip(NAMES.items(), LIGHT.plots, DASHES, strict=True):
        blocks = [steps[start : start + block] for start in range(0, len(steps), block)]
        points = [(part[-1].step, sum(step.losses[key] for step in part) / len(part)) for part in blocks]
        if any(value > 0 for _, value in points):
            curves.append(Curve(name, [(step, math.log10(max(value, 1e-3))) for step, value in points], colour, dash))
    return curves


def draw(run: Path, target: Path) -> None:
    steps, measured, metric = read(run)
    picture = QImage(*SIZE, QImage.Format.Format_RGB32)
    picture.fill(QColor(LIGHT.surface))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(QFont("DejaVu Sans", 9))
    plot(painter, LEFTS[0], "losses of a step (the generator's times their weight)", losses(steps), is_log=True)
    held_out = Curve("this run", [(one.step, one.metrics[metric]) for one in measured], LIGHT.accent_text)
    nothing = Curve("doing nothing", [(one.step, one.identity[metric]) for one in measured], LIGHT.muted, Qt.PenStyle.DashLine)
    best = (min if metric in SMALLER_IS_BETTER else max)(held_out.points, key=lambda point: point[1])
    better = "lower is better" if metric in SMALLER_IS_BETTER else "higher is better"
    title = f"held out: {UNITS.get(metric, metric)} ({better}; best {best[1]:.4g} at step {best[0]:,})"
    plot(painter, LEFTS[1], title, [held_out, nothing], best=best)
    painter.end()
    picture.save(str(target))


def plot(
    painter: QPainter,
    left: int,
    title: str,
    curves: list[Curve],
    *,
    is_log: bool = False,
    best: tuple[float, float] | None = None,
) -> None:
    area = QRectF(left, PLOT_TOP, PLOT_WIDTH, PLOT_HEIGHT)
    values = [value for curve in curves for _, value in curve.points]
    last = max(step for curve in curves for step, _ in curve.points)
    low, high = min(values), max(values)
    room = (high - low or abs(high) or 1.0) * 0.06
    low, high = low - room, high + room

    def place(step: float, value: float) -> QPointF:
        return QPointF(area.left() + area.width() * step / last, area.bottom() - area.height() * (value - low) / (high - low))

    painter.setPen(QColor(LIGHT.text))
    painter.drawText(QPointF(left, PLOT_TOP - 14), title)
    for value in ticks(low, high, whole=is_log):
        y = place(0, value).y()
        painter.setPen(QColor(LIGHT.plot_grid))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(QColor(LIGHT.muted))
        text = f"{10**value:g}" if is_log else f"{value:.4g}"
        painter.drawText(QRectF(left - 64, y - 10, 58, 20), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
    for step in ticks(0, last):
        x = place(step, low).x()
        painter.drawText(QRectF(x - 40, area.bottom() + 4, 80, 18), Qt.AlignmentFlag.AlignHCenter, f"{step:,.0f}")
    x = float(left)
    for curve in curves:
        painter.setPen(QPen(QColor(curve.colour), 1.6, curve.dash))
        painter.drawPolyline(QPolygonF([place(*point) for point in curve.points]))
        painter.drawLine(QPointF(x, area.bottom() + 34), QPointF(x + 26, area.bottom() + 34))
        painter.setPen(QColor(LIGHT.text))
        painter.drawText(QPointF(x + 32, area.bottom() + 38), curve.name)
        x += 50 + painter.fontMetrics().horizontalAdvance(curve.name)
    if best is not None:
        painter.setBrush(QColor(LIGHT.accent_text))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(star(place(*best), 7))
        painter.setBrush(Qt.BrushStyle.NoBrush)


def ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Round values between the two, some five of them; of exponents (`whole`) every one."""
    if whole:
        return [float(value) for value in range(math.ceil(low), math.floor(high) + 1)]
    raw = (high - low) / 5
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
    return [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def star(centre: QPointF, radius: float) -> QPolygonF:
    corners = []
    for corner in range(10):
        reach, angle = radius * (1.0 if corner % 2 == 0 else 0.45), math.pi * corner / 5
        corners.append(centre + QPointF(reach * math.sin(angle), -reach * math.cos(angle)))
    return QPolygonF(corners)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("picture", type=Path)
    options = parser.parse_args()
    application = QGuiApplication([])
    draw(options.run, options.picture)
    del application


if __name__ == "__main__":
    main()
