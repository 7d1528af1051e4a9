"""What a conversion is asked for, and what it tells: settings, and the events that lead to rows in a window or lines of JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from p2p_desktop.convert.aspects import RESULT, Aspect, aspects_of
from training.contract.errors import ConfigError, PictureError
from training.contract.pictures import OutputFormat

Requested = Literal["keep"] | OutputFormat
Existing = Literal["auto", "skip", "overwrite", "rename"]
State = Literal["converted", "skipped", "failed"]
MOST_VARIATIONS = 1000
# What one picture's content or size can lead to: its row says so, and the others go on. All else ends the job.
ROW_ERRORS = (PictureError, MemoryError, OSError)


@dataclass(frozen=True, slots=True)
class ConvertSettings:
    """How to convert. ConfigError if a value is out of its range.

    existing: what to do about a file that has the result's name.
      auto       What is known to be made from the same picture, model and settings, and is unchanged, is skipped; any other file
                 is left alone, and the result gets a number.
      skip       The picture is skipped, whatever the file is.
      overwrite  Every picture is converted, and the file replaced; but never one of the sources.
      rename     Every picture is converted, the file left alone, and the result gets a number.
    """

    format: Requested = "keep"  # keep: the source's, or PNG where that cannot hold the result
    quality: int = 95  # 1 to 100, for formats that lose something
    strength: float = 1.0  # 0 (the source) to 1 (the translation)
    existing: Existing = "auto"
    recurse: bool = True
    keep_metadata: bool = True
    partners: str = ""  # folder of the second pictures, for models that take two
    variations: int = 0  # pictures made with dropout on, beside each result
    seed: int = 0  # of the variations: the same number gives the same ones
    uncertainty: bool = False  # whether a picture of how much variations differ is made, too

    def __post_init__(self) -> None:
        if self.format not in (formats := ("keep", *get_args(OutputFormat))):
            raise ConfigError(f"Pictures are saved as one of {', '.join(formats)}, not {self.format}.")
        if not 1 <= self.quality <= 100:
            raise ConfigError(f"The quality is a number from 1 to 100, not {self.quality}.")
        if not 0 <= self.strength <= 1:
            raise ConfigError(f"The strength is a number from 0 to 1, not {self.strength}.")
        if self.existing not in get_args(Existing):
            raise ConfigError(f"Existing files are treated by one of {', '.join(get_args(Existing))}, not {self.existing}.")
        if not 0 <= self.variations <= MOST_VARIATIONS:
            raise ConfigError(f"There are 0 to {MOST_VARIATIONS} variations of a picture, not {self.variations}.")
        if not 0 <= self.seed < 2**31:
            raise ConfigError(f"The seed is a number from 0 to 2,147,483,647, not {self.seed}.")

    @property
    def aspects(self) -> tuple[Aspect, ...]:
        """The files that are made of each picture."""
        return tuple(aspects_of(self.variations, self.seed, self.uncertainty))

    @property
    def drops(self) -> bool:
        """Whether dropout is wanted, which a model may not have."""
        return self.variations > 0 or self.uncertainty

    def key(self, statistics: str, aspect: Aspect = RESULT) -> str:
        """Return a text that is equal for settings which give equal files of an aspect, whatever computes them."""
        return json.dumps(
            {
                "format": self.format,
                "quality": self.quality,
                "strength": float(self.strength),
                "metadata": self.keep_metadata,
                "statistics": statistics,
            }
            | ({"partners": self.partners} if self.partners else {})
            | ({"draws": aspect.key()} if aspect.draws else {})
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """The walk is over, the work begins."""

    total: int  # rows to come, those that failed already included
    ignored: int  # files whose name is no picture's
    raw: Mapping[str, int]  # camera RAW files by kind, which cannot be read yet: {"NEF": 212}
    earlier_results: int = 0  # pictures in folders that an earlier conversion made, which are passed over


@dataclass(frozen=True, slots=True)
class PictureBegun:
    """One picture is being translated. Its `PictureDone` follows, unless the job is cancelled meanwhile."""

    source: Path


@dataclass(frozen=True, slots=True)
class PictureDone:
    """One picture's end."""

    source: Path
    output: Path | None  # None if there is none; for a skipped picture, the file that is there
    state: State
    reason: str  # why it was skipped or failed; what was lost or done otherwise on the way; often empty
    seconds: float  # of reading, translating and writing it, waits and pauses left out; 0 if nothing was done
    num_bytes: int = 0  # of the file that was written


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of the job, however it ended."""

    converted: int
    skipped: int
    failed: int
    ignored: int
    raw: Mapping[str, int]
    seconds: float  # in all
    pictures_per_second: float  # while converting: the walk and the loading of the model are left out
    device: str | None  # None if no model had to be loaded
    runtime: str | None
    earlier_results: int = 0


Event = Planned | PictureBegun | PictureDone | Summary
