"""A camera of this computer, through the backend that listed it."""

import errno
import os
import sys
from pathlib import Path

import cv2

from p2p_desktop.live.camera import CameraError
from p2p_desktop.live.grabbing import GrabbedCamera, Words
from p2p_desktop.live.opencv_capture import Capture, OpenCapture, open_capture
from p2p_desktop.live.sources import Device, Format

OPENING_S = 10.0  # drivers wake cameras up
_BUFFERS = 2  # frames: one being read, one being filled; with a single one every second frame is missed
_MJPG = cv2.VideoWriter.fourcc(*"MJPG")


def open_device(device: Device, wanted: Format | None = None, open_it: OpenCapture = open_capture) -> GrabbedCamera:
    """Raises CameraError when it is missing, used by another program, not allowed, or too slow."""
    words = Words(
        slow=lambda: CameraError(
            f"{device.title} takes too long to start. Plug it in again, or close other programs that use it.", may_return=True
        ),
        silent=lambda: CameraError(
            f"{device.title} gives no pictures. Close other programs that use it, or plug it in again.", may_return=True
        ),
        gone=lambda: _gone(device),
    )
    return GrabbedCamera(lambda: _opened(device, wanted, open_it), words, open_s=OPENING_S)


def _opened(device: Device, wanted: Format | None, open_it: OpenCapture) -> Capture:
    obstacle = _obstacle(device)
    if obstacle is not None:
        raise obstacle
    settings = _settings(wanted)
    capture = open_it(device.index, device.backend, settings)
    if not capture.isOpened():
        capture.release()
        capture = open_it(device.index, device.backend, [])  # a backend refuses to open for a setting that the camera does not have
        for setting, value in zip(settings[::2], settings[1::2], strict=True):
            capture.set(setting, value)
    if not capture.isOpened():
        capture.release()
        raise _unopened(device)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, _BUFFERS)
    return capture


def _settings(wanted: Format | None) -> list[int]:
    """MJPG first: large pictures come five times a second through USB uncompressed, and sizes are chosen within a format."""
    if wanted is None:
        return [cv2.CAP_PROP_FOURCC, _MJPG]
    return [
        *(cv2.CAP_PROP_FOURCC, _MJPG),
        *(cv2.CAP_PROP_FRAME_WIDTH, wanted.width),
        *(cv2.CAP_PROP_FRAME_HEIGHT, wanted.height),
        *(cv2.CAP_PROP_FPS, round(wanted.fps)),
    ]


def _obstacle(device: Device) -> CameraError | None:
    """What the system says of the device file; None where it says nothing, or there is none."""
    if not device.path.startswith("/dev/"):
        return None
    try:
        os.close(os.open(device.path, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
            return CameraError(f"{device.title} is not there. Plug it in, or choose another camera.", may_return=True)
        if error.errno in (errno.EACCES, errno.EPERM):
            return CameraError(
                f'You may not use {device.title}. Ask whoever looks after this computer to add you to the group "video".'
            )
        if error.errno == errno.EBUSY:
            return CameraError(f"{device.title} is used by another program. Close that program, and try again.", may_return=True)
    return None


def _unopened(device: Device) -> CameraError:
    if device.path.startswith("/dev/"):  # it is there and allowed, as was seen before
        sentence = (
            f"{device.title} is there, but does not open: another program probably uses it. Close that program, and try again."
        )
        return CameraError(sentence, may_return=True)
    if sys.platform == "darwin":
        where = "System Settings, Privacy & Security, Camera"
    else:
        where = "the system's privacy settings"
    return CameraError(
        f"{device.title} cannot be opened. Close other programs that use it, and see in {where} that programs may use cameras.",
        may_return=True,
    )


def _gone(device: Device) -> CameraError:
    if device.path.startswith("/dev/") and Path(device.path).exists():
        return CameraError(
            f"{device.title} gives no more pictures. Plug it in again, or close other programs that use it.", may_return=True
        )
    return CameraError(f"{device.title} is no longer there. Plug it in again, or choose another camera.", may_return=True)
