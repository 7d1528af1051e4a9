"""All of Live without a window, through real threads: cameras that fail, and every way to end."""

import threading
import time

import pytest

from p2p_desktop.live import capture, mjpeg_camera, session
from p2p_desktop.live.camera import CameraError
from p2p_desktop.live.capture import CameraLost, CameraOpened, CameraSilent, SizeKnown
from p2p_desktop.live.session import watch
from p2p_desktop.live.wishes import LiveWishes
from tests.live.clips import drawn_frame, write_clip
from tests.live.fakes import GONE, LOST, OVER, PATIENCE_S, AddingTranslator, ListedCamera, grey_frame, until
from tests.live.streams import Manners, MjpegServer
from tests.live.watching import of_file, of_stream
from tests.models_for_tests import small_card
from training.contract.errors import ModelError
from training.contract.progress import Token


def test_a_stream_that_is_cut_and_comes_back_goes_on(stream, watching, impatient):
    run = watching(of_stream(stream))
    run.until_shown(5)
    stream.cut()
    until(lambda: run.heard(CameraLost), "the loss was told")
    stream.start()
    shown = run.num_shown
    run.until_shown(shown + 5)
    summary = run.stopped()
    assert summary.lost == ""
    assert len(run.heard(CameraOpened)) == 2
    assert "has stopped" in run.heard(CameraLost)[0].sentence


def test_a_stream_that_never_comes_back_is_given_up(stream, watching, impatient):
    run = watching(of_stream(stream))
    run.until_shown(5)
    stream.cut()
    cut_at = time.monotonic()
    summary = run.ended()
    assert summary.lost == run.heard(CameraLost)[0].sentence
    assert time.monotonic() - cut_at > 1.5
    assert summary.figures.frames_out == run.num_shown


def test_a_stream_that_changes_its_size_goes_on(stream, watching):
    run = watching(of_stream(stream))
    run.until_shown(5)
    stream.manners.size = (192, 144)
    until(lambda: run.sizes[-1] == (144, 192), "the new size was shown")
    assert run.stopped().size == (192, 144)
    assert [(event.width, event.height) for event in run.heard(SizeKnown)] == [(320, 240), (192, 144)]


def test_a_stream_that_stalls_is_told_once_and_goes_on(stream, watching, monkeypatch):
    monkeypatch.setattr(capture, "SILENT_S", 0.3)
    run = watching(of_stream(stream))
    run.until_shown(5)
    stream.manners.is_stalled = True
    until(lambda: run.heard(CameraSilent), "the silence was told")
    shown = run.num_shown
    stream.manners.is_stalled = False
    run.until_shown(shown + 5)
    assert run.stopped().lost == ""
    assert len(run.heard(CameraOpened)) == 1


def test_a_stream_that_stays_silent_is_lost(stream, watching, impatient, monkeypatch):
    monkeypatch.setattr(mjpeg_camera, "SILENCE_S", 0.3)
    run = watching(of_stream(stream))
    run.until_shown(5)
    stream.manners.is_stalled = True
    assert "Nothing comes from" in run.ended().lost


def test_a_file_that_vanishes_is_lost_at_its_end(tmp_path, watching):
    clip = write_clip(tmp_path / "clip.mp4", 20)
    run = watching(of_file(clip))
    run.until_shown(3)
    clip.unlink()
    assert "no longer there" in run.ended().lost


def test_a_file_that_breaks_off_says_so_after_what_it_had(tmp_path, watching):
    clip = write_clip(tmp_path / "clip.avi", 40)
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    run = watching(of_file(clip, loops=False))
    assert "breaks off" in run.ended().lost
    assert run.num_shown > 3


@pytest.mark.parametrize("ending", [GONE, LOST])
def test_a_camera_that_gives_nothing_is_an_error(watching, impatient, ending):
    run = watching(lambda: ListedCamera([], ending))
    with pytest.raises(CameraError, match=str(ending)):
        run.ended()
    assert run.model.is_closed


def test_a_wrong_address_is_an_error(watching, impatient):
    server = MjpegServer(Manners(status=404, body=b"nothing"))
    run = watching(of_stream(server))
    with pytest.raises(CameraError, match="There is nothing at"):
        run.ended()
    server.close()


