"""What is to be converted, and what each result will be called: settled by names alone, before any work."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from p2p_desktop.convert.aspects import RESULT, Aspect
from p2p_desktop.convert.earlier_results import KnowsResults
from p2p_desktop.convert.events import Requested
from p2p_desktop.convert.outputs import name_key
from p2p_desktop.convert.walk import Found, Walk
from p2p_desktop.placing import ended, numbered
from training.contract.errors import ConfigError, P2PError
from training.contract.pictures import OutputFormat, is_picture_name, output_format, suffix_for
from training.contract.progress import Report, Token

_MOST_TOLD_AT_ONCE = 500  # rows of a list that grows while a folder is walked


@dataclass(frozen=True, slots=True)
class PlannedPicture:
    """One picture, what is to be made of it, and its places.

    Folders are shared between pictures, so that 50,000 of them take 20 MB.
    """

    folder: Path
    name: str
    target_folder: Path
    wish: str  # the name that the result would have if it were alone
    target_name: str  # the same, or with a number where another result of this plan has that name
    aspect: Aspect = RESULT

    @property
    def source(self) -> Path:
        return self.folder / self.name

    @property
    def wished(self) -> Path:
        return self.target_folder / self.wish

    @property
    def target(self) -> Path:
        return self.target_folder / self.target_name


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a walk over the sources found."""

    out: Path  # the folder that all results lie below
    requested: Requested  # the format asked for; what OUT's name says where OUT names the one result
    pictures: tuple[PlannedPicture, ...]
    failures: tuple[tuple[Path, str], ...]  # what could not be looked at, each with a sentence
    ignored: int  # files whose name is no picture's
    earlier_results: int  # pictures in the folders that an earlier conversion made: no sources
    raw: dict[str, int]  # camera RAW by kind: {"NEF": 212}
    target_names: frozenset[str]  # the `name_key` of every target and target folder

    @property
    def target_folders(self) -> list[Path]:
        return list(dict.fromkeys(picture.target_folder for picture in self.pictures))


def plan_conversion(
    sources: Sequence[Path],
    out: Path,
    *,
    requested: Requested,
    recurse: bool,
    results: KnowsResults,
    token: Token,
    aspects: Sequence[Aspect] = (RESULT,),
) -> Plan:
    """Walk `sources` and give every picture in them its name below `out`, mirroring the tree.

    One folder's content lands directly under `out`; of several sources, each folder gets a sub-folder of its own name,
    and loose files land directly under `out`. A source that lies within another one is in the tree of that one already.
    One picture may have a picture's name as `out`. Links to folders are followed once. `out` itself is left out, unless it
    is a source, and so are `results` that a walk comes across: only who names one by itself means it. ConfigError if `out`
    names a picture that cannot be written.
    """
    absolute = list(dict.fromkeys(Path(os.path.abspath(source)) for source in sources))  # noqa: PTH100 links keep their names
    out = Path(os.path.abspath(out))  # noqa: PTH100  as above
    result_name = None
    if len(absolute) == 1 and is_picture_name(out.name) and not out.is_dir() and not absolute[0].is_dir():
        requested = _format_of_name(out, requested)
        out, result_name = out.parent, out.name
    walk = Walk(out, recurse, results, token)
    walk.everything(absolute)
    names = _Names(walk.found, requested, result_name, aspects)
    return Plan(
        out,
        requested,
        tuple(names.pictures()),
        tuple(walk.failures),
        walk.ignored,
        walk.earlier_results,
        dict(sorted(walk.raw.items())),
        frozenset(names.taken),
    )


def _format_of_name(out: Path, requested: Requested) -> Requested:
    """Return the format that the name of the one result says."""
    named = output_format(out.suffix, "keep", bits=8, has_alpha=False)
    if suffix_for(named, out.suffix) != out.suffix:
        raise ConfigError(f"{out.name} cannot be written: {out.suffix} is a format that can only be read.")
    if requested != "keep" and output_format(out.suffix, requested, bits=8, has_alpha=False) != named:
        raise ConfigError(f"The name {out.name} says one format and the settings another ({requested}). Change either.")
    return named


def format_of(aspect: Aspect, suffix: str, requested: Requested, *, bits: int, has_alpha: bool) -> OutputFormat:
    """The format of one of the files that are made of a picture whose name ends in `suffix`.

    How much variations differ takes 16 bits that nothing blurs: PNG, or TIFF where all are to be TIFF.
    """
    if aspect.kind == "uncertainty":
        requested = "tiff" if requested == "tiff" else "png"
    return output_format(suffix, requested, bits=bits, has_alpha=has_alpha)


