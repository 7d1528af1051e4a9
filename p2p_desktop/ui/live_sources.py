"""What Live can watch: the cameras of this computer, what the person opened before, and the example clip."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from p2p_desktop.live.camera import CameraError
from p2p_desktop.live.sources import Address, Device, VideoFile
from p2p_desktop.ui.remembered import Remembered

if TYPE_CHECKING:
    from p2p_desktop.live.sources import Source

log = logging.getLogger(__name__)

_MOST_OPENED = 4  # files and addresses that stay in the list


class LiveSources:
    def __init__(self, clip: Path, remembered: Remembered) -> None:
        self._remembered = remembered
        self.clip = VideoFile(clip)
        self.devices: tuple[Device, ...] = ()
        self._opened: list[Source] = list(_read(remembered.value("live_opened")))

    def all(self, watched: "Source | None" = None) -> list[tuple[str, "Source"]]:
        """(title, source) each: cameras first. A camera that is `watched` stays in the list while it is unplugged."""
        named: list[tuple[str, Source]] = [(device.title, device) for device in self.devices]
        if isinstance(watched, Device) and watched not in self.devices:
            named.insert(0, (watched.title, watched))
        named += [(source.title, source) for source in self._opened]
        return [*named, (self.title(self.clip), self.clip)]

    def title(self, source: "Source") -> str:
        return QCoreApplication.translate("LiveSources", "Example clip") if source == self.clip else source.title

    def again(self, device: Device) -> Device | None:
        """The camera that this one is now: systems number them anew when they are plugged in. None if it is not there."""
        if device in self.devices:
            return device
        return next((other for other in self.devices if other.name == device.name), None)

    def first(self) -> "Source":
        """What to watch at first: what was watched last if it is there, else a camera, else the clip."""
        last = self._remembered.text("live_camera")
        there = [source for title, source in self.all() if title == last]
        return there[0] if there else self.devices[0] if self.devices else self.clip

    def add(self, source: "Source") -> None:
        """List a file or an address, without watching it."""
        if not isinstance(source, Device) and source != self.clip:
            self._opened = [source, *(one for one in self._opened if one != source)][:_MOST_OPENED]

    def note(self, source: "Source") -> None:
        """This is watched now: the next start begins with it, unless it is the clip, which only stands in."""
        self.add(source)
        kept = [_written(one) for one in self._opened]
        self._remembered.keep(live_opened=[entry for entry in kept if entry])
        if source != self.clip:
            self._remembered.keep(live_camera=self.title(source))


def _written(source: "Source") -> dict[str, str]:
    """For the file of what is remembered. An address with a name and password in it is kept nowhere."""
    if isinstance(source, VideoFile):
        return {"file": str(source.path)}
    if isinstance(source, Address) and "@" not in source.url:
        return {"address": source.url}
    return {}


def _read(entries: object) -> Iterator["Source"]:
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict):
            continue
        file, address = entry.get("file"), entry.get("address")
        if isinstance(file, str) and file:
            yield VideoFile(Path(file))
        elif isinstance(address, str):
            try:
                yield Address(address)
            except CameraError as error:
                log.info("A remembered address is none any more: %s", error)
