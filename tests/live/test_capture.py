"""The first stage: cameras that send, fall silent, go and come back."""

import threading

import pytest

from p2p_desktop.live import capture
from p2p_desktop.live.camera import CameraError, VideoEnded
from p2p_desktop.live.capture import CameraLost, CameraOpened, CameraSilent, Capture, SizeKnown
from p2p_desktop.live.mailbox import Mailbox
from p2p_desktop.live.meter import Meter
from tests.live.fakes import GONE, LOST, OVER, PATIENCE_S, ListedCamera, grey_frame, until
from training.contract.progress import Cancelled, Token


class Room:
    """A running capture of cameras that are opened one after another."""

    def __init__(self, cameras, **options):
        self.cameras, self.opened = list(cameras), []
        self.frames, self.meter, self.events, self.token = Mailbox(), Meter(), [], Token()
        self.ending = None
        self._capture = Capture(self._open, self.frames, self.meter, **options)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _open(self):
        camera = self.cameras.pop(0)
        if isinstance(camera, Exception):
            raise camera
        self.opened.append(camera)
        return camera

    def _run(self):
        try:
            self._capture.run(self.events.append, self.token)
        except (CameraError, VideoEnded, Cancelled) as ending:
            self.ending = ending

    def heard(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def end(self):
        self.token.cancel()
        self.join()

    def join(self):
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch):
    monkeypatch.setattr(capture, "WAITS_S", (0.01,))


def test_frames_come_under_their_cameras_number_and_are_counted():
    camera = ListedCamera([grey_frame(level) for level in (1, 2, 3)], rate=30.0)
    room = Room([camera], number=7)
    until(lambda: room.meter.figures(0).frames_in == 3, "all came")
    frame = room.frames.take()
    assert (frame.camera, frame.rgb[0, 0, 0]) == (7, 3)
    assert room.heard(CameraOpened) == [CameraOpened(7, 30.0)]
    assert room.heard(SizeKnown) == [SizeKnown(7, 60, 40)]
    room.end()
    assert isinstance(room.ending, Cancelled)
    assert camera.num_closed == 1


def test_a_change_of_size_is_told():
    room = Room([ListedCamera([grey_frame(1), grey_frame(1), grey_frame(1, 30, 50), grey_frame(1)])])
    until(lambda: len(room.heard(SizeKnown)) == 3, "sizes were told")
    assert [(event.width, event.height) for event in room.heard(SizeKnown)] == [(60, 40), (50, 30), (60, 40)]
    room.end()


def test_a_camera_that_falls_silent_is_told_of_once(monkeypatch):
    monkeypatch.setattr(capture, "SILENT_S", 0.02)
    room = Room([ListedCamera([grey_frame(1)])])
    until(lambda: room.heard(CameraSilent), "silence was told")
    assert len(room.heard(CameraSilent)) == 1
    room.end()


def test_a_stream_that_is_cut_is_tried_again_until_it_is_back():
    cut = ListedCamera([grey_frame(1)], LOST)
    back = ListedCamera([grey_frame(9)])
    room = Room([cut, LOST, LOST, back])
    until(lambda: len(room.heard(CameraOpened)) == 2, "it is back")
    assert [event.sentence for event in room.heard(CameraLost)] == [str(LOST)] * 3
    until(lambda: room.meter.figures(0).frames_in == 2, "it sends")
    assert room.frames.take().rgb[0, 0, 0] == 9
    assert cut.num_closed == 1
    room.end()
    assert back.num_closed == 1


def test_what_cannot_come_back_ends_it():
    room = Room([GONE])
    room.join()
    assert room.ending is GONE
    assert not room.heard(CameraLost)


def test_nothing_is_tried_again_where_that_is_not_wished():
    room = Room([ListedCamera([grey_frame(1)], LOST)], retries=False)
    room.join()
    assert room.ending is LOST


def test_a_video_that_is_over_is_no_error():
    camera = ListedCamera([grey_frame(1)], OVER)
    room = Room([camera])
    room.join()
    assert isinstance(room.ending, VideoEnded)
    assert camera.num_closed == 1


def test_stopping_while_waiting_for_a_camera_is_heard_at_once(monkeypatch):
    monkeypatch.setattr(capture, "WAITS_S", (1000.0,))
    room = Room([LOST])
    until(lambda: room.heard(CameraLost), "it is lost")
    room.end()
    assert isinstance(room.ending, Cancelled)


def test_the_end_of_a_silence_is_told(monkeypatch):
    monkeypatch.setattr(capture, "SILENT_S", 0.02)
    room = Room([ListedCamera([grey_frame(1), *[None] * 200, grey_frame(2)])])
    until(lambda: len(room.heard(SizeKnown)) == 2, "it sends again")
    kinds = [type(event) for event in room.events]
    assert kinds.index(CameraSilent) < len(kinds) - 1
    room.end()
