"""The thread in the middle: models come and go, frames are frozen, and nothing is shown under a wrong name."""

import threading
import time

import numpy as np
import pytest

from p2p_desktop.live.frames import Frame
from p2p_desktop.live.mailbox import Mailbox
from p2p_desktop.live.meter import Meter
from p2p_desktop.live.translating import ModelFailed, ModelLoading, ModelReady, ResultsWait, Translating
from p2p_desktop.live.wishes import LiveWishes
from tests.live.fakes import PATIENCE_S, AddingTranslator, grey_frame, until
from training.contract.errors import ModelError
from training.contract.progress import Cancelled, Token


class Room:
    """A running `Translating`, fed and read by hand."""

    def __init__(self):
        self.frames, self.results, self.meter = Mailbox(), Mailbox(), Meter()
        self.translating = Translating(self.frames, self.results, self.meter, lambda shown, _: shown)
        self.events, self.token = [], Token()
        self._thread = threading.Thread(target=self.translating.run, args=(self.events.append, self.token))
        self._thread.start()

    def send(self, level=100, camera=1, size=(40, 60)):
        self.frames.put(Frame(grey_frame(level, *size), time.monotonic(), camera))

    def next(self):
        """The next result."""
        shown = None

        def came():
            nonlocal shown
            shown = self.results.take()
            return shown is not None

        until(came, "a result came")
        return shown

    def after(self, level=100, camera=1):
        """What becomes of a frame."""
        self.send(level, camera)
        return self.next()

    def heard(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def use(self, translator):
        """Choose a model and wait until it is there."""
        number = self.translating.choose_model(lambda _: translator)
        until(lambda: any(event.model == number for event in self.heard(ModelReady)), "the model was ready")
        return number

    def end(self):
        self.token.cancel()
        self._thread.join(PATIENCE_S)
        return not self._thread.is_alive()


@pytest.fixture
def room():
    room = Room()
    yield room
    assert room.end()


def level_of(shown):
    return int(shown.result.mean().round())


def test_without_a_model_frames_go_on_as_they_are(room):
    shown = room.after(100)
    assert shown.result is None
    assert (shown.model, shown.size) == (0, (0, 0))
    assert shown.frame.rgb[0, 0, 0] == 100


def test_a_chosen_model_translates(room):
    number = room.use(AddingTranslator(20))
    shown = room.after(100)
    assert (shown.model, level_of(shown)) == (number, 120)
    assert shown.size == (60, 40)
    assert shown.frame.captured <= shown.begun <= shown.done
    assert room.heard(ModelLoading)[0].model == number
    assert room.heard(ModelReady)[0].device == "cpu"


def test_frames_go_on_while_a_model_is_loaded(room):
    gate = threading.Event()

    def slowly(_):
        assert gate.wait(PATIENCE_S)
        return AddingTranslator(20)

    number = room.translating.choose_model(slowly)
    until(lambda: room.heard(ModelLoading), "loading was told")
    assert [room.after(level).result for level in (10, 20)] == [None, None]
    gate.set()
    until(lambda: room.heard(ModelReady), "the model was ready")
    assert room.after(100).model == number


def test_nothing_of_the_old_model_bears_the_new_ones_number(room):
    first, second = AddingTranslator(20), AddingTranslator(50)
    one = room.use(first)
    first.gate.clear()
    room.send(100)  # the old model has begun with it when the new one is chosen
    until(lambda: room.frames.is_empty, "it was taken up")
    two = room.translating.choose_model(lambda _: second)
    first.gate.set()
    assert (shown := room.next()).model == one
    assert level_of(shown) == 120
    until(lambda: len(room.heard(ModelReady)) == 2, "the new model was ready")
    assert first.is_closed
    assert (shown := room.after(100)).model == two
    assert level_of(shown) == 150


def test_of_three_choices_in_a_row_the_last_one_counts_and_the_others_are_let_go(room):
    made, gates = [], [threading.Event() for _ in range(3)]

    def loading(index):
        def load(token):
            gates[index].wait(PATIENCE_S)
            made.append(AddingTranslator(index))
            token.check()
            return made[-1]

        return load

    room.translating.choose_model(loading(0))
    until(lambda: room.heard(ModelLoading), "loading began")
    room.translating.choose_model(loading(1))
    last = room.translating.choose_model(loading(2))
    for gate in gates:
        gate.set()
    until(lambda: any(event.model == last for event in room.heard(ModelReady)), "the last one was ready")
    assert room.after(100).model == last
    assert [event.model for event in room.heard(ModelReady)] == [last]
    assert not room.heard(ModelFailed)


def test_a_model_that_cannot_be_loaded_says_why_once_and_frames_go_on(room):
    def broken(_):
        raise ModelError("The file is cut off. Copy it again.")

    number = room.translating.choose_model(broken)
    until(lambda: room.heard(ModelFailed), "it failed")
    assert room.heard(ModelFailed)[0].sentence == "The file is cut off. Copy it again."
    assert room.after(100).result is None
    assert room.after(100).result is None
    assert [event.model for event in room.heard(ModelFailed)] == [number]
    room.use(AddingTranslator(1))
    assert room.after(100).result is not None


def test_what_needs_too_much_memory_is_told_once_and_works_at_a_smaller_size(room):
    class Large(AddingTranslator):
        def frame_values(self, values, statistics_K=None):
            if values.shape[1] > 48:
                raise MemoryError
            return super().frame_values(values, statistics_K)

    number = room.use(Large(20))
    assert [room.after(100).result for _ in range(3)] == [None] * 3
    assert [event.model for event in room.heard(ModelFailed)] == [number]
    assert "smaller working size" in room.heard(ModelFailed)[0].sentence
    room.translating.wish(LiveWishes(side=48))
    assert level_of(room.after(100)) == 120
    assert [event.model for event in room.heard(ModelReady)] == [number, number]


@pytest.mark.parametrize("error", [RuntimeError("a driver"), ValueError("a library"), OSError("a disk")])
def test_whatever_a_model_fails_with_the_camera_goes_on(room, error):
    def broken(*_):
        raise error

    at_work = AddingTranslator(20)
    at_work.frame_values = broken
    number = room.use(at_work)
    assert room.after(100).result is None
    assert [event.model for event in room.heard(ModelFailed)] == [number]
    assert at_work.is_closed
    room.translating.choose_model(broken)
    until(lambda: len(room.heard(ModelFailed)) == 2, "it failed")
    assert room.after(100).result is None
    room.use(AddingTranslator(1))
    assert room.after(100).result is not None


def test_models_that_were_clicked_past_are_not_loaded(room):
    gate, loaded = threading.Event(), []

    def loading(name):
        def load(_):
            loaded.append(name)
            assert gate.wait(PATIENCE_S)
            return AddingTranslator(1)

        return load

    room.translating.choose_model(loading("first"))
    until(lambda: loaded, "the first is being loaded")
    for name in ("second", "third"):
        number = room.translating.choose_model(loading(name))
        until(lambda number=number: any(event.model == number for event in room.heard(ModelLoading)), "it was begun")
    gate.set()
    until(lambda: room.heard(ModelReady), "the last one was ready")
    assert loaded == ["first", "third"]


def test_a_frame_of_another_camera_is_not_held(room):
    room.use(AddingTranslator(20))
    room.after(100, camera=1)
    room.translating.forget()
    room.translating.hold(True)
    room.send(50, camera=2)
    assert room.next().frame.camera == 2


def test_no_model_is_a_choice_too(room):
    translator = AddingTranslator(20)
    room.use(translator)
    room.translating.choose_model(None)
    until(lambda: translator.is_closed, "it was let go")
    assert room.after(100).result is None


def test_a_frozen_frame_is_made_again_with_what_is_changed(room):
    room.use(AddingTranslator(20))
    room.after(100)
    room.translating.hold(True)
    assert (shown := room.next()).is_held
    assert level_of(shown) == 120
    room.send(7)  # the camera goes on
    room.translating.wish(LiveWishes(strength=0.5))
    assert (level_of(room.next())) == 110
    number = room.use(AddingTranslator(60))
    held = room.next()
    while held.model != number:  # once without a model, while it was loaded
        held = room.next()
    assert level_of(held) == 130
    assert held.frame.rgb[0, 0, 0] == 100


def test_a_frozen_frame_is_not_made_again_for_nothing(room):
    translator = AddingTranslator(20)
    room.use(translator)
    room.after(100)
    room.translating.hold(True)
    room.next()
    made = translator.num_frames
    for level in range(20):
        room.send(level)
        until(lambda: room.frames.is_empty, "it was thrown away")
    assert translator.num_frames == made
    assert room.results.take() is None


def test_after_freezing_the_newest_frame_comes(room):
    room.use(AddingTranslator(20))
    room.after(100)
    room.translating.hold(True)
    room.next()
    room.send(5)
    until(lambda: room.frames.is_empty, "it was thrown away")
    room.translating.hold(False)
    assert level_of(room.after(200)) == 220


def test_freezing_before_the_first_frame_waits_for_one(room):
    room.translating.hold(True)
    room.send(100)
    assert room.next().frame.rgb[0, 0, 0] == 100


def test_mirroring_turns_frame_and_result(room):
    room.use(AddingTranslator(20))
    rgb = np.repeat(np.arange(60, dtype=np.uint8)[None, :, None], 3, 2).repeat(40, 0)
    room.translating.wish(LiveWishes(mirror=True))
    room.frames.put(Frame(rgb, time.monotonic(), 1))
    shown = room.next()
    assert shown.frame.rgb[0, :3, 0].tolist() == [59, 58, 57]
    assert shown.result[0, :3, 0].tolist() == [79, 78, 77]


def test_the_working_size_is_as_wished_and_never_more_than_the_frame(room):
    room.use(AddingTranslator(20))
    room.translating.wish(LiveWishes(side=48))
    assert room.after(100).size == (48, 32)
    room.translating.wish(LiveWishes(side=2000))
    assert room.after(100).size == (60, 40)


def test_holding_a_rate_lowers_the_size_that_was_chosen(room):
    class ByPixels(AddingTranslator):
        def frame_values(self, values, statistics_K=None):
            time.sleep(values.shape[0] * values.shape[1] / 1e6)
            return super().frame_values(values, statistics_K)

    room.use(ByPixels(20))
    room.translating.wish(LiveWishes(side=640, hold_fps=25))
    sizes = []
    for _ in range(30):
        room.send(100, size=(360, 640))
        sizes.append(room.next().size[0])
    assert sizes[0] == 640
    assert 128 <= sizes[-1] <= 256


def test_results_are_told_once_for_however_many_lie_there(room):
    room.use(AddingTranslator(20))
    room.send(1)
    until(lambda: len(room.heard(ResultsWait)) == 1, "it was told")
    for level in range(5):
        room.send(level)
        until(lambda: room.frames.is_empty, "it was taken up")
    until(lambda: room.results.num_replaced >= 3, "others came")
    assert len(room.heard(ResultsWait)) == 1
    assert room.results.take() is not None


def test_a_slow_model_always_gets_the_newest_frame(room):
    translator = AddingTranslator(20)
    room.use(translator)
    translator.gate.clear()
    room.send(0)
    until(lambda: room.frames.is_empty, "it was taken up")
    for level in range(1, 50):
        room.send(level)
    translator.gate.set()
    shown = room.next()
    while shown.frame.rgb[0, 0, 0] == 0:
        shown = room.next()
    assert shown.frame.rgb[0, 0, 0] == 49
    assert translator.num_frames == 2


def test_a_model_that_is_being_loaded_when_all_ends_is_let_go():
    room, translator = Room(), AddingTranslator(1)
    begun, gate, heard = threading.Event(), threading.Event(), []

    def load(token):
        begun.set()
        assert gate.wait(PATIENCE_S)
        heard.append(token.cancelled)
        return translator

    room.translating.choose_model(load)
    assert begun.wait(PATIENCE_S)
    until(lambda: room.heard(ModelLoading), "it was told")
    room.token.cancel()
    until(lambda: not room.translating._loading, "it was given up")
    gate.set()
    assert room.end()
    assert heard == [True]
    assert translator.is_closed


def test_a_load_that_hears_that_it_is_not_wanted_is_no_failure(room):
    def load(token):
        while not token.cancelled:
            time.sleep(0.002)
        raise Cancelled

    room.translating.choose_model(load)
    until(lambda: room.heard(ModelLoading), "it began")
    number = room.use(AddingTranslator(1))
    assert room.after(1).model == number
    assert not room.heard(ModelFailed)
