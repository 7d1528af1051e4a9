"""To whom each part of the frozen program belongs: a Python distribution, Python itself, a package of the system, or us."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Literal, NamedTuple

from packaging.utils import canonicalize_name

from resources.installer.contents import Content

ROOT = Path(__file__).resolve().parents[2]  # the checkout
OUR_NAME = canonicalize_name("p2p-desktop")
PYTHON_LIBRARY = re.compile(r"(lib)?python3(\.?\d+t?)?\.|Python$", re.IGNORECASE)
# What Windows keeps of Visual C++, and every program may pass on.
_WINDOWS_RUNTIME = re.compile(r"(msvcp|vcruntime|concrt|vcomp|ucrtbase)\d*.*\.dll$", re.IGNORECASE)
# In these Python is one of many: what lies there beside its own folder is not Python's.
SHARED_PREFIXES = (Path("/usr"), Path("/usr/local"))
INSTALLED = {"site-packages", "dist-packages"}


class Owner(NamedTuple):
    """Whose a part is. `name` is the distribution's or the Debian package's; of what nobody owns, the file's path."""

    kind: Literal["program", "python", "distribution", "system", "unknown"]
    name: str


PROGRAM = Owner("program", "p2p-desktop")
MICROSOFT = Owner("system", "Microsoft Visual C++ runtime")
PYTHON = Owner("python", "Python")


class Owned(NamedTuple):
    """The parts by owner, sorted by it. `installed` has the metadata of every owner that is a distribution, by its name."""

    files: dict[Owner, list[Content]]
    installed: dict[str, Distribution]

    def owners(self) -> list[Owner]:
        """Return all who own anything, sorted."""
        return list(self.files)


def find_owners(contents: Iterable[Content], search: list[str] | None = None, root: Path = ROOT) -> Owned:
    """Tell whose every file is.

    search: the folders of installed distributions; those of `sys.path` if None. root: our checkout.
    """
    # Links inside the program have no source: they hold nothing of anyone.
    files = [content for content in contents if content.source.is_absolute()]
    recorded, installed = _recorded(sys.path if search is None else search)

    unowned = {content.source for content in files if _owner_here(content, recorded, root) is None}
    packages = debian_packages(unowned)
    files_by_owner: dict[Owner, list[Content]] = {}
    for content in files:
        owner = _owner_here(content, recorded, root) or _owner_beyond(content.source, packages)
        files_by_owner.setdefault(owner, []).append(content)
    return Owned(dict(sorted(files_by_owner.items())), installed)


def debian_packages(files: Iterable[Path]) -> dict[Path, str]:
    """Return the Debian package of each of `files` that has one. Empty where there is no dpkg."""
    if not sys.platform.startswith("linux") or shutil.which("dpkg-query") is None:
        return {}
    names = {file: _names_on_debian(file) for file in files}
    asked = sorted(set().union(*names.values()))
    if not asked:
        return {}
    # It fails if any of the files has no package, and still prints the others.
    found = subprocess.run(["dpkg-query", "-S", *asked], capture_output=True, text=True, check=False).stdout
    packages: dict[str, str] = {}
    for line in found.splitlines():
        owners, _, name = line.partition(": ")
        if not line.startswith("diversion "):
            packages[name] = owners.split(",")[0].partition(":")[0]
    first = {file: next((name for name in sorted(known) if name in packages), None) for file, known in names.items()}
    return {file: packages[name] for file, name in first.items() if name is not None}


def _names_on_debian(file: Path) -> set[str]:
    """Return the names under which dpkg may know `file`: /lib is a link to /usr/lib, and packages still say either."""
    names = {str(file), os.path.realpath(file)}
    return names | {name.removeprefix("/usr") for name in names if name.startswith("/usr/")} | {"/usr" + name for name in names}


def _owner_here(content: Content, recorded: dict[str, str], root: Path) -> Owner | None:
    """Return the owner of a file but of one that the system may own."""
    if content.path.name == "base_library.zip":  # PyInstaller packs it of Python's own modules
        return PYTHON
    if len(content.path.parts) == 1:  # the executables: the boot loader, and our modules in an archive
        return PROGRAM
    return _owner_of_source(content.source, recorded, root)


def _owner_of_source(source: Path, recorded: dict[str, str], root: Path) -> Owner | None:
    place = _place(source)
    name = recorded.get(place)
    if name is not None:
        return PROGRAM if canonicalize_name(name) == OUR_NAME else Owner("distribution", name)
    if INSTALLED.intersection(source.parts):
        return None
    if _is_pythons(place, source.name):
        return PYTHON
    return PROGRAM if Path(place).is_relative_to(os.path.normcase(os.path.realpath(root))) else None


def _owner_beyond(source: Path, packages: dict[Path, str]) -> Owner:
    if _WINDOWS_RUNTIME.match(source.name) and "system32" in (part.lower() for part in source.parts):
        return MICROSOFT
    package = packages.get(source)
    return Owner("unknown", str(source)) if package is None else Owner("system", package)


def _is_pythons(place: str, name: str) -> bool:
    if PYTHON_LIBRARY.match(name):
        return True
    return any(Path(place).is_relative_to(folder) for folder in _folders_of_python())


@cache
def _folders_of_python() -> list[str]:
    folders = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib", vars={"platbase": sys.base_exec_prefix})]
    if Path(sys.base_prefix) not in SHARED_PREFIXES:
        folders.append(sys.base_prefix)
    return [os.path.normcase(os.path.realpath(folder)) for folder in folders]


def _recorded(search: list[str]) -> tuple[dict[str, str], dict[str, Distribution]]:
    """Return the distribution of each installed file by the file's place, and the distributions by name."""
    owners: dict[str, str] = {}
    installed: dict[str, Distribution] = {}
    for distribution in distributions(path=search):
        name = distribution.metadata["Name"]
        if name is None or name in installed:  # what comes first in the search is what is imported
            continue
        installed[name] = distribution
        folder = os.path.realpath(str(distribution.locate_file("")))
        for file in distribution.files or ():
            owners.setdefault(os.path.normcase(os.path.normpath(os.path.join(folder, str(file)))), name)  # noqa: PTH118  # 100000 files
    return owners, installed


def _place(source: Path) -> str:
    """Return where a file lies. Links on the way are followed; the file itself may be one, and is found under its own name."""
    return os.path.normcase(os.path.join(_real_folder(str(source.parent)), source.name))  # noqa: PTH118


@cache
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)
