"""The result as a camera that other programs can choose, where a driver for that is installed."""

import importlib.util
import logging
import sys
import threading
from collections.abc import Callable
from typing import Protocol

from p2p_desktop.child import is_frozen
from p2p_desktop.live.fitting import check_frame, even_size, fitted
from p2p_desktop.live.frames import Rgb
from p2p_desktop.live.mailbox import Mailbox
from training.contract.encodings import Pixels

log = logging.getLogger(__name__)

LIBRARY = "pyvirtualcam"
AGAIN_S = 0.5  # without a new frame, after which the last is sent again: whoever begins to look must see one
_LIBRARY_MISSING = "Other programs can be given a camera once pyvirtualcam is installed: pip install pyvirtualcam."
_LIBRARY_LEFT_OUT = (  # of the frozen program: pyvirtualcam is under the GPL
    "The installed program cannot send to a virtual camera, because the library for it is under another licence; "
    "P2P Desktop from source with its extra \u201cvirtualcam\u201d can."
)
_DRIVERS = {
    "linux": "Install v4l2loopback and load it with: sudo modprobe v4l2loopback",
    "darwin": "Install OBS Studio, start its virtual camera once, and try again",
    "win32": "Install OBS Studio, which brings one, and try again",
}


class _Device(Protocol):
    """What is used of the library's camera."""

    @property
    def device(self) -> str: ...

    def send(self, frame: Rgb) -> None: ...

    def close(self) -> None: ...


def is_available() -> bool:
    """Whether the library is installed. Imports nothing; whether there is a driver shows when the camera is opened."""
    try:
        return importlib.util.find_spec(LIBRARY) is not None
    except ValueError:  # it is in `sys.modules`, without saying where it came from
        return LIBRARY in sys.modules


class VirtualCamera:
    """One camera for others, from its creation to `close`. Thread-safe. Opens and sends in a thread of its own."""

    def __init__(self, *, fps: float = 25.0, failed: Callable[[str], None] | None = None) -> None:
        """fps: what other programs are promised, frames a second. failed: told why there is no camera, once, in its thread."""
        self._fps = fps
        self._failed = failed
        self._mailbox: Mailbox[Pixels] = Mailbox()
        self._closing = threading.Event()
        self._problem = ""
        self._name = ""
        self._thread = threading.Thread(target=self._work, name="virtual-camera", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str:
        """Why nothing is sent any more, in a sentence; empty while all is well."""
        return self._problem

    @property
    def name(self) -> str:
        """As which device other programs find it; empty before the first frame."""
        return self._name

    def put(self, rgb: Pixels) -> None:
        """Send this frame, unless a newer one comes before it is taken up. Never waits; ignored after a problem.

        rgb: uint8 [H, W, 1 or 3], which nobody writes to any more; ValueError for anything else. The first one settles the
        camera's size, with odd sides made even; later ones are fitted into it with black bars.
        """
        check_frame(rgb)
        if not self._problem and not self._closing.is_set():
            self._mailbox.put(rgb)

    def close(self, timeout_s: float = 2.0) -> None:
        """Let go of the device. Waits for a driver that hangs no longer than that. May be called more than once."""
        self._closing.set()
        self._mailbox.wake()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        first = None
        while first is None and not self._closing.is_set():
            first = self._mailbox.take(AGAIN_S)
        if first is None:
            return
        size = even_size(first)
        try:
            device = self._opened(size)
        except ImportError as error:
            self._give_up(_LIBRARY_LEFT_OUT if is_frozen() else _LIBRARY_MISSING, error)
            return
        except (RuntimeError, ValueError, OSError) as error:  # the library's words for no driver, or none that is free
            advice = next((text for system, text in _DRIVERS.items() if sys.platform.startswith(system)), _DRIVERS["linux"])
            self._give_up(f"There is no virtual camera that is free on this computer. {advice}.", error)
            return
        try:
            self._name = device.device
            self._send_all(device, fitted(first, size), size)
        except (RuntimeError, ValueError, OSError) as error:
            self._give_up("The virtual camera takes no more frames. See that its driver still runs, and switch it on again.", error)
        finally:
            device.close()

    def _opened(self, size: tuple[int, int]) -> _Device:
        import pyvirtualcam  # an extra that few have installed

        height, width = size
        device: _Device = pyvirtualcam.Camera(width=width, height=height, fps=self._fps, fmt=pyvirtualcam.PixelFormat.RGB)
        return device

    def _send_all(self, device: _Device, frame: Rgb, size: tuple[int, int]) -> None:
        while not self._closing.is_set():
            device.send(frame)
            newer = self._mailbox.take(AGAIN_S)
            if newer is not None:
                frame = fitted(newer, size)

    def _give_up(self, sentence: str, error: Exception) -> None:
        log.warning("%s (%s)", sentence, error)
        self._problem = sentence
        self._mailbox.clear()
        if self._failed is not None:
            self._failed(sentence)
