import itertools
import time

import numpy as np
import pytest

from p2p_desktop.live import video_file
from p2p_desktop.live.camera import CameraError, VideoEnded
from p2p_desktop.live.sources import VideoFile, open_source
from p2p_desktop.live.video_file import FileCamera
from tests.live.clips import drawn_frame, number_of, write_clip
from tests.live.reading import frames_for, next_frame, read_on


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A second and a half."""
    return write_clip(tmp_path_factory.mktemp("clips") / "Größe.mp4", 90, fps=60.0)


def test_frames_are_rgb_and_in_order(clip):
    camera = open_source(VideoFile(clip), loops=False)
    frames = [next_frame(camera) for _ in range(5)]
    camera.close()
    assert np.abs(frames[0].rgb[150, 50].astype(int) - drawn_frame(0)[150, 50]).max() < 30
    numbers = [number_of(frame.rgb) for frame in frames]
    assert numbers[0] == 0
    assert numbers == sorted(set(numbers))


def test_it_plays_at_its_own_rate_and_ends(clip):
    camera = FileCamera(clip, loops=False)
    assert camera.rate == 60
    frames = [next_frame(camera), *frames_for(camera, 1.2)]
    with pytest.raises(VideoEnded):
        read_on(camera)
    camera.close()
    assert time.monotonic() - frames[0].captured >= 89 / 60
    for frame in frames:
        assert frame.captured - frames[0].captured == pytest.approx(number_of(frame.rgb) / 60, abs=1e-6)


def test_a_slow_reader_misses_frames_and_stays_in_time(clip):
    camera = FileCamera(clip)
    first = next_frame(camera)
    time.sleep(0.5)
    later = next_frame(camera)
    camera.close()
    assert number_of(later.rgb) == round(60 * (later.captured - first.captured)) >= 30
    assert time.monotonic() - later.captured < 0.3


def test_a_computer_that_decodes_too_slowly_shows_slow_motion(clip, monkeypatch):
    monkeypatch.setattr(video_file, "LONGEST_PASSING_S", -1.0)
    camera = FileCamera(clip)
    next_frame(camera)
    time.sleep(0.5)
    later = next_frame(camera)
    camera.close()
    assert number_of(later.rgb) == 1
    assert time.monotonic() - later.captured < 0.4


def test_it_begins_again_without_a_gap(tmp_path):
    camera = FileCamera(write_clip(tmp_path / "short.mp4", 10, fps=50.0))
    frames = frames_for(camera, 0.7)
    camera.close()
    counted = [round(50 * (frame.captured - frames[0].captured)) for frame in frames]
    assert [number_of(frame.rgb) for frame in frames] == [count % 10 for count in counted]
    assert counted[-1] > 20


def test_reading_takes_no_longer_than_asked_for(tmp_path):
    camera = FileCamera(write_clip(tmp_path / "slow.mp4", 3, fps=1.0))
    next_frame(camera)
    began = time.monotonic()
    assert camera.read(0.1) is None
    assert 0.09 < time.monotonic() - began < 0.6
    camera.close()


def test_a_reader_that_was_long_away_goes_on_where_it_was(clip):
    camera = FileCamera(clip)
    before = number_of(next_frame(camera).rgb)
    time.sleep(1.1)
    assert number_of(next_frame(camera).rgb) == before + 1
    camera.close()


def test_a_rate_that_is_nonsense_becomes_a_usual_one(tmp_path):
    camera = FileCamera(write_clip(tmp_path / "fast.mp4", 3, fps=1000.0))
    assert camera.rate == 25
    camera.close()


def test_a_clip_that_was_held_upright_is_shown_upright(tmp_path):
    path = write_clip(tmp_path / "upright.mp4", 3)
    data = path.read_bytes()
    one, turned = (1 << 16).to_bytes(4, "big"), (-1 << 16).to_bytes(4, "big", signed=True)
    matrix = one + bytes(12) + one + bytes(12) + (1 << 30).to_bytes(4, "big")
    at = data.index(matrix, data.index(b"tkhd"))
    quarter = bytes(4) + one + bytes(4) + turned + bytes(16) + (1 << 30).to_bytes(4, "big")
    path.write_bytes(data[:at] + quarter + data[at + len(quarter) :])
    camera = FileCamera(path)
    assert next_frame(camera).rgb.shape == (320, 240, 3)
    camera.close()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "is not there"), (b"", "is empty"), (b"words, and words\n" * 100, "is no video"), (bytes(5000), "is no video")],
)
def test_a_file_that_is_no_video_says_so(tmp_path, content, sentence):
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CameraError, match=sentence) as error:
        FileCamera(path)
    assert not error.value.may_return


def test_a_text_file_is_no_video(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("words\n" * 100)
    with pytest.raises(CameraError, match="is no video"):
        FileCamera(path)


def damaged(clip, tmp_path, begin: float, end: float):
    data = bytearray(clip.read_bytes())
    begin_at, end_at = int(begin * len(data)), int(end * len(data))
    data[begin_at:end_at] = np.random.default_rng(1).integers(0, 256, end_at - begin_at, np.uint8).tobytes()
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    return path


def test_a_file_that_is_damaged_in_the_middle_says_so_at_its_end(clip, tmp_path):
    camera = FileCamera(damaged(clip, tmp_path, 0.3, 0.9), loops=False)
    next_frame(camera)
    with pytest.raises(CameraError, match="is damaged: it breaks off"):
        read_on(camera)
    camera.close()


def test_what_is_whole_of_a_damaged_file_plays_again_and_again(clip, tmp_path, caplog):
    camera = FileCamera(damaged(clip, tmp_path, 0.3, 0.9))
    frames = frames_for(camera, 1.0)
    camera.close()
    numbers = [number_of(frame.rgb) for frame in frames]
    assert sum(after < before for before, after in itertools.pairwise(numbers)) >= 1
    assert caplog.text.count("is damaged") == 1


def test_a_file_that_vanishes_says_so_when_it_is_to_begin_again(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", 6, fps=60.0)
    camera = FileCamera(path)
    next_frame(camera)
    path.unlink()
    with pytest.raises(CameraError, match="is no longer there") as error:
        read_on(camera)
    camera.close()
    assert not error.value.may_return


def test_nothing_is_written_to_the_terminal(clip, tmp_path, capfd):
    camera = FileCamera(damaged(clip, tmp_path, 0.3, 0.6))
    frames_for(camera, 0.5)
    camera.close()
    with pytest.raises(CameraError):
        FileCamera(tmp_path / "nosuch.mp4")
    assert capfd.readouterr() == ("", "")


def test_sixty_frames_a_second_come(clip):
    camera = FileCamera(clip)
    next_frame(camera)
    frames = frames_for(camera, 0.5)
    camera.close()
    assert len(frames) > 15
