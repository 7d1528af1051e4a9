"""Which pictures lie below the sources: every folder is looked at once, and nothing but names is."""

import os
import stat
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from p2p_desktop.convert.earlier_results import MOST_ASKED_AT_ONCE, KnowsResults
from p2p_desktop.convert.natural_order import natural_order
from p2p_desktop.convert.outputs import name_key
from p2p_desktop.convert.system_errors import unreadable
from p2p_desktop.temporaries import is_temporary
from training.contract.pictures import is_picture_name, raw_kind
from training.contract.progress import Token


class Cover:
    """Some folders that are walked, and with them what else was named and lies within them."""

    def __init__(self, folders: Collection[Path], *, recurse: bool) -> None:
        """`folders`: absolute."""
        self._folders = frozenset(folders)
        self._recurse = recurse
        self._known: dict[Path, Path | None] = {}  # by the folder that a source lies in: 50,000 of them lie in few

    def over(self, source: Path) -> Path | None:
        """Return the outermost of the folders whose walk comes to `source`; None if none does."""
        if source in self._folders and not self._recurse:
            return None
        folder = source.parent
        if folder not in self._known:
            self._known[folder] = self._outermost(folder)
        return self._known[folder] if folder != source else None

    def _outermost(self, folder: Path) -> Path | None:
        if not self._folders or not self._recurse:
            return folder if folder in self._folders else None
        return next((outer for outer in (*reversed(folder.parents), folder) if outer in self._folders), None)


@dataclass(frozen=True, slots=True)
class Found:
    folder: Path
    name: str
    target_folder: Path
    is_named: bool = False  # one of the sources itself, and not come across in a folder


@dataclass(slots=True)
class Walk:
    """A look at every name below the sources, each folder once."""

    out: Path
    recurse: bool
    results: KnowsResults
    token: Token
    found: list[Found] = field(default_factory=list)
    failures: list[tuple[Path, str]] = field(default_factory=list)
    ignored: int = 0
    earlier_results: int = 0
    raw: Counter[str] = field(default_factory=Counter)
    _seen: set[tuple[int, int]] = field(default_factory=set)
    _links: list[tuple[Path, Path, Path]] = field(default_factory=list)
    _named: set[tuple[Path, str]] = field(default_factory=set)  # sources that lie in a folder which is walked too

    def everything(self, sources: Sequence[Path]) -> None:
        folders, files = self._sorted_out(sources)
        cover = Cover(folders, recurse=self.recurse)
        over = {source: cover.over(source) for source in sources}
        roots = [folder for folder in folders if over[folder] is None]
        is_alone = sum(root is None for root in over.values()) == 1
        targets = {roots[0]: self.out} if is_alone and roots else self._sub_folders(roots)
        for source, mode in files.items():
            root = over[source]
            target = self.out if root is None else targets[root] / source.parent.relative_to(root)
            self._file(source.parent, source.name, target, mode, is_named=True)
            if root is not None:
                self._named.add((source.parent, source.name))
        self._leave_out_of(folders)
        for root, target in targets.items():
            self._tree(root, target, root)
        for folder in folders:  # those within others are walked already, unless they lie in OUT
            if (root := over[folder]) is not None:
                self._tree(folder, targets[root] / folder.relative_to(root), root)
        # Links come last: a folder that is both linked and in the tree is found at its own place.
        while self._links:
            self._tree(*self._links.pop(0))

    def _sorted_out(self, sources: Sequence[Path]) -> tuple[list[Path], dict[Path, int]]:
        """Return the folders among the sources, and the other files with their modes."""
        folders, files = [], {}
        for source in sources:
            try:
                mode = source.stat().st_mode
            except OSError as error:
                self._fail(source, error)
                continue
            if stat.S_ISDIR(mode):
                folders.append(source)
            else:
                files[source] = mode
        return folders, files

    def _sub_folders(self, folders: Sequence[Path]) -> dict[Path, Path]:
        """Give each folder a place of its own name below `out`."""
        targets: dict[Path, Path] = {}
        taken: set[str] = set()
        for folder in folders:
            wish = self.out / (folder.name or "pictures")  # the root of a disk has no name
            named = (wish if number == 1 else wish.with_name(f"{wish.name}-{number}") for number in count(1))
            targets[folder] = next(path for path in named if name_key(path) not in taken)
            taken.add(name_key(targets[folder]))
        return targets

    def _leave_out_of(self, folders: Sequence[Path]) -> None:
        """Do not walk `out`, unless it is one of the sources."""
        out_identity = _identity(self.out)
        if out_identity is not None and all(_identity(folder) != out_identity for folder in folders):
            self._seen.add(out_identity)

    def _tree(self, folder: Path, target: Path, root: Path) -> None:
        """Walk a folder below the source `root`, or one that is linked there."""
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
                    ordered = sorted(entries, key=lambda entry: (natural_order(entry.name), entry.name))
            except OSError as error:
                self._fail(folder, error)
                continue
            inner = self._folder(folder, ordered, target, root)
            if self.recurse:
                waiting.extend((folder / name, target / name) for name in reversed(inner))

    def _folder(self, folder: Path, entries: Sequence[os.DirEntry[str]], target: Path, root: Path) -> list[str]:
        """Note what lies in a folder, and return the names of the folders to walk now."""
        inner = []
        for start in range(0, len(entries), MOST_ASKED_AT_ONCE):
            some = entries[start : start + MOST_ASKED_AT_ONCE]
            results = self.results.among(folder, [entry.name for entry in some if is_picture_name(entry.name)], root)
            for entry in some:
                if entry.name in results:
                    self.earlier_results += (folder, entry.name) not in self._named
                elif self._is_inner(folder, entry, target, root):
                    inner.append(entry.name)
        return inner

    def _is_inner(self, folder: Path, entry: os.DirEntry[str], target: Path, root: Path) -> bool:
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
                self._links.append((folder / entry.name, target / entry.name, root))
        else:
            self._file(folder, entry.name, target, mode)
        return False

    def _file(self, folder: Path, name: str, target: Path, mode: int, *, is_named: bool = False) -> None:
        if (folder, name) in self._named:
            return
        if name.startswith("._") or is_temporary(name):  # "._": what macOS leaves beside files on foreign disks
            self.ignored += 1
        elif kind := raw_kind(name):
            self.raw[kind] += 1
        elif not is_picture_name(name):
            self.ignored += 1
        elif not stat.S_ISREG(mode):
            self.failures.append((folder / name, f"{folder / name} is not a file with content."))
        else:
            self.found.append(Found(folder, name, target, is_named))

    def _fail(self, path: Path, error: OSError) -> None:
        if path.is_symlink() and isinstance(error, FileNotFoundError):
            reason = f"{path} is a link to something that does not exist."
        elif isinstance(error, FileNotFoundError):
            reason = f"{path} does not exist. Was it moved or renamed?"
        else:
            reason = unreadable(path, error)
        self.failures.append((path, reason))


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what is equal for two paths of one folder, or None if there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
