"""The cameras of this computer, by name. Cheap enough to ask every few seconds: no camera is opened to take pictures."""

import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from p2p_desktop.live.sources import Device

log = logging.getLogger(__name__)

_V4L2, _DSHOW, _AVFOUNDATION, _MSMF = 200, 700, 1200, 1400  # as OpenCV numbers them; importing it for four numbers takes a moment
# The first is preferred; a later one adds what the first does not know, such as the virtual cameras that only DirectShow lists.
_BACKENDS = {"linux": (_V4L2,), "win32": (_MSMF, _DSHOW), "darwin": (_AVFOUNDATION,)}


class Listed(Protocol):
    """A camera as `cv2_enumerate_cameras` lists it."""

    @property
    def index(self) -> int: ...

    @property
    def name(self) -> str | None: ...

    @property
    def path(self) -> str | None: ...


ListCameras = Callable[[int], Iterable[Listed]]


def known_cameras(list_cameras: ListCameras | None = None, system: str = sys.platform) -> tuple[Device, ...]:
    """All that can be opened, in order of their index, each once and with a name of its own.

    `list_cameras`: what lists the cameras of a backend; None for `cv2_enumerate_cameras`. Raises nothing.
    """
    found: list[Device] = []
    for backend in _BACKENDS.get(system, ()):
        known = {_identity(device) for device in found}
        try:
            more = [_device(listed, backend) for listed in (list_cameras or _list_cameras)(backend)]
        except Exception as error:  # noqa: BLE001 -- it talks to drivers: whatever goes wrong there must not take Live away
            log.warning("the system's list of cameras cannot be read: %s", error)
            more = list(_device_files()) if system == "linux" else []
        found += sorted((device for device in more if _identity(device) not in known), key=lambda device: device.index)
    return tuple(_told_apart(found))


def _list_cameras(backend: int) -> Iterable[Listed]:
    from cv2_enumerate_cameras import enumerate_cameras  # imports OpenCV

    return enumerate_cameras(backend)


def _device(listed: Listed, backend: int) -> Device:
    return Device(listed.index, backend, (listed.name or "").strip() or f"Camera {listed.index}", listed.path or "")


def _device_files() -> Iterator[Device]:
    for path in Path("/dev").glob("video*"):
        number = path.name.removeprefix("video")
        if number.isdecimal():
            yield Device(int(number), _V4L2, f"Camera {number}", str(path))


def _identity(device: Device) -> str:
    """The same for one camera in the lists of both backends of Windows, whose paths differ in the class behind the last "#{"."""
    return device.path.lower().rpartition("#{")[0] or device.path.lower() or device.name


def _told_apart(devices: Iterable[Device]) -> Iterator[Device]:
    seen: Counter[str] = Counter()
    for device in devices:
        seen[device.name] += 1
        number = seen[device.name]
        yield device if number == 1 else Device(device.index, device.backend, f"{device.name} ({number})", device.path)
