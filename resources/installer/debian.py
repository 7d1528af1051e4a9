"""The package for Debian and its descendants: its tree, what it depends on, and the file itself."""

import gzip
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from resources.installer.build import Build, BuildError, run
from resources.installer.elf import Needs, needs_of

PACKAGE = "p2p-desktop"
PROGRAM = Path("opt") / PACKAGE
"""Where the frozen folder lies on the computer that it is installed on."""
_OPTIONAL = ("libqgtk3.so",)
"""Parts of ours that are loaded only where what they are linked with is there: a theme, say."""
_DATA = ("xkb-data",)
"""What libraries that come along read from elsewhere: keyboards."""
_DPKG_INFO = Path("/var/lib/dpkg/info")
_ICON_SIDES = (16, 24, 32, 48, 64, 128, 256)


def make_deb(build: Build) -> Path:
    """Pack the frozen program for Debian. Raises BuildError."""
    tree = build.work / "deb"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(build.frozen, tree / PROGRAM, symlinks=True)
    _put_files(build, tree)
    control = tree / "DEBIAN"
    control.mkdir()
    (control / "control").write_text(_control(build, tree), encoding="utf-8")
    (control / "md5sums").write_text(_md5sums(tree), encoding="utf-8")
    for script in ("postrm",):
        shutil.copyfile(build.installers / "linux" / script, control / script)
        (control / script).chmod(0o755)
    target = build.output / f"{build.label}.deb"
    # xz: Debian's own choice, which every version of dpkg reads
    run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", tree, target], log=build.work / "dpkg-deb.log")
    shutil.rmtree(tree)
    return target


def _put_files(build: Build, tree: Path) -> None:
    """What the desktop looks for in its own places."""
    places = {
        build.installers / "linux" / "p2p-desktop.desktop": Path("usr/share/applications/p2p-desktop.desktop"),
        build.installers / "linux" / "p2p-desktop.metainfo.xml": Path("usr/share/metainfo/p2p-desktop.metainfo.xml"),
        build.installers / "linux" / "copyright": Path("usr/share/doc/p2p-desktop/copyright"),
    }
    places |= {
        build.work / "icons" / f"{side}.png": Path(f"usr/share/icons/hicolor/{side}x{side}/apps/p2p-desktop.png")
        for side in _ICON_SIDES
    }
    for source, place in places.items():
        target = tree / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o644)
    notices = tree / "usr/share/doc/p2p-desktop/THIRD-PARTY-NOTICES.txt"
    notices.symlink_to(Path("/") / PROGRAM / "THIRD-PARTY-NOTICES.txt")
    changes = tree / "usr/share/doc/p2p-desktop/CHANGELOG.md.gz"
    changes.write_bytes(gzip.compress((build.root / "CHANGELOG.md").read_bytes(), mtime=0))
    command = tree / "usr" / "bin" / "p2p-desktop"
    command.parent.mkdir(parents=True)
    command.symlink_to(Path("/") / PROGRAM / "p2p-desktop")


def _control(build: Build, tree: Path) -> str:
    files = [file for file in (tree / PROGRAM).rglob("*") if file.is_file() and not file.is_symlink()]
    kilobytes = sum(-(-file.stat().st_size // 1024) for file in tree.rglob("*") if not file.is_symlink())
    values = {
        "version": debian_version(build.version),
        "architecture": _said(["dpkg", "--print-architecture"]).strip(),
        "installed_size": str(kilobytes),
        "depends": ", ".join([*dependencies(files), *_DATA]),
    }
    return (build.installers / "linux" / "control").read_text(encoding="utf-8").format(**values)


def debian_version(version: str) -> str:
    """A version so that a pre-release comes before its release: 0.2.0rc1 is 0.2.0~rc1."""
    return re.sub(r"(?<=\d)\.?(a|b|rc|dev)(?=\d)", r"~\1", version)


def dependencies(files: Iterable[Path]) -> list[str]:
    """The packages that hold what the files are linked with and do not bring along, as a package's field lists them.

    Read from this computer's packages: what is built here runs on this system and later ones. Raises BuildError where a
    library is missing.
    """
    ours = list(files)
    there = {file.name for file in ours}
    needed: dict[str, set[str]] = {}  # library -> versions of its symbols
    for file in ours:
        needs = needs_of(file) if file.name not in _OPTIONAL else Needs(frozenset(), frozenset())
        for library in needs.libraries - there:
            needed.setdefault(library, set())
        for library, version in needs.versions:
            if library in needed or library not in there:
                needed.setdefault(library, set()).add(version)
    places = _system_libraries()
    missing = sorted(library for library in needed if library not in places)
    if missing:
        raise BuildError(f"The program is linked with {', '.join(missing)}, which this computer lacks. Install what holds them.")
    least: dict[str, tuple[int, ...]] = {}
    for library, versions in needed.items():
        package = _owner(places[library])
        found = [least.get(package, ()), *(_first_version(package, library, version) for version in versions)]
        least[package] = max(found)
    return [f"{name} (>= {'.'.join(map(str, version))})" if version else name for name, version in sorted(least.items())]


def _system_libraries() -> dict[str, Path]:
    """Name -> file of what the dynamic loader finds here."""
    said = _said(["/sbin/ldconfig", "-p"])
    found: dict[str, Path] = {}
    for name, path in re.findall(r"^\s+(\S+) \(.*\) => (\S+)$", said, re.MULTILINE):
        found.setdefault(name, Path(path))
    return found


def _owner(file: Path) -> str:
    """The package that installed a library, whatever name its folder goes by: /lib is /usr/lib today."""
    real = file.resolve()
    folder = str(real.parent)
    for place in (str(real), str(file), folder.removeprefix("/usr") + f"/{real.name}", f"/usr{folder}/{real.name}"):
        answer = subprocess.run(["dpkg-query", "-S", place], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            return answer.stdout.partition(":")[0]
    raise BuildError(f"{file}, which the program is linked with, belongs to no package of this computer.")


def _first_version(package: str, library: str, symbol_version: str) -> tuple[int, ...]:
    """The package's first version that has these symbols; empty where its own list does not say so."""
    for list_file in _DPKG_INFO.glob(f"{package}*.symbols"):
        if list_file.name.partition(":")[0].removesuffix(".symbols") != package:
            continue
        inside = False
        for line in list_file.read_text(encoding="utf-8", errors="replace").splitlines():
            if not line.startswith((" ", "|", "*")):
                inside = line.startswith(f"{library} ")
            elif inside and line.strip().startswith(f"{symbol_version}@{symbol_version} "):
                known = line.split()[1].rpartition(":")[2].partition("-")[0]  # without an epoch, and what Debian added
                return tuple(int(part) for part in re.findall(r"\d+", known))
    return ()


def _md5sums(tree: Path) -> str:
    lines = []
    for file in sorted(tree.rglob("*")):
        if file.is_file() and not file.is_symlink() and "DEBIAN" not in file.relative_to(tree).parts:
            with file.open("rb") as opened:
                digest = hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
            lines.append(f"{digest}  {file.relative_to(tree).as_posix()}")
    return "\n".join(lines) + "\n"


def _said(command: list[str]) -> str:
    try:
        environment = os.environ | {"LC_ALL": "C"}
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(f"{command[0]} cannot be asked: {error}.") from error
