"""The models at hand: those that came with the program and those that the user added."""

import logging
import os
import re
import shutil
import unicodedata
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.contract.errors import ModelError
from training.contract.model_file import SUFFIX, ModelCard, check_length, check_weights, file_digest, read_card

log = logging.getLogger(__name__)

MAX_NAME_BYTES = 200  # leaves room for a number and the suffix within the 255 bytes of most file systems
# https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file: these are devices, whatever follows their first dot
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Model:
    """A model file. Its name is that of the file without suffix."""

    path: Path
    origin: Literal["shipped", "added"]
    card: ModelCard | None
    """None if the file cannot be used."""
    problem: str
    """Why not; empty if it can."""
    num_bytes: int = 0

    @property
    def name(self) -> str:
        return self.path.stem


@dataclass(frozen=True, slots=True)
class Addition:
    """What came of adding a file: the model's file in the library, and whether it was not there before."""

    path: Path
    is_new: bool


@dataclass(frozen=True, slots=True)
class Library:
    """Two folders of model files. An added model hides a shipped one of the same name."""

    shipped: Path
    added: Path
    removed: Path

    def models(self) -> list[Model]:
        """All models by name, damaged ones too."""
        found: dict[str, Model] = {}
        for path in _model_files(self.shipped):
            found[path.stem] = _look_at(path, "shipped")
        for path in _model_files(self.added):
            found[path.stem] = _look_at(path, "added")
        return sorted(found.values(), key=lambda model: model.name.casefold())

    def find(self, name_or_path: str) -> Path:
        """The file of a model named by its name, or by its path. Raises ModelError with the names there are."""
        for folder in (self.added, self.shipped):
            for path in _model_files(folder):
                if path.stem == name_or_path:
                    return path
        path = Path(name_or_path)
        if path.is_file():
            return path
        names = ", ".join(model.name for model in self.models()) or "none"
        if path.suffix == SUFFIX or len(path.parts) > 1:
            raise ModelError(f"The model file {name_or_path} does not exist. Models at hand: {names}.")
        raise ModelError(f"There is no model named {name_or_path!r}. Models at hand: {names}.")

    def add(self, source: Path) -> Path:
        """Copy a model file into the library, or find it there; give its path. Raises ModelError as `add_or_find` does."""
        return self.add_or_find(source).path

    def add_or_find(self, source: Path) -> Addition:
        """Copy a model file into the library, after checking that it is one and whole. Its name gets a number if it is taken.

        The same file again is found, not copied. Raises ModelError.
        """
        card = read_card(source)
        check_length(source)
        digest = file_digest(source)
        name = file_name(card.name)
        taken = {path.stem.casefold(): path for folder in (self.shipped, self.added) for path in _model_files(folder)}
        num_bytes = _num_bytes(source)
        for path in taken.values():
            if _num_bytes(path) == num_bytes and file_digest(path) == digest:
                return Addition(path, is_new=False)
        number = 2
        candidate = name
        while candidate.casefold() in taken:
            candidate = f"{name}-{number}"
            number += 1
        target = self.added / (candidate + SUFFIX)
        temporary = self.added / f".{os.getpid()}-{uuid.uuid4().hex}.part"  # two programs, or threads, may add at a time
        try:
            self.added.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, temporary)
            check_weights(temporary, source.name)  # of the copy: its disk does not go away while it is read
            temporary.replace(target)
        except ModelError:
            temporary.unlink(missing_ok=True)
            raise
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise ModelError(f"{source.name} could not be copied to {self.added}: {_why(error)}.") from error
        return Addition(target, is_new=True)

    def remove(self, name: str) -> Path:
        """Move an added model out of the library, and give where it went. Raises ModelError."""
        path = self._added_named(name, "removed")
        target = self.removed / path.name
        number = 2
        while target.exists():
            target = self.removed / f"{path.stem}-{number}{SUFFIX}"
            number += 1
        try:
            self.removed.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
        except OSError as error:
            raise ModelError(f"The model {name} could not be moved to {self.removed}: {_why(error)}.") from error
        return target

    def rename(self, name: str, new_name: str) -> Path:
        """Give an added model's file another name; what the card in it says stays. Raises ModelError."""
        path = self._added_named(name, "renamed")
        wanted = file_name(new_name)
        if not new_name.strip():
            raise ModelError("A model needs a name.")
        if len(new_name.encode("utf-8", "replace")) > MAX_NAME_BYTES:
            raise ModelError("That name is too long for a file. Choose a shorter one.")
        if wanted != unicodedata.normalize("NFC", new_name).strip():
            raise ModelError(f"{new_name.strip()} cannot be the name of a file on every system. {wanted} can.")
        taken = {other.stem.casefold() for folder in (self.shipped, self.added) for other in _model_files(folder) if other != path}
        if wanted.casefold() in taken:
            raise ModelError(f"There is a model named {wanted} already. Choose another name.")
        target = path.with_name(wanted + SUFFIX)
        try:
            path.rename(target)
        except OSError as error:
            raise ModelError(f"The model {name} could not be renamed: {_why(error)}.") from error
        return target

    def restore(self, removed: Path) -> Path:
        """Bring back a model that `remove` moved to `removed`. Its name gets a number if it was taken since. Raises ModelError."""
        taken = {path.stem.casefold() for path in _model_files(self.added)}
        target = self.added / removed.name
        number = 2
        while target.stem.casefold() in taken:
            target = self.added / f"{removed.stem}-{number}{SUFFIX}"
            number += 1
        try:
            self.added.mkdir(parents=True, exist_ok=True)
            shutil.move(removed, target)
        except OSError as error:
            raise ModelError(f"The model {removed.stem} could not be brought back: {_why(error)}.") from error
        return target

    def _added_named(self, name: str, what: str) -> Path:
        path = next((path for path in _model_files(self.added) if path.stem == name), None)
        if path is None:
            if any(path.stem == name for path in _model_files(self.shipped)):
                raise ModelError(f"The model {name} came with the program and cannot be {what}.")
            raise ModelError(f"There is no model named {name!r} to be {what}.")
        return path


def file_name(name: str) -> str:
    """A model's name as a file name that every system accepts."""
    text = unicodedata.normalize("NFC", name).strip()
    text = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is JSON, and no file's name
    text = re.sub(r'[\x00-\x1f<>:"/\\|?*]+', "-", text).strip(". ")
    while len(text.encode("utf-8")) > MAX_NAME_BYTES:
        text = text[:-1]
    text = text.rstrip(". ")
    if _RESERVED.match(text):
        text = f"model {text}"
    return text or "model"


def _look_at(path: Path, origin: Literal["shipped", "added"]) -> Model:
    num_bytes = max(0, _num_bytes(path))
    try:
        card = read_card(path)
        check_length(path)
        return Model(path, origin, card, "", num_bytes)
    except ModelError as error:
        return Model(path, origin, None, str(error), num_bytes)


def _model_files(folder: Path) -> Iterator[Path]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:  # the models of the other folder can be used all the same
        log.warning("%s cannot be read: %s", folder, error)
        return
    yield from paths


def _num_bytes(path: Path) -> int:
    """The size of a file; -1 if it is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _why(error: OSError) -> str:
    """The system's words; shutil has errors of its own, without any."""
    return error.strerror or str(error)
