"""What can be watched, and which of it somebody means. Imports no OpenCV, so that a window can name cameras before it is there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from p2p_desktop.live.camera import Camera, CameraError

SCHEMES = ("http", "https", "rtsp", "rtmp", "udp", "tcp")
_HARMLESS_PATH = re.compile(r"[\w./-]*")  # some cameras want name and password in it, as "user=admin_password=..."


@dataclass(frozen=True, slots=True)
class Device:
    """A camera of this computer."""

    index: int
    """Means something to `backend` only."""
    backend: int
    """Which of OpenCV's backends listed it, and must open it."""
    name: str
    """As people know it; no two of a list have the same."""
    path: str = ""
    """Of the device file, or what the system calls it; empty where nobody knows."""

    @property
    def title(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class VideoFile:
    path: Path

    @property
    def title(self) -> str:
        return self.path.name


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a stream. Raises CameraError for one that is incomplete, or of a kind that is not watched."""

    url: str = field(repr=False)
    """May hold a name and a password: it is shown to nobody."""

    def __post_init__(self) -> None:
        _parts_of(self.url)

    @property
    def title(self) -> str:
        """Host, port and path; never the name and password."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        port = f":{parts.port}" if parts.port else ""
        path = parts.path.rstrip("/") if _HARMLESS_PATH.fullmatch(parts.path) else ""
        return f"{host}{port}{path}" if host else f"port {parts.port}"


Source = Device | VideoFile | Address


@dataclass(frozen=True, slots=True)
class Format:
    """What a camera is asked for. It may answer with something else."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    fps: float
    """Frames a second."""


def source_of(text: str, devices: Sequence[Device]) -> Source:
    """Whatever somebody means: a camera's number or name, or a part of it, a file, an address.

    The number 0 means the first camera where none has it. Raises CameraError that says what there is.
    """
    wanted = text.strip()
    if "://" in wanted:
        return Address(wanted)
    if wanted.isdecimal():
        return _numbered(int(wanted), devices)
    exact = [device for device in devices if device.name.casefold() == wanted.casefold()]
    if exact:
        return exact[0]
    if is_file(wanted):
        return VideoFile(Path(wanted))
    if is_folder(wanted):
        raise CameraError(f"{wanted} is a folder. Choose one video in it.")
    similar = [device for device in devices if wanted and wanted.casefold() in device.name.casefold()]
    if len(similar) > 1:
        raise CameraError(f'"{wanted}" fits several cameras: {_names(similar)}. Say more of the name.')
    if similar:
        return similar[0]
    raise CameraError(f'There is no camera, video file or address called "{wanted}". {_what_there_is(devices)}')


def is_file(text: str) -> bool:
    """Whether it is the path of a file; False, too, for what can be no path, as it is too long."""
    try:
        return Path(text).is_file()
    except OSError:
        return False


def is_folder(text: str) -> bool:
    """As `is_file`; no text at all names none."""
    try:
        return bool(text) and Path(text).is_dir()
    except OSError:
        return False


def open_source(source: Source, *, loops: bool = True, wanted: Format | None = None) -> Camera:
    """Open it; this may take seconds. `loops`: whether a file begins again. `wanted` is asked of devices only.

    Raises CameraError.
    """
    # Each of these imports OpenCV.
    if isinstance(source, Device):
        from p2p_desktop.live.device_camera import open_device

        return open_device(source, wanted)
    if isinstance(source, VideoFile):
        from p2p_desktop.live.video_file import FileCamera

        return FileCamera(source.path, loops=loops)
    from p2p_desktop.live.stream_camera import open_address

    return open_address(source)


def _numbered(number: int, devices: Sequence[Device]) -> Device:
    for device in devices:
        if device.index == number:
            return device
    if number == 0 and devices:
        return min(devices, key=lambda device: device.index)
    raise CameraError(f"There is no camera number {number}. {_what_there_is(devices)}")


def _what_there_is(devices: Sequence[Device]) -> str:
    if not devices:
        return "No camera was found on this computer."
    return f"Cameras found: {_names(devices)}."


def _names(devices: Sequence[Device]) -> str:
    return ", ".join(f"{device.name} ({device.index})" for device in devices)


def _parts_of(url: str) -> SplitResult:
    """No sentence repeats the address: nobody knows what of it is a password."""
    scheme = url.partition("://")[0].lower()
    if scheme not in SCHEMES:
        shown = f'"{scheme}"' if scheme.isalnum() else "this kind"
        raise CameraError(
            f"Addresses of {shown} cannot be watched. Use one that begins with {', '.join(SCHEMES[:-1])} or {SCHEMES[-1]}."
        )
    try:
        parts = urlsplit(url)
        has_port = parts.port is not None  # asked for first: it raises for what is no number
        is_complete = bool(parts.hostname) or (scheme == "udp" and has_port)
    except ValueError:
        is_complete = False
    if not is_complete or any(character.isspace() or not character.isprintable() for character in url):
        raise CameraError("This address is not complete. It reads like http://192.168.1.20:8080/video.")
    if "@" in url.partition("://")[2][len(parts.netloc) :]:
        raise CameraError(
            "This address has an @ too far back. In a name or password write / as %2F, ? as %3F, # as %23 and @ as %40."
        )
    return parts
