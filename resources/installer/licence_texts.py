"""The licence texts of whoever owns a part of the frozen program, and what their own files do not tell."""

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from importlib.metadata import Distribution
from pathlib import Path, PurePath
from typing import NamedTuple

from packaging.utils import canonicalize_name

from resources.installer.contents import Content
from resources.installer.owners import MICROSOFT

TEXTS = Path(__file__).parent / "licences"
COMMON_LICENCES = Path("/usr/share/common-licenses")
DEBIAN_NOTES = Path("/usr/share/doc")

LICENCE_NAME = re.compile(r"licen[cs]e|copying|notice|third[-_ ]?party|copyright|patents", re.IGNORECASE)
NO_TEXT = {".py", ".pyc", ".pyi", ".so", ".pyd", ".dll", ".h", ".hpp", ".cpp", ".json", ".html", ".svg", ".png"}
REFERRED = re.compile(r"/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9+])")


MICROSOFT_TERMS = "microsoft-runtime.txt"


class Text(NamedTuple):
    """A licence text, and of which file it is."""

    title: str
    text: str


class Fact(NamedTuple):
    """A text that belongs to a distribution if the program has a file of it that is called like `pattern`."""

    distribution: str  # canonical
    pattern: str  # of the file's name
    texts: tuple[str, ...]  # in TEXTS
    reason: str


FACTS = (
    Fact(
        "pyside6-essentials",
        "*",
        ("lgpl-3.txt", "gpl-3.txt"),
        "the wheel has no text; of its licences this is the LGPL",
    ),
    Fact("shiboken6", "*", ("lgpl-3.txt", "gpl-3.txt"), "as PySide6, of which it is a part"),
    Fact(
        "pyside6-essentials",
        "*Qt6*",
        ("qt-base.txt",),
        "what Qt holds of others, as Debian lists it for 6.4",
    ),
    Fact("pyside6-essentials", "*Svg*", ("qt-svg.txt",), "the same for Qt SVG"),
    Fact("pyside6-essentials", "*Wayland*", ("qt-wayland.txt",), "the same for Qt Wayland"),
    Fact("pyside6-essentials", "*icu*", ("icu.txt",), "Qt's wheel for Linux brings ICU"),
    Fact("qtawesome", "phosphor*", ("phosphor.txt",), "the text of the npm package phosphor-icons; qtawesome has only its own"),
    Fact("pi-heif", "*", ("lgpl-3.txt", "gpl-3.txt"), "its list names the LGPL-3 of libheif and libde265 and gives no text"),
    Fact("opencv-python-headless", "libaom*", ("aom.txt",), "in the wheel, and not in its list"),
    Fact("opencv-python-headless", "libavif*", ("avif.txt",), "in the wheel; its list has an older text"),
    Fact("opencv-python-headless", "libdrm*", ("drm.txt",), "in the wheel, and not in its list"),
    Fact("opencv-python-headless", "libopenblas*", ("openblas.txt",), "in the wheel, and not in its list"),
    Fact("opencv-python-headless", "libgfortran*", ("gcc-runtime.txt", "gpl-3.txt"), "in the wheel, and not in its list"),
    Fact("opencv-python-headless", "libquadmath*", ("gcc-runtime.txt", "lgpl-2.1.txt"), "in the wheel, and not in its list"),
    Fact("torch", "libgomp*", ("gcc-runtime.txt", "gpl-3.txt"), "in the wheel, and not in its list"),
    Fact("torch", "*torch_cpu.*", ("intel-mkl.txt", "intel-mkl-third-party.txt"), "linked in, and not in its list"),
)
# Fonts are works of their own: the licence of the package that brings one says nothing of it.
FONTS = (".ttf", ".otf", ".woff", ".woff2")


def texts_of_distribution(distribution: Distribution, contents: Iterable[Content]) -> tuple[list[Text], list[str]]:
    """Return the texts of a distribution of which the program has `contents`, and whatever of it has none."""
    name = distribution.metadata["Name"]
    texts = list(_own_texts(distribution))
    facts = [fact for fact in FACTS if fact.distribution == canonicalize_name(name)]
    names = {content.source.name for content in contents}
    of_names = [fact for fact in facts if fact.pattern != "*"]
    met = [fact for fact in facts if fact.pattern == "*" or any(fnmatch(file, fact.pattern) for file in names)]
    texts += stored_texts(file for fact in met for file in fact.texts)
    fonts = {file for file in names if file.lower().endswith(FONTS)}
    bare = [font for font in sorted(fonts) if not any(fnmatch(font, fact.pattern) for fact in of_names)]
    lacking = [f"the font {font} of {name}" for font in bare]
    if not texts:
        lacking.append(f"{name} {distribution.version}")
    return texts, lacking


def stored_texts(files: Iterable[str]) -> list[Text]:
    """Return the texts in TEXTS that are called `files`, each once."""
    return [_read(TEXTS / file, PurePath(file).name) for file in dict.fromkeys(files)]