class _Names:
    """Gives each result a name of its own, the same in every run over the same sources."""

    def __init__(
        self, found: Sequence[Found], requested: Requested, result_name: str | None, aspects: Sequence[Aspect] = (RESULT,)
    ) -> None:
        self.taken = {name_key(folder) for folder in {one.target_folder for one in found}}
        self._found = [(one, aspect) for one in found for aspect in aspects]
        self._requested = requested
        self._result_name = result_name
        self._suffixes: dict[tuple[str, str], str] = {}

    def pictures(self) -> list[PlannedPicture]:
        """In the order in which they were found."""
        wishes = [self._wish(one, aspect) for one, aspect in self._found]
        # Who comes first gets the plain name; only then the others get numbers, so that no number takes a plain name away.
        turns = self._turns()
        late = [number for number in turns if not self._take(self._found[number][0].target_folder / wishes[number])]
        names, numbers = list(wishes), Counter[str]()
        for number in late:
            names[number] = self._number(self._found[number][0].target_folder / wishes[number], numbers)
        return [
            PlannedPicture(one.folder, one.name, one.target_folder, wish, name, aspect)
            for (one, aspect), wish, name in zip(self._found, wishes, names, strict=True)
        ]

    def _turns(self) -> list[int]:
        """Who has a say when: results before what lies beside them, which may not be asked for the next time.

        Within a folder by the letters of the names, so that no other order of reading changes a result's.
        """

        def place(numbered_one: tuple[int, tuple[Found, Aspect]]) -> object:
            number, (one, _) = numbered_one
            return number if one.is_named else one.folder

        runs = groupby(enumerate(self._found), place)
        turns = [number for _, run in runs for number, _ in sorted(run, key=lambda one: one[1][0].name)]
        return sorted(turns, key=lambda number: self._found[number][1] != RESULT)

    def _wish(self, found: Found, aspect: Aspect) -> str:
        if self._result_name is not None:
            name, suffix = self._result_name, Path(self._result_name).suffix
        else:
            name, suffix = found.name, Path(found.name).suffix
        ending = aspect.ending + self._suffix(suffix, aspect)
        return name if ending == suffix else ended(name[: -len(suffix)], ending)

    def _suffix(self, suffix: str, aspect: Aspect) -> str:
        """What the result's name ends in, of a picture whose name ends in `suffix`."""
        key = suffix, aspect.kind
        if key not in self._suffixes:
            # What most pictures of that name are. If one turns out to have more bits, its result's name follows the content.
            likely = format_of(aspect, suffix, self._requested, bits=8, has_alpha=False)
            self._suffixes[key] = suffix_for(likely, suffix)
        return self._suffixes[key]

    def _number(self, wish: Path, numbers: Counter[str]) -> str:
        key = name_key(wish)
        while True:
            numbers[key] += 1
            if self._take(path := numbered(wish, numbers[key] + 1)):
                return path.name

    def _take(self, path: Path) -> bool:
        key = name_key(path)
        free = key not in self.taken
        self.taken.add(key)
        return free


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """One picture that a walk came across."""

    folder: Path
    name: str


@dataclass(frozen=True, slots=True)
class Unlooked:
    """What could not be looked at, and a sentence why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What else a walk came across."""

    ignored: int  # files whose name is no picture's
    raw: dict[str, int]  # camera RAW by kind: {"NEF": 212}
    earlier_results: int = 0  # pictures in folders that an earlier conversion made


def list_pictures(
    sources: Sequence[Path],
    *,
    recurse: bool,
    out: Path | None,
    results: KnowsResults,
    report: Report[tuple[FoundPicture | Unlooked, ...]],
    token: Token,
) -> Listing:
    """Tell folder by folder what `plan_conversion` would find, while it is being walked; nothing is planned yet.

    `out`: the folder of the results, which is left out of the walk; None if it lies elsewhere.
    """
    absolute = list(dict.fromkeys(Path(os.path.abspath(source)) for source in sources))  # noqa: PTH100  links keep their names
    walk = _TellingWalk(out or Path(os.devnull, "nowhere"), recurse, results, token, report=report)
    walk.everything(absolute)
    walk.tell()
    return Listing(walk.ignored, dict(sorted(walk.raw.items())), walk.earlier_results)


@dataclass(slots=True)
class _TellingWalk(Walk):
    """A walk that tells what it finds as it goes."""

    report: Report[tuple[FoundPicture | Unlooked, ...]] = field(kw_only=True)

    def tell(self) -> None:
        """Report what was found since the last time, and let go of it."""
        found: list[FoundPicture | Unlooked] = [FoundPicture(one.folder, one.name) for one in self.found]
        found.extend(Unlooked(path, reason) for path, reason in self.failures)
        self.found.clear()
        self.failures.clear()
        for start in range(0, len(found), _MOST_TOLD_AT_ONCE):
            self.report(tuple(found[start : start + _MOST_TOLD_AT_ONCE]))

    def _is_inner(self, folder: Path, entry: os.DirEntry[str], target: Path, root: Path) -> bool:
        is_inner = Walk._is_inner(self, folder, entry, target, root)
        if len(self.found) + len(self.failures) >= _MOST_TOLD_AT_ONCE:
            self.tell()
        return is_inner


class NothingToConvertError(P2PError):
    """There is no picture among the sources."""


def nothing_found(sources: Sequence[Path], plan: Plan) -> NothingToConvertError:
    """Put into a sentence why there is nothing to convert."""
    where = ", ".join(str(source) for source in sources[:3]) + (" and more" if len(sources) > 3 else "")
    if plan.failures:
        return NothingToConvertError(f"There is nothing to convert: {plan.failures[0][1]}")
    if plan.raw:
        return NothingToConvertError(f"There is nothing to convert in {where}: {raw_sentence(plan.raw)}")
    if plan.earlier_results:
        return NothingToConvertError(
            f"There is nothing to convert in {where}: {results_sentence(plan.earlier_results)} Name pictures themselves to convert"
            " them once more."
        )
    return NothingToConvertError(f"There is nothing to convert: no picture was found in {where}.")


def raw_sentence(raw: dict[str, int]) -> str:
    """Name the camera RAW files that were passed over: "212 NEF and 3 CR2 pictures cannot be read yet."."""
    counts = [f"{count} {kind}" for kind, count in raw.items()]
    last = counts.pop()
    listed = f"{', '.join(counts)} and {last}" if counts else last
    only_one = sum(raw.values()) == 1
    return f"{listed} picture{'' if only_one else 's'} cannot be read yet."


def results_sentence(number: int) -> str:
    """Say how many results were left out: "12 results of earlier conversions were passed over."."""
    if number == 1:
        return "1 result of an earlier conversion was passed over."
    return f"{number:,} results of earlier conversions were passed over."
