"""`watch` in a thread of its own, and what it shows and says, with the time."""

import threading
import time
from dataclasses import replace
from functools import partial

import numpy as np

from p2p_desktop.live.camera import CameraError
from p2p_desktop.live.session import watch
from p2p_desktop.live.sources import Address, VideoFile, open_source
from p2p_desktop.live.wishes import LiveWishes
from tests.live.clips import number_of
from tests.live.fakes import PATIENCE_S, AddingTranslator, until
from training.contract.errors import ModelError
from training.contract.progress import Token

EMPTY = np.zeros((0, 0, 3), np.uint8)


class Watching:
    """`watch` in a thread, with what it shows and says, and when."""

    def __init__(self, opened, model=None, wishes=None, **options):
        self.model = model or AddingTranslator(0)
        self.shown, self.at, self.numbers, self.sizes, self.events = [], [], [], [], []
        self.token = Token()
        self.summary = self.error = None
        self._opened, self._wishes, self._options = opened, wishes or LiveWishes(), options
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        try:
            self.summary = watch(
                self._opened,
                self.model,
                self._wishes,
                show=self._show,
                report=self.events.append,
                token=self.token,
                **self._options,
            )
        except (CameraError, ModelError) as error:
            self.error = error

    def _show(self, shown):
        self.at.append(time.monotonic())
        self.numbers.append(number_of(shown.result))
        self.shown.append(replace(shown, frame=replace(shown.frame, rgb=EMPTY), result=None))
        self.sizes.append(shown.result.shape[:2])

    @property
    def num_shown(self):
        return len(self.at)

    @property
    def delays_ms(self):
        return [1000 * (at - shown.frame.captured) for at, shown in zip(self.at, self.shown, strict=True)]

    @property
    def model_s(self):
        return float(np.median([shown.model_seconds for shown in self.shown]))

    def heard(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def until_shown(self, count):
        until(lambda: self.num_shown >= count or not self._thread.is_alive(), f"{count} frames were shown")

    def ended(self):
        """The summary, once it has ended by itself."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "it does not end"
        if self.error is not None:
            raise self.error
        assert self.model.is_closed
        return self.summary

    def stopped(self):
        self.token.cancel()
        return self.ended()

    def end(self):
        """However far it is."""
        self.token.cancel()
        self.model.gate.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


def of_stream(stream):
    return partial(open_source, Address(stream.url))


def of_file(path, *, loops=True):
    return partial(open_source, VideoFile(path), loops=loops)
