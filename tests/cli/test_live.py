"""`p2p-desktop live`: figures, recordings and endings."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import cv2
import numpy as np
import pytest

from p2p_desktop.cli.app import run
from p2p_desktop.live import capture, session
from tests.cli.conftest import Ended
from tests.live.clips import drawn_frame, number_of, write_clip
from tests.live.fakes import until
from tests.live.streams import Manners, MjpegServer
from tests.models_for_tests import small_card, write_small_model
from training.contract.spec import unet

KEYS = {
    *("type", "frames_in", "frames_out", "dropped", "fps", "latency_ms_p50", "latency_ms_p95", "model_ms", "device", "runtime"),
    *("size", "lost", "recording"),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Changes little, so that a frame's number can be read from what becomes of it."""
    card = small_card(spec=unet(3, 3, 3, width=4, norm="none", bias="all", dropout="none", output="residual"))
    return write_small_model(tmp_path_factory.mktemp("model") / "m.safetensors", card, gain=1.0)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", 30)


@pytest.fixture
def stream():
    server = MjpegServer()
    yield server
    server.close()


@pytest.fixture
def live(home_in_use, capfdbinary, model):
    """The command in this process, which has imported all already."""

    def start(camera, *words, model=model):
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            code = run(["live", "--camera", str(camera), "-m", str(model), *map(str, words), "--device", "cpu"])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        out, err = capfdbinary.readouterr()
        return Ended(code, out.decode(), err.decode())

    return start


