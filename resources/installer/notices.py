"""THIRD-PARTY-NOTICES.txt: whose work is inside the frozen program, under which licences, and where its sources are."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name

from resources.installer import licence_texts, offers
from resources.installer.contents import Content, Module
from resources.installer.licence_texts import Text
from resources.installer.owners import PROGRAM, ROOT, Owned, Owner, find_owners

WIDTH = 100  # characters of a ruled line
OURS = "Pictures, clips and models"
OUR_CREDITS = ("CREDITS.md", "LICENSES.md")


class Package(NamedTuple):
    """One whose work is inside. `num_texts` counts its licence texts."""

    name: str
    version: str
    licence: str
    num_texts: int


class NoticeReport(NamedTuple):
    """What the notices tell. `lacking` names whatever is inside without a licence text: such a program is not to be shipped."""

    lacking: list[str]
    packages: list[Package]


class _Entry(NamedTuple):
    package: Package
    home: str
    numbers: list[int]  # of its texts


class _Texts:
    """Licence texts, each once however many bring it, and numbered from 1."""

    def __init__(self) -> None:
        self.titles: list[list[str]] = []
        self.bodies: list[str] = []
        self._numbers: dict[str, int] = {}

    def add(self, texts: Iterable[Text]) -> list[int]:
        """Take the texts in and return their numbers."""
        numbers = []
        for text in texts:
            same = re.sub(r"\s+", " ", text.text)  # copies of one text are wrapped and indented in many ways
            number = self._numbers.setdefault(same, len(self.bodies) + 1)
            if number > len(self.bodies):
                self.bodies.append(text.text)
                self.titles.append([])
            self.titles[number - 1].append(text.title)
            numbers.append(number)
        return sorted(set(numbers))


def write_notices(
    contents: Iterable[Content], modules: Iterable[Module], target: Path, search: list[str] | None = None, root: Path = ROOT
) -> NoticeReport:
    """Write the notices of a frozen program of `contents` and `modules` to the file `target`.

    search: the folders of installed distributions; those of `sys.path` if None. root: our checkout.
    """
    owned = find_owners(contents, modules, search, root)
    texts = _Texts()
    entries: list[_Entry] = []
    lacking: list[str] = []
    for group in (_python, _pyinstaller, _distributions, _system):
        for package, home, found, without in group(owned):
            entries.append(_Entry(package._replace(num_texts=len(found)), home, texts.add(found)))
            lacking += without
    lacking += [f"{owner.name}: nobody owns it" for owner in owned.owners() if owner.kind == "unknown"]
    told = offers.offers(owned)
    target.write_text(_lay_out(entries, told, _credits(owned), texts), encoding="utf-8", newline="\n")
    return NoticeReport(lacking, [entry.package for entry in entries])


_Found = Iterable[tuple[Package, str, list[Text], list[str]]]


def _python(owned: Owned) -> _Found:
    texts, lacking = licence_texts.python_texts()
    yield Package("Python", licence_texts.python_version(), "PSF-2.0", 0), "https://www.python.org", texts, lacking


def _pyinstaller(owned: Owned) -> _Found:
    """The boot loader is in every executable, whether or not any module of PyInstaller is in the archive."""
    loader = next((found for name, found in owned.installed.items() if canonicalize_name(name) == "pyinstaller"), None)
    texts, lacking = licence_texts.pyinstaller_texts(loader)
    version = "" if loader is None else loader.version
    licence = "GPL-2.0-or-later with an exception for what is made with it"
    yield Package("PyInstaller's boot loader", version, licence, 0), "https://pyinstaller.org", texts, lacking


def _distributions(owned: Owned) -> _Found:
    for owner in _of_kind(owned, "distribution"):
        if canonicalize_name(owner.name) == "pyinstaller":
            continue
        distribution = owned.installed[owner.name]
        texts, lacking = licence_texts.texts_of_distribution(distribution, owned.files.get(owner, []))
        package = Package(owner.name, distribution.version, licence_texts.licence_of(distribution), 0)
        yield package, licence_texts.home_of(distribution), texts, lacking


def _system(owned: Owned) -> _Found:
    owners = _of_kind(owned, "system")
    versions = licence_texts.package_versions(owner.name for owner in owners)
    for owner in owners:
        texts, lacking = licence_texts.texts_of_package(owner.name)
        version, source = versions.get(owner.name, ("", owner.name))
        yield Package(owner.name, version, "see its texts", 0), f"Source package: {source}", texts, lacking


def _of_kind(owned: Owned, kind: str) -> list[Owner]:
    return sorted((owner for owner in owned.owners() if owner.kind == kind), key=lambda owner: owner.name.lower())


def _credits(owned: Owned) -> list[str]:
    """Return where in the program the origin and licence of our own pictures, clips and models are told."""
    return sorted(content.path.as_posix() for content in owned.files.get(PROGRAM, []) if content.path.name in OUR_CREDITS)


def _lay_out(entries: list[_Entry], told: list[offers.Offer], credits_files: list[str], texts: _Texts) -> str:
    lines = [
        "THIRD-PARTY NOTICES OF P2P-DESKTOP",
        "",
        "The program is made with the work of many others, which is inside this folder. This file names it, says",
        "under which licences it is passed on and where its source code is to be had, and gives the licences' texts.",
        "The program itself is under the Apache License 2.0.",
        "",
        "CONTENTS",
        "",
        *(f"  {offer.title}" for offer in told),
        f"  {OURS}",
        f"  Whose work is inside ({len(entries)})",
        f"  Licence texts ({len(texts.bodies)})",
        *(f"    [{number}] {_title(titles)}" for number, titles in enumerate(texts.titles, 1)),
    ]
    for offer in told:
        lines += [*_heading(offer.title), offer.text]
    lines += [
        *_heading("Pictures, clips and models"),
        "Where each is from and under which licence it is, is told in these files:",
        "",
    ]
    lines += [f"  {file}" for file in credits_files]
    lines += _heading("Whose work is inside")
    for entry in entries:
        package = entry.package
        lines += ["", f"{package.name} {package.version}".rstrip(), f"  Licence: {package.licence}"]
        lines += [f"  {entry.home}"] if entry.home else []
        lines += ["  Texts: " + ", ".join(f"[{number}]" for number in entry.numbers)] if entry.numbers else []
    for number, (titles, body) in enumerate(zip(texts.titles, texts.bodies, strict=True), 1):
        lines += [*_heading(f"[{number}] {_title(titles)}"), body]
    return "\n".join(lines) + "\n"


def _title(titles: list[str]) -> str:
    different = list(dict.fromkeys(titles))
    return different[0] if len(different) == 1 else f"{different[0]} (and {len(different) - 1} more)"


def _heading(title: str) -> list[str]:
    return ["", "", "=" * WIDTH, title, "=" * WIDTH, ""]
