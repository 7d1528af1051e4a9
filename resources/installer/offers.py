"""Where the source code is of the libraries under the LGPL, and that they may be replaced."""

import sys
from pathlib import PurePath
from typing import NamedTuple

from packaging.utils import canonicalize_name

from resources.installer.contents import LIBRARY
from resources.installer.owners import MICROSOFT, Owned


class Offer(NamedTuple):
    """A paragraph of the notices."""

    title: str
    text: str


FREEDOM = """\
Nothing in the licence of this program, and nothing in how it is made, hinders changing these libraries for
one's own use, running the program with the changed ones, or taking the program apart to find faults in that."""

QT = """\
The window is made with Qt {qt} and PySide {version}, (C) The Qt Company Ltd. and others, used here under the GNU
Lesser General Public License, version 3 (LGPL-3; its text and that of the GPL-3, on which it rests, are below).

The program is linked dynamically with Qt: the libraries are files of their own in the folders
{place}/PySide6 and {place}/shiboken6. They may be replaced there with others that have the same interface.

Their source code, of which The Qt Company built them:
  https://download.qt.io/official_releases/qt/{series}/{qt}/single/ (older ones: https://download.qt.io/archive/qt/)
  https://download.qt.io/official_releases/QtForPython/pyside6/PySide6-{version}-src/
  https://code.qt.io/cgit/pyside/pyside-setup.git/tag/?h=v{version} and https://code.qt.io/cgit/qt/qtbase.git/tag/?h=v{qt}
"""

FFMPEG = """\
OpenCV's package opencv-python-headless {version} brings libraries of FFmpeg, used here under the GNU Lesser General
Public License, version 2.1 (LGPL-2.1; its text is among OpenCV's below). They are linked dynamically and are files
of their own in {folder}, which may be replaced there.

The files' names tell the versions of its libraries. Their source code: https://ffmpeg.org/releases/
(https://git.ffmpeg.org/ffmpeg.git, where each release tells the versions of its libraries), and how they were built:
https://github.com/opencv/opencv-python/releases and, for Windows, https://github.com/opencv/opencv_3rdparty
"""

HEIF = """\
The package pi-heif {version} brings libheif and libde265, used here under the GNU Lesser General Public License,
version 3 (LGPL-3; its text and that of the GPL-3 are below). They are linked dynamically and are files of their own
in {folder}, which may be replaced there. Their files' names tell the versions.

Their source code: https://github.com/strukturag/libheif/releases and https://github.com/strukturag/libde265/releases,
and how they were built: https://github.com/bigcat88/pillow_heif/tree/v{version}
"""

SYSTEM = """\
Libraries of the system on which the program was built are passed on as that system's packages have them, without
changes; they are files of their own in {place} and may be replaced there. Some are under the LGPL. The source code
of every one is at https://sources.debian.org and, in each version that ever was, at https://snapshot.debian.org
under the name of the source package that is given below (for Ubuntu: https://launchpad.net/ubuntu/+source/NAME).
"""


def offers(owned: Owned) -> list[Offer]:
    """Return what there is to tell of the libraries inside."""
    told: list[Offer] = []
    by_name = {canonicalize_name(owner.name): owner for owner in owned.owners() if owner.kind == "distribution"}
    qt = by_name.get(canonicalize_name("PySide6-Essentials"))
    if qt is not None:
        version = owned.installed[qt.name].version
        release = ".".join(version.split(".")[:3])  # a fourth number counts PySide's own repairs
        text = QT.format(place=_place(), version=version, qt=release, series=".".join(release.split(".")[:2]))
        told.append(Offer("Qt and PySide", text + "\n" + FREEDOM))
    opencv = by_name.get(canonicalize_name("opencv-python-headless"))
    if opencv is not None and (folder := _folder(owned, opencv.name, ("libavcodec", "libavformat", "opencv_videoio_ffmpeg"))):
        text = FFMPEG.format(version=owned.installed[opencv.name].version, folder=folder)
        told.append(Offer("FFmpeg in OpenCV", text + "\n" + FREEDOM))
    heif = by_name.get(canonicalize_name("pi-heif"))
    if heif is not None:
        folder = _folder(owned, heif.name, ("libheif", "libde265", "heif")) or _place().as_posix()
        told.append(
            Offer("libheif and libde265", HEIF.format(version=owned.installed[heif.name].version, folder=folder) + "\n" + FREEDOM)
        )
    if any(owner.kind == "system" and owner != MICROSOFT for owner in owned.owners()):
        told.append(Offer("Libraries of the system", SYSTEM.format(place=_place()) + "\n" + FREEDOM))
    return told


def _place() -> PurePath:
    """Where the frozen program's libraries lie: an application for macOS is built in its own way."""
    return PurePath("Contents/Frameworks") if sys.platform == "darwin" else PurePath(LIBRARY)


def _folder(owned: Owned, name: str, starts: tuple[str, ...]) -> str:
    """Return where in the program a distribution's libraries lie that are called so; empty if there are none."""
    folders = {
        (_place() / content.path.parent.relative_to(LIBRARY)).as_posix()
        for owner, contents in owned.files.items()
        if owner.name == name
        for content in contents
        if content.path.name.startswith(starts)
    }
    return " and ".join(sorted(folders))
