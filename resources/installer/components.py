"""What a distribution was compiled with, by the lists that its makers put into it (PEP 770, CycloneDX), and under which terms."""

import json
import re
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution
from pathlib import Path
from typing import NamedTuple

from resources.installer.licence_texts import TEXTS, Text, stored_texts

SPDX_TEXTS = TEXTS / "spdx"
"""Texts of licences by their SPDX names, without anybody's name in them."""


class Component(NamedTuple):
    """A work of others inside a library of a distribution. Empty where the list does not tell."""

    name: str
    version: str
    licence: str
    """An SPDX expression."""
    makers: str


def components_of(distribution: Distribution) -> list[Component]:
    """Return what the distribution's lists name, sorted; without itself, what only built it, and what may be there or not.

    What may be there would be a library of its own, for which the distribution's own files answer.

    Raises ValueError where a list cannot be read.
    """
    name = distribution.metadata["Name"]
    found = {component for file in _lists(distribution) for component in _read(file)}
    return sorted(component for component in found if _plain(component.name) != _plain(name))


def texts_of(components: Iterable[Component]) -> tuple[list[Text], list[str]]:
    """Return the texts under whose terms the components are passed on, and those components for which no text is stored.

    A component without a licence in its list asks for none here: it is a library, and a file of its own, for which the
    distribution's own files answer.
    """
    names: set[str] = set()
    lacking = []
    for component in components:
        if component.licence:
            chosen = chosen_licences(component.licence, _stored())
            names |= chosen or set()
            lacking += [] if chosen else [f"{component.name} {component.version} ({component.licence})"]
    return stored_texts(f"{SPDX_TEXTS.name}/{name}.txt" for name in sorted(names)), lacking


def chosen_licences(expression: str, known: frozenset[str]) -> set[str] | None:
    """Return the licences of an SPDX expression that are kept to: of alternatives the first that is known; None if none is.

    An exception ("WITH") only allows more, and is left unused.
    """
    words = re.findall(r"[()]|[^\s()]+", re.sub(r"\bWITH\s+[^\s()]+", "", expression))
    try:
        chosen = _alternatives(words, known)
    except IndexError:
        return None
    return None if words else chosen


def _alternatives(words: list[str], known: frozenset[str]) -> set[str] | None:
    chosen = _together(words, known)
    while words[:1] == ["OR"]:
        words.pop(0)
        other = _together(words, known)
        chosen = other if chosen is None else chosen
    return chosen


def _together(words: list[str], known: frozenset[str]) -> set[str] | None:
    chosen = _one(words, known)
    while words[:1] == ["AND"]:
        words.pop(0)
        other = _one(words, known)
        chosen = None if chosen is None or other is None else chosen | other
    return chosen


def _one(words: list[str], known: frozenset[str]) -> set[str] | None:
    word = words.pop(0)
    if word != "(":
        return {word} if word in known else None
    chosen = _alternatives(words, known)
    words.pop(0)  # the closing one
    return chosen


def _stored() -> frozenset[str]:
    return frozenset(file.stem for file in SPDX_TEXTS.iterdir())


def _lists(distribution: Distribution) -> Iterator[Path]:
    for file in distribution.files or ():
        if len(file.parts) > 2 and file.parts[0].endswith(".dist-info") and file.parts[1] == "sboms" and file.suffix == ".json":
            yield Path(str(distribution.locate_file(file)))


def _read(file: Path) -> Iterator[Component]:
    try:
        listed = json.loads(file.read_bytes()).get("components", [])
    except (OSError, ValueError, AttributeError) as error:
        raise ValueError(f"{file} cannot be read as a list of components: {error}") from error
    for entry in listed:
        if entry.get("scope", "required") == "required":
            makers = entry.get("author") or ", ".join(author.get("name", "") for author in entry.get("authors", []))
            licences = [*filter(None, map(_licence, entry.get("licenses", [])))]
            licence = licences[0] if len(licences) == 1 else " AND ".join(f"({licence})" for licence in licences)
            yield Component(entry["name"], entry.get("version", ""), licence, makers)


def _licence(entry: dict[str, dict[str, str] | str]) -> str:
    licence = entry.get("license", {})
    named = (licence.get("id") or licence.get("name") or "") if isinstance(licence, dict) else ""
    expression = entry.get("expression")
    return expression if isinstance(expression, str) else named


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