def frames_of(path):
    """(frames as RGB, frames a second)."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (read := capture.read())[0]:
        frames.append(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB))
    return frames, capture.get(cv2.CAP_PROP_FPS)


def assert_refused(ended, code, *words):
    """One sentence, and nothing else."""
    assert ended.code == code
    assert ended.out == ""
    assert ended.err.startswith("Error: ")
    assert ended.err.count("\n") == 1
    assert all(word in ended.err for word in words), ended.err


def test_a_video_is_played_once(live, clip):
    ended = live(clip, "--json")
    assert ended.code == 0, ended.err
    assert ended.err == ""
    assert [line["type"] for line in ended.lines] == ["camera", "summary"]
    assert ended.lines[0] == {"type": "camera", "camera": "clip.mp4", "state": "sends", "width": 320, "height": 240}
    assert 1 <= ended.summary["frames_out"] <= 30


def test_the_summary_has_what_was_promised(live, clip):
    summary = live(clip, "--json").summary
    assert set(summary) == KEYS
    assert summary["frames_in"] == summary["frames_out"] + summary["dropped"]
    assert all(type(summary[name]) is int for name in ("frames_in", "frames_out", "dropped"))
    assert 0 < summary["fps"] < 60  # 30, but a late first frame makes the others seem faster
    assert 0 < summary["model_ms"] <= summary["latency_ms_p50"] <= summary["latency_ms_p95"]
    assert (summary["device"], summary["runtime"]) == ("cpu", "openvino")
    assert (summary["size"], summary["lost"], summary["recording"]) == ([320, 240], "", None)


def test_a_video_begins_again_until_so_many_frames_are_out(live, tmp_path):
    ended = live(write_clip(tmp_path / "short.mp4", 5), "--frames", 23, "--json")
    assert ended.code == 0
    assert ended.summary["frames_out"] == 23


def test_a_stream_is_watched_until_so_many_frames_are_out(live, stream):
    ended = live(stream.url, "--frames", 15, "--json")
    assert ended.code == 0
    assert ended.summary["frames_out"] == 15
    assert ended.lines[0]["camera"] == f"127.0.0.1:{stream.port}/video"


def test_nobody_but_the_address_is_looked_up(live, stream, monkeypatch):
    asked, look_up = set(), socket.getaddrinfo

    def heard(host, *words, **options):
        asked.add(host)
        return look_up(host, *words, **options)

    monkeypatch.setattr(socket, "getaddrinfo", heard)
    assert live(stream.url, "--frames", 2).code == 0
    assert asked == {"127.0.0.1"}


def test_people_read_sentences(live, clip):
    ended = live(clip, "--frames", 5)
    assert ended.code == 0
    assert ended.out.startswith("5 frames out of ")
    assert "320 x 240 on cpu" in ended.out
    assert ended.err == "clip.mp4: 320 x 240\n"


def test_a_recording_plays_as_long_as_it_took(live, stream, tmp_path):
    ended = live(stream.url, "--frames", 45, "--record", tmp_path / "out.mp4", "--json")
    assert ended.code == 0, ended.err
    recording, summary = ended.summary["recording"], ended.summary
    assert recording["file"] == str(tmp_path / "out.mp4")
    assert recording["why"] == ""
    frames, fps = frames_of(tmp_path / "out.mp4")
    assert len(frames) == recording["frames"]
    assert len(frames) / fps == pytest.approx(recording["seconds"], abs=0.01)
    took_s = 44 / summary["fps"]
    assert took_s - 0.1 < recording["seconds"] < took_s + 1.0  # the last frame stays until all is closed
    numbers = [number_of(frame) for frame in frames]
    assert numbers == sorted(numbers)
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_wishes_are_followed(live, clip, tmp_path):
    record = tmp_path / "out.mp4"
    ended = live(clip, "--frames", 5, "--size", 160, "--mirror", "--strength", 0, "--record", record, "--json")
    assert ended.code == 0, ended.err
    assert ended.summary["size"] == [160, 120]
    frames, _ = frames_of(record)
    mirrored = frames[0][:, ::-1]
    expected = drawn_frame(number_of(mirrored))
    assert np.abs(mirrored.astype(int) - expected).mean() < 6  # what two encodings cost


def test_what_is_too_slow_to_hold_is_made_smaller(live, tmp_path):
    slow = small_card("slow", unet(3, 3, 3, width=32, norm="none", bias="all", output="residual", dropout="none"))
    heavy = write_small_model(tmp_path / "slow.safetensors", slow)
    source = write_clip(tmp_path / "large.mp4", 30, size=(640, 480))
    ended = live(source, "--frames", 40, "--hold", 120, "--json", model=heavy)
    assert ended.summary["size"][0] < 640


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--size", 16], "working size"),
        (["--hold", 0.5], "can be held"),
        (["--runtime", "abacus"], "abacus"),
        (["--statistics", "none"], "none"),
        (["--device", "abacus"], "abacus"),
    ],
)
def test_wishes_that_cannot_be_are_wrong_usage(home_in_use, model, clip, capfd, words, what):
    code = run(["live", "--camera", str(clip), "-m", str(model), *map(str, words), "--json"])
    captured = capfd.readouterr()
    assert_refused(Ended(code, captured.out, captured.err), 2, what)


def test_a_computer_without_cameras_says_so(live, monkeypatch):
    monkeypatch.setattr("p2p_desktop.live.known_cameras.known_cameras", tuple)
    assert_refused(live("0", "--json"), 1, "no camera number 0", "No camera was found")
    assert_refused(live("nosuch.mp4", "--json"), 1, "nosuch.mp4", "No camera was found")


def test_files_and_folders_without_a_video_say_so(live, tmp_path):
    (tmp_path / "empty.mp4").touch()
    assert_refused(live(tmp_path / "empty.mp4", "--json"), 1, "is empty")
    assert_refused(live(tmp_path, "--json"), 1, "is a folder")


def test_models_that_take_no_frames_say_so(live, clip, tmp_path):
    depth = write_small_model(tmp_path / "deep.safetensors", small_card("deep", encodings=("depth16", "depth16")))
    assert_refused(live(clip, "--json", model=depth), 1, "takes depth pictures")
    assert_refused(live(clip, "--json", "--record", tmp_path / "out.mp4", model=depth), 1, "takes depth pictures")
    assert [path.name for path in tmp_path.iterdir()] == ["deep.safetensors"]


def test_a_model_that_is_not_there_says_so(live, clip, tmp_path):
    ended = live(clip, "--json", model=tmp_path / "none.safetensors")
    assert ended.code in (1, 2)
    assert_refused(ended, ended.code, "none.safetensors")


def test_recordings_that_cannot_be_made_say_so(live, clip, tmp_path):
    assert_refused(live(clip, "--record", tmp_path / "out.avi", "--json"), 1, "out.avi", ".mp4")
    assert_refused(live(clip, "--record", tmp_path / "none" / "out.mp4", "--json"), 1, "no folder")


@pytest.mark.parametrize("address", ["ftp://camera/video", "http://", "http://cam era/"])
def test_addresses_that_are_none_say_so(live, address):
    assert_refused(live(address, "--json"), 1, "ddress")


def test_an_address_where_nothing_is_says_so(live):
    server = MjpegServer(Manners(status=404, body=b"nothing"))
    assert_refused(live(server.url, "--json"), 1, "There is nothing at")
    server.close()


def test_an_address_that_never_answers_is_given_up(live, monkeypatch):
    monkeypatch.setattr(session, "PATIENCE_S", 0.8)
    monkeypatch.setattr(capture, "WAITS_S", (0.2,))
    server = MjpegServer()
    server.close()
    ended = live(server.url, "--json")
    assert ended.code == 1
    assert {line["state"] for line in ended.lines} == {"lost"}
    assert ended.err.startswith("Error: Nothing answers at 127.0.0.1:")
    assert ended.err.count("\n") == 1


def test_a_stream_that_is_lost_is_a_finding_and_the_recording_is_whole(live, stream, tmp_path, monkeypatch):
    monkeypatch.setattr(session, "PATIENCE_S", 0.8)
    monkeypatch.setattr(capture, "WAITS_S", (0.2,))
    cutter = threading.Thread(target=lambda: (until(lambda: stream.num_sent > 20), stream.cut()))
    cutter.start()
    ended = live(stream.url, "--record", tmp_path / "out.mp4", "--json")
    cutter.join()
    assert ended.code == 3
    assert "has stopped" in ended.summary["lost"]
    assert ended.summary["frames_out"] > 0
    frames, _ = frames_of(tmp_path / "out.mp4")
    assert len(frames) == ended.summary["recording"]["frames"]


@pytest.mark.parametrize("record", [[], ["--record", "out.mp4"]])
def test_nothing_but_the_sentence_is_written(home_in_use, model, tmp_path, record):
    """FFmpeg must be kept quiet before the first video is opened, be it read or written."""
    (tmp_path / "text.mp4").write_text("Dear diary\n" * 50)
    command = [sys.executable, "-m", "p2p_desktop", "live", "--camera", "text.mp4", "-m", str(model), "--device", "cpu", *record]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert_refused(Ended(result.returncode, result.stdout, result.stderr), 1, "text.mp4", "no video")


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_whoever_interrupts_gets_the_summary_and_the_recording(home_in_use, stream, model, tmp_path):
    command = [sys.executable, "-m", "p2p_desktop", "live", "--camera", stream.url, "-m", str(model), "--device", "cpu", "--json"]
    child = subprocess.Popen([*command, "--record", str(tmp_path / "out.mp4")], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: stream.num_sent > 30 or child.poll() is not None, "the stream was watched", 60)
    interrupted_at = time.monotonic()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert time.monotonic() - interrupted_at < 5  # with the end of the program and of the recording
    ended = Ended(child.returncode, out.decode(), err.decode())
    assert (ended.code, ended.err) == (130, "")
    assert ended.summary["frames_out"] > 0
    frames, _ = frames_of(tmp_path / "out.mp4")
    assert len(frames) == ended.summary["recording"]["frames"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes as POSIX has them")
def test_a_reader_that_leaves_ends_it_without_a_word(home_in_use, stream, model):
    command = [sys.executable, "-m", "p2p_desktop", "live", "--camera", stream.url, "-m", str(model), "--device", "cpu", "--json"]
    reading, writing = os.pipe()
    child = subprocess.Popen(command, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    os.close(reading)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (1, b"")


def test_a_recording_of_which_nothing_is_left_does_not_take_the_summary_with_it(live, clip, tmp_path, monkeypatch):
    monkeypatch.setattr("p2p_desktop.live.recorder.is_video", lambda _: False)  # as on a disk that loses what it is given
    ended = live(clip, "--frames", 5, "--json", "--record", tmp_path / "lost.mp4")
    assert ended.code == 1
    assert ended.summary["frames_out"] == 5
    assert ended.summary["recording"] is None
    assert ended.err.startswith("Error: ")
    assert list(tmp_path.glob("*.mp4")) == []
