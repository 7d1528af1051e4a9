"""What Live promises of delay, order, memory and figures: real streams and files, and clocks of the test's own.

The model's time is slept, so that a busy computer changes little. Where it does, the allowance is stated.
"""

import gc
import itertools
import time
from functools import partial

import numpy as np
import psutil
import pytest

from p2p_desktop.live.frames import Frame
from tests.live.clips import drawn_frame, write_clip
from tests.live.fakes import AddingTranslator, until
from tests.live.watching import of_file, of_stream

BUSY_MS = 40.0  # by which a busy computer may delay the slowest frame in twenty: some turns of its scheduler
MOST_GROWTH_MB = 24.0  # of the process while a hundred frames or more go through, 23 MB and more: libraries keep some


class FloodingCamera:
    """A frame every `interval_s`, each of its own memory."""

    rate = 0.0

    def __init__(self, interval_s):
        self._interval_s, self._began = interval_s, time.monotonic()
        self.made_at = []

    def read(self, timeout_s):
        time.sleep(max(0.0, self._began + len(self.made_at) * self._interval_s - time.monotonic()))
        frame = drawn_frame(len(self.made_at) % 4096)
        self.made_at.append(time.monotonic())
        return Frame(frame, self.made_at[-1])

    def close(self):
        pass


def memory_mb():
    gc.collect()
    return psutil.Process().memory_info().rss / 1e6


def assert_in_time(run, interval_s):
    """No frame is older than the time that its predecessor and it itself take, and the time between two frames."""
    limit_ms = 1000 * (2 * run.model_s + interval_s) + BUSY_MS
    assert np.percentile(run.delays_ms, 95) < limit_ms
    assert run.summary.figures.latency_ms_p95 < limit_ms


def assert_newest_in_order(run, came_at):
    """`came_at`: when each number came. Whenever one was taken up, no newer one had been there for as long as a turn takes."""
    assert all(before < after for before, after in itertools.pairwise(run.numbers))
    num_missed = [
        sum(at < shown.begun - BUSY_MS / 1000 for at in came_at[number + 1 : number + 100])
        for number, shown in zip(run.numbers, run.shown, strict=True)
    ]
    assert np.percentile(num_missed, 95) == 0


def test_a_stream_at_thirty_frames_a_second_is_shown_in_time(stream, watching):
    run = watching(of_stream(stream), AddingTranslator(0, seconds=0.02))
    run.until_shown(20)
    before = memory_mb()
    run.until_shown(120)
    growth = memory_mb() - before
    summary = run.stopped()
    assert_in_time(run, 1 / 30)
    assert_newest_in_order(run, [stream.sent_at[number] for number in sorted(stream.sent_at)])
    assert growth < MOST_GROWTH_MB
    assert summary.figures.frames_in == summary.figures.frames_out + summary.figures.dropped


def test_a_file_at_sixty_frames_a_second_is_shown_in_time_to_its_end(tmp_path, watching):
    clip = write_clip(tmp_path / "fast.mp4", 240, fps=60)
    run = watching(of_file(clip, loops=False), AddingTranslator(0, seconds=0.025))
    summary = run.ended()
    assert_in_time(run, 1 / 60)
    began = run.shown[0].frame.captured - run.numbers[0] / 60
    assert_newest_in_order(run, [began + number / 60 for number in range(240)])
    assert run.numbers[-1] == 239
    assert run.at[-1] - run.at[0] == pytest.approx((239 - run.numbers[0]) / 60, abs=5 * BUSY_MS / 1000)
    assert summary.lost == ""


def test_a_camera_four_times_faster_than_the_model_leaves_nothing_behind(watching):
    camera = FloodingCamera(0.005)
    run = watching(lambda: camera, AddingTranslator(0, seconds=0.02))
    run.until_shown(30)
    before = memory_mb()
    run.until_shown(180)
    growth = memory_mb() - before
    summary = run.stopped()
    assert_in_time(run, 0.005)
    assert_newest_in_order(run, camera.made_at)
    assert growth < MOST_GROWTH_MB
    assert summary.figures.dropped > summary.figures.frames_out


@pytest.mark.slow
def test_memory_stays_flat_over_thousands_of_frames(watching):
    run = watching(partial(FloodingCamera, 0.004), AddingTranslator(0, seconds=0.004))
    run.until_shown(200)
    before = memory_mb()
    until(lambda: run.num_shown > 2000, "thousands were shown", 120)
    assert memory_mb() - before < MOST_GROWTH_MB
    run.stopped()


def test_the_figures_are_those_of_an_outside_clock(stream, watching):
    run = watching(of_stream(stream), AddingTranslator(0, seconds=0.05))
    run.until_shown(80)
    summary = run.stopped()
    num_sent = len(stream.sent_at)
    figures = summary.figures
    assert figures.frames_out == run.num_shown
    assert figures.frames_in == pytest.approx(num_sent, rel=0.05, abs=3)
    assert figures.dropped == figures.frames_in - figures.frames_out
    assert summary.fps == pytest.approx((run.num_shown - 1) / (run.at[-1] - run.at[0]), rel=0.01)
    delays_ms = [1000 * (at - stream.sent_at[number]) for number, at in zip(run.numbers, run.at, strict=True)]
    assert figures.latency_ms_p50 == pytest.approx(np.median(delays_ms), abs=10)
    assert figures.latency_ms_p95 == pytest.approx(np.percentile(delays_ms, 95), abs=BUSY_MS)
    assert figures.model_ms == pytest.approx(1000 * run.model_s, abs=1)
    assert figures.model_ms >= 50