def test_a_single_frame_is_translated(watching):
    run = watching(lambda: ListedCamera([drawn_frame(7)], OVER))
    assert run.ended().figures.dropped == 0
    assert run.numbers == [7]


def test_the_last_frame_is_waited_for(watching):
    pictures = [drawn_frame(number) for number in range(20)]
    run = watching(lambda: ListedCamera(pictures, OVER), AddingTranslator(0, seconds=0.1))
    summary = run.ended()
    assert run.numbers[-1] == 19
    assert summary.figures.frames_in == 20


def test_so_many_frames_are_shown_as_were_wanted(watching):
    run = watching(lambda: ListedCamera([drawn_frame(number) for number in range(9)]), frames=1)
    assert run.ended().figures.frames_out == run.num_shown == 1


def test_a_camera_that_is_lost_after_the_last_wanted_frame_is_no_matter(watching, impatient):
    run = watching(lambda: ListedCamera([drawn_frame(1)], LOST), AddingTranslator(0, seconds=0.2), frames=1)
    assert run.ended().lost == ""


def test_whoever_stops_is_rid_of_all_within_a_second(stream, watching):
    before = set(threading.enumerate())
    run = watching(of_stream(stream), AddingTranslator(0, seconds=0.05))
    run.until_shown(5)
    stopped_at = time.monotonic()
    run.stopped()
    until(lambda: stream.num_lines == 0, "the line was closed")
    assert time.monotonic() - stopped_at < 1.0
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not {name for name in left if name.startswith(("live", "stream", "camera"))}


def test_a_camera_that_opens_for_ever_does_not_keep_whoever_stops(watching, monkeypatch):
    monkeypatch.setattr(session, "CLOSING_S", 0.2)
    released = threading.Event()

    def opened():
        assert released.wait(PATIENCE_S)
        return ListedCamera([], OVER)

    run = watching(opened)
    time.sleep(0.05)
    assert run.stopped().figures.frames_in == 0
    released.set()


def test_whoever_stops_while_a_camera_is_lost_hears_of_it_and_gets_no_error(watching):
    run = watching(lambda: ListedCamera([], LOST))
    until(lambda: run.heard(CameraLost), "the loss was told")
    assert run.stopped().lost == str(LOST)


def test_a_model_that_takes_no_frames_is_refused_before_the_camera_is_opened(watching):
    model = AddingTranslator(0)
    model.card = small_card("deep", encodings=("depth16", "depth16"))
    openings = []
    run = watching(lambda: openings.append(1), model)
    with pytest.raises(ModelError, match="takes depth pictures"):
        run.ended()
    assert not openings


def test_a_model_that_runs_out_of_memory_ends_all_with_a_sentence(stream, watching):
    model = AddingTranslator(0)
    run = watching(of_stream(stream), model)
    run.until_shown(3)
    model.frame_values = no_memory
    with pytest.raises(ModelError, match="not enough memory"):
        run.ended()
    until(lambda: stream.num_lines == 0, "the line was closed")


def no_memory(*_):
    raise MemoryError


def test_what_nobody_expected_of_the_model_is_not_waited_for_in_vain():
    model = AddingTranslator(0)

    def fails(*_):
        raise ZeroDivisionError

    model.frame_values = fails
    with pytest.raises(ZeroDivisionError):
        watch_here(lambda: ListedCamera([grey_frame(9)]), model)
    assert model.is_closed


def test_whoever_cannot_show_or_tell_ends_all():
    def fails(_):
        raise BrokenPipeError

    for way in ("show", "report"):
        camera, model = ListedCamera([grey_frame(9)] * 99), AddingTranslator(0)
        with pytest.raises(BrokenPipeError):
            watch_here(lambda camera=camera: camera, model, **{way: fails})
        assert camera.num_closed == 1
        assert model.is_closed


def watch_here(opened, model, **options):
    given = {"show": lambda _: None, "report": lambda _: None} | options
    watch(opened, model, LiveWishes(), token=Token(), **given)
