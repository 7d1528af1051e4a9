"""What the convert tests share: a translator that can be foretold, pictures to feed it, and a desk to work at."""

import hashlib
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from p2p_desktop.convert.job import (
    ConvertSettings,
    Event,
    PictureDone,
    Planned,
    Summary,
    Translates,
    UnloadedModel,
    convert,
)
from p2p_desktop.inference.dropout import Draw
from p2p_desktop.owner import Owner
from training.contract.pictures import Picture, read_picture
from training.contract.progress import Token

STEP_S = 0.002  # how often the inverter looks at its token while it waits


class Inverter:
    """Translates a picture into its negative: small, exact, and told apart from its source at a glance."""

    def __init__(self, *, seconds: float = 0.0, in_flight: int = 2, bytes_per_pixel: int = 12, digest: str = "1nv3") -> None:
        self.model_digest = digest
        self.statistics = "running"
        self.in_flight = in_flight
        self.device = "cpu"
        self.runtime = "fake"
        self.seconds = seconds
        self.bytes_per_pixel = bytes_per_pixel
        self.seen: list[tuple[int, ...]] = []
        self.most_at_once = 0
        self.closed = False
        self.on_translate: Callable[[Picture], None] = lambda _: None
        self._at_once = 0
        self._lock = threading.Lock()

    def translate(
        self, picture: Picture, *, strength: float = 1.0, token: Token | None = None, draw: Draw | None = None
    ) -> Picture:
        """The negative, or for a draw the picture itself, darker by its number."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self.seen.append(picture.pixels.shape)
        try:
            self.on_translate(picture)
            end = time.monotonic() + self.seconds
            while time.monotonic() < end:
                if token:
                    token.check()
                time.sleep(STEP_S)
        finally:
            with self._lock:
                self._at_once -= 1
        if draw is not None:
            return replace(picture, pixels=np.maximum(picture.pixels, draw.number) - np.asarray(draw.number, picture.pixels.dtype))
        top = np.iinfo(picture.pixels.dtype).max
        mixed = picture.pixels + strength * (top - 2.0 * picture.pixels)
        return replace(picture, pixels=np.round(mixed).astype(picture.pixels.dtype))

    def uncertainty(self, picture: Picture, draws: Sequence[Draw], *, token: Token | None = None) -> Picture:
        """A grey of 1,000 times the number of draws."""
        return replace(picture, pixels=np.full((*picture.pixels.shape[:2], 1), 1000 * len(draws), np.uint16), alpha=None)

    def memory_for(self, height: int, width: int) -> int:
        return height * width * self.bytes_per_pixel

    def close(self) -> None:
        self.closed = True


def leave_behind(folder: Path, owner: Owner) -> Path:
    """Make what a killed run leaves in a folder."""
    path = folder / f".p2p-{owner}-89abcdef.part"
    path.write_bytes(b"half")
    return path


def save_picture(path: Path, *, height: int = 8, width: int = 12, seed: int = 0, sixteen_bit: bool = False) -> Path:
    """Write a picture of noise; its format is what the name says."""
    dtype = np.uint16 if sixteen_bit else np.uint8
    pixels = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (height, width, 3), dtype, endpoint=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    return path


def tree(folder: Path) -> dict[str, str]:
    """Return what every file below `folder` is called, and a digest of its content."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def is_negative(output: Path, source: Path) -> bool:
    """Tell whether `output` is what the inverter makes of `source`; for formats that lose nothing."""
    return np.array_equal(read_picture(output).pixels, 255 - read_picture(source).pixels)


@dataclass
class Desk:
    """A person's folders: pictures in `photos`, results in `out`, and a program that remembers."""

    root: Path
    events: list[Event] = field(default_factory=list)

    @property
    def photos(self) -> Path:
        return self.root / "photos"

    @property
    def out(self) -> Path:
        return self.root / "out"

    @property
    def journal(self) -> Path:
        return self.root / "data" / "conversions.db"

    def convert(
        self,
        sources: Sequence[Path] | None = None,
        out: Path | None = None,
        *,
        model: Translates | UnloadedModel | None = None,
        token: Token | None = None,
        memory_budget: int = 1 << 30,
        report: Callable[[Event], None] = lambda _: None,
        only: Collection[Path] | None = None,
        **settings: object,
    ) -> Summary:
        """Convert `photos` into `out`, unless told otherwise; keep the events."""
        self.events.clear()

        def keep(event: Event) -> None:
            self.events.append(event)
            report(event)

        return convert(
            sources or [self.photos],
            out or self.out,
            model or Inverter(),
            ConvertSettings(**settings),
            journal_path=self.journal,
            memory_budget=memory_budget,
            report=keep,
            token=token,
            only=only,
        )

    @property
    def planned(self) -> Planned:
        return next(event for event in self.events if isinstance(event, Planned))

    @property
    def rows(self) -> list[PictureDone]:
        return [event for event in self.events if isinstance(event, PictureDone)]

    def row(self, name: str) -> PictureDone:
        """Return the one row of the source with this name."""
        (row,) = [row for row in self.rows if row.source.name == name]
        return row

    def made(self) -> list[str]:
        """Return the paths of all files below `out`, relative to it, in order."""
        return sorted(tree(self.out)) if self.out.exists() else []
