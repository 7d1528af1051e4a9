"""Recordings play as long as they took, slow nobody down, and are whole or not there."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from p2p_desktop.live.file_clock import FileClock
from p2p_desktop.live.mp4_writer import Mp4Writer, RecordingError
from p2p_desktop.live.recorder import MOST_WAITING, Recorded, Recorder
from p2p_desktop.live.room import LEAST_FREE_MB, MARGIN_MB, free_bytes, largest_file
from p2p_desktop.placing import LONGEST_NAME_BYTES
from p2p_desktop.temporaries import is_temporary, sweep
from tests.live.bars import HEIGHT, WIDTH, drawn, frames_of, number_in, rate_of
from tests.live.waiting import SOON_S, until

ROOT = Path(__file__).parents[2]
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such folders or file names")


class Clock:
    """Stands at a second of one's choice."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Gate:
    """A disk that takes nothing until it is opened. The files are real."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.reached = threading.Event()

    def __call__(self, path: Path, fps: float, size: tuple[int, int]) -> "_Gated":
        return _Gated(self, Mp4Writer(path, fps, size))


class _Gated:
    def __init__(self, gate: Gate, writer: Mp4Writer) -> None:
        self._gate, self._writer = gate, writer

    def write(self, rgb: np.ndarray) -> None:
        self._gate.reached.set()
        assert self._gate.opened.wait(SOON_S)
        self._writer.write(rgb)

    def close(self) -> None:
        self._writer.close()


def record(target: Path, stamped: list[tuple[np.ndarray, float]], end: float, *, fps: float = 25.0, **options) -> Recorded:
    """Record frames at their seconds, none of them dropped, and stop at the second `end`."""
    clock = Clock()
    start = clock.now
    recorder = Recorder(target, fps=fps, clock=clock, **options)
    for frame, second in stamped:
        until(lambda: len(recorder._waiting) < MOST_WAITING)
        recorder.put(frame, start + second)
    clock.now = start + end
    return recorder.stop()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_ten_seconds_play_ten_seconds_whatever_the_camera_sends(tmp_path):
    steps = np.random.default_rng(0).uniform(0.02, 0.11, 200).cumsum()
    seconds = [0.0, *steps[steps < 10]]
    recorded = record(tmp_path / "a.mp4", [(drawn(number), second) for number, second in enumerate(seconds)], 10.0)
    frames = frames_of(tmp_path / "a.mp4")
    assert (recorded.frames, len(frames), rate_of(tmp_path / "a.mp4")) == (250, 250, 25)
    assert recorded == Recorded(tmp_path / "a.mp4", 10.0, 250, 0, (tmp_path / "a.mp4").stat().st_size, "")
    for tick, frame in enumerate(frames):
        newest = max(number for number, second in enumerate(seconds) if second <= (tick + 0.5) / 25 + 1e-6)
        assert number_in(frame) == newest


def test_jitter_of_a_camera_of_the_same_rate_repeats_and_loses_nothing(tmp_path):
    jitter = np.random.default_rng(1).uniform(-0.015, 0.015, 50)
    seconds = [0.0, *(number / 25 + jitter[number] for number in range(1, 50))]
    record(tmp_path / "a.mp4", [(drawn(number), second) for number, second in enumerate(seconds)], 2.0)
    assert [number_in(frame) for frame in frames_of(tmp_path / "a.mp4")] == list(range(50))


def test_of_several_frames_in_one_tick_the_newest_is_kept(tmp_path):
    recorded = record(tmp_path / "a.mp4", [(drawn(number), number / 100) for number in range(100)], 1.0)
    numbers = [number_in(frame) for frame in frames_of(tmp_path / "a.mp4")]
    assert len(numbers) == 25
    assert all(abs(number - 4 * tick) <= 2 for tick, number in enumerate(numbers))
    assert recorded.dropped == 0


def test_the_last_frame_stays_until_the_end(tmp_path):
    record(tmp_path / "a.mp4", [(drawn(1), 0.0), (drawn(2), 0.2)], 1.0)
    assert [number_in(frame) for frame in frames_of(tmp_path / "a.mp4")] == [1] * 5 + [2] * 20


def test_while_no_frame_comes_time_is_recorded_all_the_same(tmp_path):
    clock = Clock()
    recorder = Recorder(tmp_path / "a.mp4", clock=clock)
    recorder.put(drawn(5), clock.now)
    clock.now += 4.0
    until(lambda: recorder.seconds >= 3.0)
    assert recorder.seconds == 3.0  # a frame for the last second may still come
    assert recorder.stop().seconds == 4.0


def test_what_the_computer_slept_through_is_left_out(tmp_path):
    clock = Clock()
    recorder = Recorder(tmp_path / "a.mp4", clock=clock)
    recorder.put(drawn(1), clock.now)
    until(lambda: recorder._held is not None)
    clock.now += 0.001
    until(lambda: recorder._idle_since == clock.now)
    clock.now += 8 * 3600.0
    until(lambda: recorder._idle_since == clock.now)
    recorder.put(drawn(2), clock.now + 0.4)
    clock.now += 1.0
    assert recorder.stop().seconds == pytest.approx(1.0, abs=0.05)
    assert {number_in(frame) for frame in frames_of(tmp_path / "a.mp4")} == {1, 2}


def test_a_single_frame_is_a_video(tmp_path):
    recorded = record(tmp_path / "a.mp4", [(drawn(3), 0.0)], 0.0)
    assert (recorded.frames, [number_in(frame) for frame in frames_of(tmp_path / "a.mp4")]) == (1, [3])


def test_frames_after_the_end_are_not_recorded(tmp_path):
    clock = Clock()
    recorder = Recorder(tmp_path / "a.mp4", clock=clock)
    recorder.put(drawn(1), clock.now)
    recorder.end()
    recorder.put(drawn(2), clock.now + 5)
    recorded = recorder.stop()
    assert (recorded.frames, recorded.dropped) == (1, 0)
    assert recorder.stop() == recorded
    assert recorder.is_over


def test_a_slow_disk_costs_frames_and_no_time_of_whoever_gives_them(tmp_path):
    gate, clock = Gate(), Clock()
    recorder = Recorder(tmp_path / "a.mp4", clock=clock, open_writer=gate)
    start = clock.now
    recorder.put(drawn(0), start)
    recorder.put(drawn(1), start + 0.04)  # by which the first is to be written
    assert gate.reached.wait(SOON_S)
    for number in range(2, 100):  # each returns although nothing is written
        recorder.put(drawn(number), start + number / 25)
    assert recorder.dropped == 98 - MOST_WAITING
    gate.opened.set()
    clock.now = start + 4.0
    recorded = recorder.stop()
    assert (recorded.seconds, recorded.dropped) == (4.0, 95)
    assert [number_in(frame) for frame in frames_of(tmp_path / "a.mp4")] == [0, *[1] * 96, 97, 98, 99]


def test_frames_that_change_size_are_fitted_with_black_bars(tmp_path):
    tall = np.full((120, 40, 3), 255, np.uint8)
    record(tmp_path / "a.mp4", [(drawn(7), 0.0), (tall, 0.2), (drawn(8, HEIGHT * 2), 0.4)], 0.6)
    frames = frames_of(tmp_path / "a.mp4")
    assert {frame.shape for frame in frames} == {(HEIGHT, WIDTH, 3)}
    assert number_in(frames[2]) == 7
    column = frames[7].mean((0, 2))
    assert column[WIDTH // 2] > 240  # 16 pixels wide, as high as the frame
    assert max(column[: WIDTH // 2 - 16].max(), column[WIDTH // 2 + 16 :].max()) < 16


def test_grey_is_recorded_as_it_looks_and_odd_sides_become_even(tmp_path):
    record(tmp_path / "a.mp4", [(drawn(9)[:47, :159, :1].copy(), 0.0)], 0.2)
    frames = frames_of(tmp_path / "a.mp4")
    assert frames[0].shape == (48, 160, 3)
    assert number_in(frames[0]) == 9


@pytest.mark.parametrize("shape", [(48, 64), (48, 64, 4), (0, 64, 3)])
def test_what_is_no_frame_is_refused(tmp_path, shape):
    recorder = Recorder(tmp_path / "a.mp4")
    with pytest.raises(ValueError, match="a frame is"):
        recorder.put(np.zeros(shape, np.uint8), 0.0)
    with pytest.raises(ValueError, match="uint16"):
        recorder.put(np.zeros((48, 64, 1), np.uint16), 0.0)
    recorder.stop()


def test_without_a_frame_there_is_no_file(tmp_path):
    recorded = Recorder(tmp_path / "a.mp4").stop()
    assert (recorded.path, recorded.frames) == (None, 0)
    assert "no frame came" in recorded.why
    assert names(tmp_path) == []


def test_a_recording_never_replaces_a_file_unless_asked(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"theirs")
    frame = [(drawn(1), 0.0)]
    assert record(tmp_path / "a.mp4", frame, 0.2).path == tmp_path / "a-2.mp4"
    assert record(tmp_path / "a.mp4", frame, 0.2).path == tmp_path / "a-3.mp4"
    assert (tmp_path / "a.mp4").read_bytes() == b"theirs"
    assert record(tmp_path / "a.mp4", frame, 0.2, overwrite=True).path == tmp_path / "a.mp4"
    assert number_in(frames_of(tmp_path / "a.mp4")[0]) == 1
    assert names(tmp_path) == ["a-2.mp4", "a-3.mp4", "a.mp4"]


def test_a_file_that_cannot_be_replaced_costs_no_recording(tmp_path):
    recorder = Recorder(tmp_path / "a.mp4", overwrite=True)
    (tmp_path / "a.mp4").mkdir()
    recorder.put(drawn(1), time.monotonic())
    assert recorder.stop().path == tmp_path / "a-2.mp4"
    assert names(tmp_path) == ["a-2.mp4", "a.mp4"]


def test_names_may_be_long_and_in_any_script(tmp_path):
    folder = tmp_path / "f\u00fcr \u6620\u50cf & 100 %d"
    folder.mkdir()
    recorded = record(folder / ("\u00e9" * 200 + ".mp4"), [(drawn(4), 0.0)], 0.2)
    assert recorded.path is not None
    assert len(os.fsencode(recorded.path.name)) <= LONGEST_NAME_BYTES
    assert number_in(frames_of(recorded.path)[0]) == 4
    assert names(folder) == [recorded.path.name]


@posix_only
def test_a_folder_with_a_colon_is_no_protocol(tmp_path, monkeypatch):
    (tmp_path / "file:x").mkdir()
    monkeypatch.chdir(tmp_path)
    assert record(Path("file:x/a.mp4"), [(drawn(4), 0.0)], 0.2).path == Path("file:x/a.mp4")
    assert names(tmp_path / "file:x") == ["a.mp4"]


def test_a_full_disk_ends_the_recording_and_keeps_it(tmp_path):
    clock, free, outcomes = Clock(), [LEAST_FREE_MB << 20], []
    recorder = Recorder(tmp_path / "a.mp4", clock=clock, free=lambda _: free[0], ended=outcomes.append)
    recorder.put(drawn(1), clock.now)
    recorder.put(drawn(2), clock.now + 1.0)
    until(lambda: recorder.seconds >= 1.0)
    free[0] -= 1
    clock.now += 1.5
    until(lambda: recorder.is_over)
    recorder.put(drawn(3), clock.now)
    recorded = recorder.stop()
    assert outcomes == [recorded]
    assert recorded.seconds == 1.0
    assert "64 MB are free" in recorded.why
    assert str(tmp_path) in recorded.why
    assert len(frames_of(tmp_path / "a.mp4")) == 25
    assert names(tmp_path) == ["a.mp4"]


def test_a_file_that_reaches_what_its_disk_can_hold_ends_the_recording_and_keeps_it(tmp_path):
    clock = Clock()
    recorder = Recorder(tmp_path / "a.mp4", clock=clock, largest=lambda _: (MARGIN_MB << 20) + 100_000)
    noise = np.random.default_rng(0).integers(0, 255, (5, 240, 320, 3), np.uint8)  # some 20 KB a frame, and more than a buffer
    for number in range(100):
        recorder.put(noise[number % 5], clock.now)
        clock.now += 0.04
        until(lambda: not recorder._waiting)
    until(lambda: recorder.is_over)
    recorded = recorder.stop()
    assert "holds no larger files" in recorded.why
    assert 0.5 < recorded.seconds < 2.5
    assert len(frames_of(tmp_path / "a.mp4")) == recorded.frames


def test_room_is_asked_of_the_disk_that_a_folder_lies_on(tmp_path):
    assert free_bytes(tmp_path) > 0
    assert largest_file(tmp_path) >= (1 << 32) - 1
    with pytest.raises(OSError, match="missing"):
        free_bytes(tmp_path / "missing")


def test_a_file_that_takes_no_more_frames_keeps_those_it_has(tmp_path):
    class Tired(Mp4Writer):
        num_left = 10

        def write(self, rgb: np.ndarray) -> None:
            if not self.num_left:
                raise RecordingError("A frame could not be added.")
            self.num_left -= 1
            super().write(rgb)

    recorded = record(tmp_path / "a.mp4", [(drawn(1), 0.0)], 2.0, open_writer=Tired)
    assert (recorded.frames, recorded.why) == (10, "A frame could not be added.")
    assert len(frames_of(tmp_path / "a.mp4")) == 10


def test_why_nothing_can_be_recorded_is_said_at_the_start(tmp_path):
    with pytest.raises(RecordingError, match="no folder"):
        Recorder(tmp_path / "missing" / "a.mp4")
    with pytest.raises(RecordingError, match=r"ends in \.mp4"):
        Recorder(tmp_path / "a.avi")
    with pytest.raises(RecordingError, match="64 MB"):
        Recorder(tmp_path / "a.mp4", free=lambda _: 1000)
    (tmp_path / "b.mp4").mkdir()
    with pytest.raises(RecordingError, match="is a folder"):
        Recorder(tmp_path / "b.mp4", overwrite=True)
    with pytest.raises(ValueError, match="frames a second"):
        Recorder(tmp_path / "a.mp4", fps=0)
    assert names(tmp_path) == ["b.mp4"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the system's manager may write anywhere")
def test_a_folder_that_is_write_protected_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(RecordingError, match="cannot be written to"):
        Recorder(tmp_path / "a.mp4")


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that takes no files from anybody")
def test_a_folder_that_takes_no_files_is_named():
    with pytest.raises(RecordingError, match="Nothing can be recorded to /proc"):
        Recorder(Path("/proc/a.mp4"))


def test_a_writer_that_does_not_open_leaves_nothing(tmp_path):
    def refuse(path: Path, fps: float, size: tuple[int, int]) -> Mp4Writer:
        return Mp4Writer(path / "below a file.mp4", fps, size)

    with pytest.raises(RecordingError, match="cannot be written"):
        Recorder(tmp_path / "a.mp4", open_writer=refuse)
    assert names(tmp_path) == []


def test_a_size_that_no_video_has_is_said_at_the_end(tmp_path):
    def small_only(path: Path, fps: float, size: tuple[int, int]) -> Mp4Writer:
        return Mp4Writer(path if size == (64, 64) else path / "below a file.mp4", fps, size)

    outcomes = []
    recorder = Recorder(tmp_path / "a.mp4", open_writer=small_only, ended=outcomes.append)
    recorder.put(drawn(1), time.monotonic())
    with pytest.raises(RecordingError, match=f"{WIDTH} x {HEIGHT}") as raised:
        recorder.stop()
    assert outcomes == [raised.value]
    assert names(tmp_path) == []


def test_a_folder_that_goes_away_is_told_at_the_end(tmp_path):
    folder = tmp_path / "drive"
    folder.mkdir()
    clock = Clock()
    recorder = Recorder(folder / "a.mp4", clock=clock)
    recorder.put(drawn(1), clock.now)
    clock.now += 3.0
    until(lambda: recorder.seconds > 1.0)
    folder.rename(tmp_path / "gone")
    with pytest.raises(RecordingError, match=r"a\.mp4 could not be finished"):
        recorder.stop()


def test_a_killed_recording_leaves_no_file_under_its_name_and_is_swept(tmp_path):
    code = """if True:
        import sys, time
        from pathlib import Path
        from p2p_desktop.live.recorder import Recorder
        from tests.live.bars import drawn
        recorder = Recorder(Path(sys.argv[1]))
        for number in range(1000):
            recorder.put(drawn(number), time.monotonic())
            if recorder.seconds > 0.2 and number % 10 == 0:
                print(recorder.seconds, flush=True)
            time.sleep(0.02)
    """
    arguments = [sys.executable, "-c", code, str(tmp_path / "a.mp4")]
    child = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        assert child.stdout.readline()  # some of it is written
        sweep(tmp_path)
        (left,) = names(tmp_path)
        assert is_temporary(left)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    assert names(tmp_path) == [left]
    (tmp_path / "holiday.part.mp4").write_bytes(b"theirs")
    record(tmp_path / "a.mp4", [(drawn(1), 0.0)], 0.2)
    assert names(tmp_path) == ["a.mp4", "holiday.part.mp4"]


@pytest.mark.parametrize(("second", "over"), [(-1.0, 0), (0.0, 0), (0.019, 0), (0.021, 1), (0.04, 1), (9.999, 250), (10.0, 250)])
def test_frames_of_a_file_are_over_half_a_frame_after_their_time(second, over):
    assert FileClock(5.0, 25.0).num_over(5.0 + second) == over