def pyinstaller_texts(distribution: Distribution | None) -> tuple[list[Text], list[str]]:
    """Return the text of PyInstaller's boot loader, of which the executables are made."""
    texts = [] if distribution is None else list(_own_texts(distribution))
    return texts, [] if texts else ["PyInstaller's boot loader"]


def python_texts() -> tuple[list[Text], list[str]]:
    """Return Python's own licence, wherever its builder put it."""
    stdlib, prefix, version = Path(sysconfig.get_path("stdlib")), Path(sys.base_prefix), f"python3.{sys.version_info.minor}"
    places = (
        stdlib / "LICENSE.txt",  # built from source, python.org for macOS, Debian
        prefix / "LICENSE.txt",  # python.org for Windows, where the texts of what it was built with follow
        prefix / "LICENSE_PYTHON.txt",  # conda
        prefix / "LICENSE",
        DEBIAN_NOTES / version / "copyright",
    )
    for place in places:
        if place.is_file():
            return [_read(place, f"Python's {place.name}")], []
    return [], ["Python"]


def texts_of_package(package: str, notes: Path = DEBIAN_NOTES, common: Path = COMMON_LICENCES) -> tuple[list[Text], list[str]]:
    """Return the texts of a Debian package: its copyright file, and the common licences to which that refers.

    What Windows has of Visual C++ counts as one, with the terms under which it is passed on.
    """
    if package == MICROSOFT.name:
        return stored_texts([MICROSOFT_TERMS]), []
    file = notes / package / "copyright"
    if not file.is_file():
        return [], [f"the system's package {package}"]
    own = _read(file, f"{package}: copyright")
    referred = sorted({common / name for name in REFERRED.findall(own.text)})
    return [own, *(_read(licence, licence.name) for licence in referred if licence.is_file())], []


def python_version() -> str:
    """Return the version of the Python that runs, which is the one inside."""
    return ".".join(str(number) for number in sys.version_info[:3])


def package_versions(packages: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the version of each Debian package that is installed, and its source package with that one's version."""
    names = list(packages)
    if not names:
        return {}
    form = "${Package}\t${Version}\t${source:Package} ${source:Version}\n"
    answer = subprocess.run(["dpkg-query", "-W", "-f", form, *names], capture_output=True, text=True, check=False).stdout
    return {name: (version, source) for name, version, source in (line.split("\t") for line in answer.splitlines())}


def licence_of(distribution: Distribution) -> str:
    """Return what a distribution says of its licence, in one line."""
    expression = _field(distribution, "License-Expression") or _field(distribution, "License").strip().partition("\n")[0]
    classifiers = distribution.metadata.get_all("Classifier", [])
    named = [
        line.removeprefix("License :: ").removeprefix("OSI Approved :: ") for line in classifiers if line.startswith("License :: ")
    ]
    return expression or ", ".join(named) or "see its texts"


def home_of(distribution: Distribution) -> str:
    """Return the address of a distribution's page, empty if it tells none."""
    addresses = [line.partition(", ") for line in distribution.metadata.get_all("Project-URL", [])]
    pages: dict[str, str] = {label.lower(): page for label, _, page in addresses}
    for label in ("homepage", "home", "repository", "source", "source code"):
        if label in pages:
            return pages[label]
    return _field(distribution, "Home-page") or next(iter(pages.values()), "")


def _field(distribution: Distribution, name: str) -> str:
    """Return what the metadata say, empty if nothing."""
    values: list[str] = distribution.metadata.get_all(name, [])
    return values[0] if values else ""


def _own_texts(distribution: Distribution) -> Iterator[Text]:
    stated = set(distribution.metadata.get_all("License-File", []))
    for file in sorted(distribution.files or (), key=str):
        parts = file.parts
        in_metadata = parts[0].endswith((".dist-info", ".egg-info"))
        kept = in_metadata and len(parts) > 2 and parts[1] in ("licenses", "license_files")
        named = LICENCE_NAME.search(file.name) is not None and file.suffix.lower() not in NO_TEXT
        if kept or named or (in_metadata and "/".join(parts[1:]) in stated):
            place = Path(str(distribution.locate_file(file)))
            if place.is_file():
                yield _read(place, f"{distribution.metadata['Name']}: {_short(parts)}")


def _short(parts: tuple[str, ...]) -> str:
    start = 0
    if parts[0].endswith((".dist-info", ".egg-info")):
        start = 2 if len(parts) > 2 and parts[1] == "licenses" else 1
    return "/".join(parts[start:])


def _read(file: Path, title: str) -> Text:
    # A few old texts are Latin-1: a name with a wrong letter in it is better than no text.
    data = file.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    lines = [line.rstrip() for line in text.replace("\f", "\n").splitlines()]
    return Text(title, "\n".join(lines).strip("\n"))
