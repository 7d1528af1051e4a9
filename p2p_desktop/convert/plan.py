"""What is to be converted, and what each result will be called: settled by names alone, before any work."""

import os
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from p2p_desktop.convert.events import Requested
from p2p_desktop.convert.outputs import is_temporary, name_key, numbered
from training.contract.errors import ConfigError, P2PError
from training.contract.pictures import is_picture_name, output_format, raw_kind, suffix_for
from training.contract.progress import Report, Token

_MOST_TOLD_AT_ONCE = 500  # rows of a list that grows while a folder is walked


class IsOwnOutput(Protocol):
    """Tells whether a file below OUT is a result of ours. `named`: it was given as a source, not found in a folder."""

    def __call__(self, path: Path, *, named: bool) -> bool: ...


@dataclass(frozen=True, slots=True)
class PlannedPicture:
    """One picture and its places. Folders are shared between pictures, so that 50,000 of them take 20 MB."""

    folder: Path
    name: str
    target_folder: Path
    wish: str  # the name that the result would have if it were alone
    target_name: str  # the same, or with a number where another result of this plan has that name

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
    ignored: int  # files whose name is no picture's, and our own results among the sources
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
    is_own_output: IsOwnOutput,
    token: Token,
) -> Plan:
    """Walk `sources` and give every picture in them its name below `out`, mirroring the tree.

    One folder's content lands directly under `out`; of several sources, each folder gets a sub-folder of its own name,
    and loose files land directly under `out`. One picture may have a picture's name as `out`. Links to folders are
    followed once. `out` itself is left out, and where results lie among the sources (`out` is a source), `is_own_output`
    is asked. ConfigError if `out` names a picture that cannot be written.
    """
    absolute = list(dict.fromkeys(Path(os.path.abspath(source)) for source in sources))  # noqa: PTH100 links keep their names
    out = Path(os.path.abspath(out))  # noqa: PTH100
    result_name = None
    if len(absolute) == 1 and is_picture_name(out.name) and not out.is_dir() and not absolute[0].is_dir():
        requested = _format_of_name(out, requested)
        out, result_name = out.parent, out.name
    walk = _Walk(out, recurse, is_own_output, token)
    walk.everything(absolute)
    names = _Names(walk.found, requested, result_name)
    return Plan(
        out,
        requested,
        tuple(names.pictures()),
        tuple(walk.failures),
        walk.ignored,
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


@dataclass(frozen=True, slots=True)
class _Found:
    folder: Path
    name: str
    target_folder: Path


@dataclass(slots=True)
class _Walk:
    """A look at every name below the sources, each folder once."""

    out: Path
    recurse: bool
    is_own_output: IsOwnOutput
    token: Token
    found: list[_Found] = field(default_factory=list)
    failures: list[tuple[Path, str]] = field(default_factory=list)
    ignored: int = 0
    raw: Counter[str] = field(default_factory=Counter)
    _seen: set[tuple[int, int]] = field(default_factory=set)
    _links: list[tuple[Path, Path]] = field(default_factory=list)

    def everything(self, sources: Sequence[Path]) -> None:
        folders: list[tuple[Path, Path]] = []
        for source in sources:
            try:
                status = source.stat()
            except OSError as error:
                self._fail(source, error)
                continue
            if stat.S_ISDIR(status.st_mode):
                folders.append((source, self.out if len(sources) == 1 else self._sub_folder(source, folders)))
            else:
                self._file(source.parent, source.name, self.out, status.st_mode, named=True)
        out_identity = _identity(self.out)
        if out_identity is not None and all(_identity(folder) != out_identity for folder, _ in folders):
            self._seen.add(out_identity)
        for folder, target in folders:
            self._tree(folder, target)
        # Links come last: a folder that is both linked and in the tree is found at its own place.
        while self._links:
            self._tree(*self._links.pop(0))

    def _sub_folder(self, source: Path, folders: list[tuple[Path, Path]]) -> Path:
        taken = {name_key(target) for _, target in folders}
        wish = self.out / (source.name or "pictures")  # the root of a disk has no name
        return next(path for number in range(1, len(folders) + 2) if name_key(path := _beside(wish, number)) not in taken)

    def _tree(self, folder: Path, target: Path) -> None:
        waiting = [(folder, target)]
        while waiting:
            self.token.check()
            folder, target = waiting.pop()
            try:
                status = folder.stat()
                if (identity := (status.st_dev, status.st_ino)) in self._seen:
                    continue
                self._seen.add(identity)
                with os.scandir(folder) as entries:
                    ordered = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self._fail(folder, error)
                continue
            inner = [entry.name for entry in ordered if self._is_inner(folder, entry, target)]
            if self.recurse:
                waiting.extend((folder / name, target / name) for name in reversed(inner))

    def _is_inner(self, folder: Path, entry: os.DirEntry[str], target: Path) -> bool:
        """Tell whether `entry` is a folder to walk now; note it if it is anything else."""
        try:
            if entry.is_dir(follow_symlinks=False):
                return True
            # The file system's cached answer does for plain files, which saves 50,000 questions to a network drive.
            mode = stat.S_IFREG if entry.is_file(follow_symlinks=False) else entry.stat().st_mode
        except OSError as error:
            self._fail(folder / entry.name, error)
            return False
        if stat.S_ISDIR(mode):
            if self.recurse:
                self._links.append((folder / entry.name, target / entry.name))
        else:
            self._file(folder, entry.name, target, mode, named=False)
        return False

    def _file(self, folder: Path, name: str, target: Path, mode: int, *, named: bool) -> None:
        if name.startswith("._") or is_temporary(name):  # "._": what macOS leaves beside files on foreign disks
            self.ignored += 1
        elif kind := raw_kind(name):
            self.raw[kind] += 1
        elif not is_picture_name(name):
            self.ignored += 1
        elif not stat.S_ISREG(mode):
            self.failures.append((folder / name, f"{folder / name} is not a file with content."))
        elif folder.is_relative_to(self.out) and self.is_own_output(folder / name, named=named):
            self.ignored += 1
        else:
            self.found.append(_Found(folder, name, target))

    def _fail(self, path: Path, error: OSError) -> None:
        if path.is_symlink() and isinstance(error, FileNotFoundError):
            reason = f"{path} is a link to something that does not exist."
        elif isinstance(error, FileNotFoundError):
            reason = f"{path} does not exist, or does not any more."
        else:
            reason = f"{path} cannot be read: {error.strerror}."
        self.failures.append((path, reason))


class _Names:
    """Gives each result a name of its own, the same in every run over the same sources."""

    def __init__(self, found: Sequence[_Found], requested: Requested, result_name: str | None) -> None:
        self.taken = {name_key(folder) for folder in {one.target_folder for one in found}}
        self._found = found
        self._requested = requested
        self._result_name = result_name
        self._suffixes: dict[str, str] = {}

    def pictures(self) -> list[PlannedPicture]:
        wishes = [self._wish(one) for one in self._found]
        # Who comes first gets the plain name; only then the others get numbers, so that no number takes a plain name away.
        plain = [self._take(one.target_folder / wish) for one, wish in zip(self._found, wishes, strict=True)]
        numbers: Counter[str] = Counter()
        pictures = []
        for one, wish, is_plain in zip(self._found, wishes, plain, strict=True):
            name = wish if is_plain else self._number(one.target_folder / wish, numbers)
            pictures.append(PlannedPicture(one.folder, one.name, one.target_folder, wish, name))
        return pictures

    def _wish(self, found: _Found) -> str:
        if self._result_name is not None:
            return self._result_name
        suffix = Path(found.name).suffix
        if suffix not in self._suffixes:
            # What most pictures of that name are. If one turns out to have more bits, its result's name follows the content.
            likely = output_format(suffix, self._requested, bits=8, has_alpha=False)
            self._suffixes[suffix] = suffix_for(likely, suffix)
        if self._suffixes[suffix] == suffix:
            return found.name
        return numbered(Path(found.name[: -len(suffix)] + self._suffixes[suffix]), 1).name

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


def list_pictures(
    sources: Sequence[Path],
    *,
    recurse: bool,
    out: Path | None,
    report: Report[tuple[FoundPicture | Unlooked, ...]],
    token: Token,
) -> Listing:
    """Tell folder by folder what `plan_conversion` would find, while it is being walked; nothing is planned yet.

    `out`: the folder of the results, which is left out of the walk; None if it lies elsewhere.
    """
    absolute = list(dict.fromkeys(Path(os.path.abspath(source)) for source in sources))  # noqa: PTH100  links keep their names
    walk = _TellingWalk(out or Path(os.devnull, "nowhere"), recurse, _no_own_output, token, report=report)
    walk.everything(absolute)
    walk.tell()
    return Listing(walk.ignored, dict(sorted(walk.raw.items())))


def _no_own_output(path: Path, *, named: bool) -> bool:
    return False


@dataclass(slots=True)
class _TellingWalk(_Walk):
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

    def _is_inner(self, folder: Path, entry: os.DirEntry[str], target: Path) -> bool:
        is_inner = _Walk._is_inner(self, folder, entry, target)
        if len(self.found) + len(self.failures) >= _MOST_TOLD_AT_ONCE:
            self.tell()
        return is_inner


def _beside(folder: Path, number: int) -> Path:
    return folder if number == 1 else folder.with_name(f"{folder.name}-{number}")


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what is equal for two paths of one folder, or None if there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


class NothingToConvertError(P2PError):
    """There is no picture among the sources."""


def nothing_found(sources: Sequence[Path], plan: Plan) -> NothingToConvertError:
    """Put into a sentence why there is nothing to convert."""
    where = ", ".join(str(source) for source in sources[:3]) + (" and more" if len(sources) > 3 else "")
    if plan.failures:
        return NothingToConvertError(f"There is nothing to convert: {plan.failures[0][1]}")
    if plan.raw:
        return NothingToConvertError(f"There is nothing to convert in {where}: {raw_sentence(plan.raw)}")
    return NothingToConvertError(f"There is nothing to convert: no picture was found in {where}.")


def raw_sentence(raw: dict[str, int]) -> str:
    """Name the camera RAW files that were passed over: "212 NEF and 3 CR2 pictures cannot be read yet."."""
    counts = [f"{count} {kind}" for kind, count in raw.items()]
    last = counts.pop()
    listed = f"{', '.join(counts)} and {last}" if counts else last
    only_one = sum(raw.values()) == 1
    return f"{listed} picture{'' if only_one else 's'} cannot be read yet."
