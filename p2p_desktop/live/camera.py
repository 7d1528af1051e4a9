"""What a camera is to Live, whatever it is in truth: a device, a video file, the address of a stream."""

from typing import TYPE_CHECKING, Protocol

from training.contract.errors import P2PError

if TYPE_CHECKING:
    from p2p_desktop.live.frames import Frame  # imports OpenCV


class CameraError(P2PError):
    """A camera cannot be opened, or gives no more. `may_return`: whether it may be there again by itself, as after a cut stream."""

    def __init__(self, sentence: str, *, may_return: bool = False) -> None:
        super().__init__(sentence)
        self.may_return = may_return


class VideoEnded(Exception):
    """A video file is over. Nothing went wrong."""


class Camera(Protocol):
    """An open camera. Used by one thread; not thread-safe."""

    @property
    def rate(self) -> float:
        """Frames a second as promised by the file or driver, which are often wrong; 0 where nothing was promised."""
        ...

    def read(self, timeout_s: float) -> "Frame | None":
        """The newest frame, as soon as there is one that was not given yet; None if none came in `timeout_s`.

        Raises CameraError when it is gone, VideoEnded after the last frame of a file that does not begin again.
        """
        ...

    def close(self) -> None:
        """Let go of the device, file or connection. May be called more than once."""
        ...
