"""THIRD-PARTY-NOTICES.txt: whose work is inside the frozen program, under which licences, and where its sources are."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name

from resources.installer import licence_texts, offers
from resources.installer.components import Component, components_of, texts_of
from resources.installer.contents import Content
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
    num_texts: int

    def __str__(self) -> str:
        lacking = ", ".join(self.lacking) or "nothing"
        return f"{len(self.packages)} packages, {self.num_texts} licence texts; without one: {lacking}."


class _Found(NamedTuple):
    """A package, and what is to be told of it."""

    package: Package
    home: str
    texts: list[Text]
    lacking: list[str]
    components: Sequence[Component] = ()


class _Entry(NamedTuple):
    package: Package
    home: str
    numbers: list[int]  # of its texts
    components: Sequence[Component]


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


def write_notices(contents: Iterable[Content], target: Path, search: list[str] | None = None, root: Path = ROOT) -> NoticeReport:
    """Write the notices of a frozen program of `contents` to the file `target`.

    search: the folders of installed distributions; those of `sys.path` if None. root: our checkout.
    """
    owned = find_owners(contents, search, root)
    texts = _Texts()
    entries: list[_Entry] = []
    lacking: list[str] = []
    for group in (_python, _pyinstaller, _distributions, _system):
        for found in group(owned):
            package = found.package._replace(num_texts=len(found.texts))
            entries.append(_Entry(package, found.home, texts.add(found.texts), found.components))
            lacking += found.lacking
    lacking += [f"{owner.name}: nobody owns it" for owner in owned.owners() if owner.kind == "unknown"]
    told = offers.offers(owned)
    target.write_text(_lay_out(entries, told, _credits(owned), texts), encoding="utf-8", newline="\n")
    return NoticeReport(lacking, [entry.package for entry in entries], len(texts.bodies))


def _python(owned: Owned) -> Iterator[_Found]:
    texts, lacking = licence_texts.python_texts()
    yield _Found(Package("Python", licence_texts.python_version(), "PSF-2.0", 0), "https://www.python.org", texts, lacking)


def _pyinstaller(owned: Owned) -> Iterator[_Found]:
    """The boot loader is in every executable, and so are hooks, whether or not any module of PyInstaller is a file inside."""
    loader = next((found for name, found in owned.installed.items() if canonicalize_name(name) == "pyinstaller"), None)
    texts, lacking = licence_texts.pyinstaller_texts(loader)
    version = "" if loader is None else loader.version
    licence = "GPL-2.0-or-later with an exception for what is made with it; Apache-2.0 for the hooks"
    package = Package("PyInstaller's boot loader and run-time hooks", version, licence, 0)
    yield _Found(package, "https://pyinstaller.org", [*texts, *licence_texts.stored_texts(["spdx/Apache-2.0.txt"])], lacking)


def _distributions(owned: Owned) -> Iterator[_Found]:
    for owner in _of_kind(owned, "distribution"):
        if canonicalize_name(owner.name) == "pyinstaller":
            continue
        distribution = owned.installed[owner.name]
        texts, lacking = licence_texts.texts_of_distribution(distribution, owned.files.get(owner, []))
        package = Package(owner.name, distribution.version, licence_texts.licence_of(distribution), 0)
        components = components_of(distribution)
        of_components, without = texts_of(components)
        home = licence_texts.home_of(distribution)
        yield _Found(package, home, texts + of_components, lacking + without, components)


def _system(owned: Owned) -> Iterator[_Found]:
    owners = _of_kind(owned, "system")
    versions = licence_texts.package_versions(owner.name for owner in owners)
    for owner in owners:
        texts, lacking = licence_texts.texts_of_package(owner.name)
        version, source = versions.get(owner.name, ("", owner.name))
        yield _Found(Package(owner.name, version, "see its texts", 0), f"Source package: {source}", texts, lacking)


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
        if entry.components:
            lines.append("  Compiled with:")
            lines += [f"    {_component(component)}" for component in entry.components]
    for number, (titles, body) in enumerate(zip(texts.titles, texts.bodies, strict=True), 1):
        lines += [*_heading(f"[{number}] {_title(titles)}"), body]
    return "\n".join(lines) + "\n"


def _component(component: Component) -> str:
    told = [f"{component.name} {component.version}".rstrip(), component.licence, component.makers]
    return ", ".join(filter(None, told))


def _title(titles: list[str]) -> str:
    different = list(dict.fromkeys(titles))
    return different[0] if len(different) == 1 else f"{different[0]} (and {len(different) - 1} more)"


def _heading(title: str) -> list[str]:
    return ["", "", "=" * WIDTH, title, "=" * WIDTH, ""]
