"""The model file: one `.safetensors` that describes itself (design 3.1). Reading it runs no code from it and needs no torch.

Layout of a safetensors file: 8 bytes little-endian length, a JSON header of that length, tensors. Our description, the card,
is the header's metadata entry `p2p`. `FORMAT_VERSION` grows only when older programs could misread a file; unknown keys are
ignored, so that files of later versions that merely say more stay readable.
"""

import base64
import binascii
import hashlib
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, cast

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from training.contract.encodings import DEPTH_IN_MILLIMETRES, DepthScale, EncodingName, encoding_named
from training.contract.errors import ConfigError, ModelError
from training.contract.files import open_to_read
from training.contract.framing import Frame, SizeRule
from training.contract.palette import MAX_COLOURS, Palette
from training.contract.spec import GeneratorSpec, Statistics

FORMAT_VERSION = 1
MAX_CARD_BYTES = 1 << 20
MAX_HEADER_BYTES = MAX_CARD_BYTES + (8 << 20)  # the card, and names and shapes of up to some 50,000 tensors
SUFFIX = ".safetensors"

Weights = dict[str, NDArray[np.float16] | NDArray[np.float32] | NDArray[np.int64]]
Metrics = dict[str, float]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model file says of itself. JSON-ready but for the spec, the size rule and the preview."""

    name: str
    task: str
    generator: GeneratorSpec
    encoding_in: EncodingName
    encoding_out: EncodingName
    statistics: Statistics
    size_rule: SizeRule
    keeps_grey: bool = False
    direction: Literal["AtoB", "BtoA"] = "AtoB"
    labels: Literal["none", "input", "output"] = "none"
    """Which side is a picture of labels (see framing.Frame)."""
    palette: Palette = ()
    """The colours of labels that come out; empty where none were learned."""
    depth: DepthScale = DEPTH_IN_MILLIMETRES
    provenance: dict[str, Any] = field(default_factory=dict)  # Any: JSON; data, licence, steps, losses, program version
    metrics: Metrics = field(default_factory=dict)
    """Held-out metrics of the model."""
    identity: Metrics = field(default_factory=dict)
    """The same metrics of doing nothing."""
    trained_on: bytes = b""
    """Digests of the pictures that it learned from (see trained_on.py); empty where they are not known."""
    preview: bytes | None = None
    """A small before/after picture (JPEG), or None."""

    @property
    def frame(self) -> Frame:
        return Frame(self.size_rule, self.encoding_in, self.encoding_out, self.keeps_grey, self.labels, self.depth, self.palette)

    def to_json(self) -> str:
        data = {
            "version": FORMAT_VERSION,
            "name": self.name,
            "task": self.task,
            "generator": self.generator.to_json(),
            "encoding_in": self.encoding_in,
            "encoding_out": self.encoding_out,
            "statistics": self.statistics,
            "size_rule": {"mode": self.size_rule.mode, "size": self.size_rule.size},
            "keeps_grey": self.keeps_grey,
            "direction": self.direction,
            "labels": self.labels,
            "palette": self.palette,
            "depth": {"unit_m": self.depth.unit_m, "range_m": self.depth.range_m},
            "provenance": self.provenance,
            "metrics": self.metrics,
            "identity": self.identity,
            "trained_on": base64.b64encode(self.trained_on).decode("ascii"),
            "preview": None if self.preview is None else base64.b64encode(self.preview).decode("ascii"),
        }
        return json.dumps(data, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str, path: Path) -> Self:
        """Read a card. Raises ModelError, which names `path`, for whatever does not fit together."""
        try:
            data = json.loads(text)
            version = data["version"]
            if type(version) is not int or version < 1:
                raise TypeError("version")
            if version > FORMAT_VERSION:
                raise ModelError(f"{path.name} was made by a newer version of this program. Update the program to use it.")
            spec = GeneratorSpec.from_json(data["generator"])
            rule = SizeRule(data["size_rule"]["mode"], _whole(data["size_rule"]["size"]), spec.multiple)
            card = cls(
                name=_text(data["name"]),
                task=_text(data["task"]),
                generator=spec,
                encoding_in=encoding_named(data["encoding_in"]).name,
                encoding_out=encoding_named(data["encoding_out"]).name,
                statistics=data["statistics"],
                size_rule=rule,
                keeps_grey=bool(data["keeps_grey"]),
                direction=data.get("direction", "AtoB"),
                labels=data.get("labels", "none"),
                palette=_palette(data.get("palette", [])),
                depth=_depth(data.get("depth")),
                provenance=dict(data.get("provenance", {})),
                metrics=_numbers(data.get("metrics", {})),
                identity=_numbers(data.get("identity", {})),
                trained_on=_bytes(data.get("trained_on") or None) or b"",
                preview=_bytes(data.get("preview")),
            )
        except ConfigError as error:
            raise ModelError(f"{path.name} describes a network that cannot be used: {error}") from error
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise ModelError(f"{path.name} is damaged: its description cannot be read.") from error
        card._check(path)
        return card

    def _check(self, path: Path) -> None:
        spec = self.generator
        known = self.statistics in ("image", "running") and self.direction in ("AtoB", "BtoA")
        if not known or self.labels not in ("none", "input", "output"):
            raise ModelError(f"{path.name} is damaged: its description holds values that do not exist.")
        if encoding_named(self.encoding_in).channels != spec.in_channels:
            raise ModelError(f"{path.name} is damaged: its network does not take {self.encoding_in} pictures.")
        if encoding_named(self.encoding_out).channels != spec.out_channels:
            raise ModelError(f"{path.name} is damaged: its network does not give {self.encoding_out} pictures.")
        if any(len(colour) != spec.out_channels for colour in self.palette):
            raise ModelError(f"{path.name} is damaged: its labels have colours that its network cannot give.")


@dataclass(frozen=True, slots=True)
class TensorInfo:
    shape: tuple[int, ...]
    dtype: str
    """As safetensors spells it: F16, F32, I64."""


def write_model(path: Path, card: ModelCard, weights: Weights) -> None:
    """Write a model file in one piece: under a temporary name beside `path`, then replaced.

    Raises ModelError if the card is too large. OSError passes through.
    """
    text = card.to_json()
    if len(text.encode()) > MAX_CARD_BYTES:
        raise ModelError(f"The description of {card.name} is larger than a model file may hold (1 MB).")
    temporary = path.with_name(f".{path.name[:200]}.part")
    contiguous = {name: np.require(value, requirements="C") for name, value in weights.items()}
    try:
        temporary.write_bytes(save(contiguous, {"p2p": text}))
        temporary.replace(path)
    except OSError:  # a full disk must not be made fuller
        temporary.unlink(missing_ok=True)
        raise


def read_card(path: Path) -> ModelCard:
    """Read what a model file says of itself, not its weights. Raises ModelError."""
    header = _read_header(path)
    metadata = header.get("__metadata__")
    text = metadata.get("p2p") if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise ModelError(f"{path.name} is not a model of this program: it does not say which network it holds.")
    if len(text.encode(errors="replace")) > MAX_CARD_BYTES:
        raise ModelError(f"{path.name} is not used: its description is larger than 1 MB.")
    return ModelCard.from_json(text, path)


def read_tensor_infos(path: Path) -> dict[str, TensorInfo]:
    """Name, shape and type of every tensor, from the header alone. Raises ModelError."""
    infos = {}
    for name, entry in _read_header(path).items():
        if name == "__metadata__":
            continue
        try:
            infos[name] = TensorInfo(tuple(_whole(side) for side in entry["shape"]), _text(entry["dtype"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path.name} is damaged: the shapes of its weights cannot be read.") from error
    return infos


def read_weights(path: Path, expected: dict[str, tuple[int, ...]]) -> Weights:
    """Read the weights after comparing every name and shape with `expected`. Raises ModelError before memory is taken."""
    found = {name: info.shape for name, info in read_tensor_infos(path).items()}
    if found != expected:
        wrong = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
        raise ModelError(
            f"{path.name} is damaged: {len(wrong)} of its weights, {wrong[0]!r} among them, do not fit the network it describes."
        )
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in found}
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise ModelError(f"{path.name} is damaged: its weights cannot be read.") from error


def check_length(path: Path) -> None:
    """Raises ModelError if a file is not as long as its header says. The weights are not read."""
    _read_header(path)  # what safetensors would take for absurd, or wait for
    try:
        with safe_open(path, framework="numpy"):
            pass
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path.name} is damaged: parts of it are missing. Copy or download it again.") from error


def check_weights(path: Path, called: str) -> None:
    """Read all weights, one by one. Raises ModelError if that fails, or if they are not numbers. `called`: its name in errors."""
    try:
        with safe_open(path, framework="numpy") as file:
            are_numbers = all(bool(np.isfinite(file.get_tensor(name)).all()) for name in file.keys())  # noqa: SIM118  no dict
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise ModelError(f"{called} is damaged: its weights cannot be read.") from error
    if not are_numbers:
        raise ModelError(f"{called} is damaged: some of its weights are not numbers.")


def file_digest(path: Path) -> str:
    """SHA-256 of the whole file, in hexadecimal: what tells two models of one name apart. Raises ModelError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror}.") from error


def _read_header(path: Path) -> dict[str, Any]:  # Any: JSON
    try:
        with open_to_read(path) as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else -1
            # Pickles and archives read as absurd lengths; a card that is too large is told apart from them by the brace.
            brace = file.read(1)
            if brace != b"{" or length < 2:
                raise ModelError(f"{path.name} is not a model file of this program.")
            if length > MAX_HEADER_BYTES:
                raise ModelError(f"{path.name} is not used: its description is larger than 1 MB.")
            text = brace + file.read(length - 1)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror}.") from error
    try:
        if len(text) != length:
            raise ValueError("truncated")
        header = json.loads(text.decode("utf-8"))
        if not isinstance(header, dict):
            raise TypeError("no object")
    except (ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"{path.name} is damaged: its header cannot be read.") from error
    return cast(dict[str, Any], header)


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("no whole number")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("no text")
    return value


def _numbers(value: object) -> Metrics:
    if not isinstance(value, dict) or not all(isinstance(item, int | float) for item in value.values()):
        raise TypeError("no numbers")
    return {str(key): float(item) for key, item in value.items()}


def _palette(value: object) -> Palette:
    if not isinstance(value, list) or len(value) > MAX_COLOURS:
        raise TypeError("no palette")
    return tuple(tuple(min(255, _whole(part)) for part in colour) for colour in value)


def _depth(value: Any) -> DepthScale:  # Any: JSON
    return DEPTH_IN_MILLIMETRES if value is None else DepthScale(float(value["unit_m"]), float(value["range_m"]))


def _bytes(value: object) -> bytes | None:
    if value is None:
        return None
    try:
        return base64.b64decode(_text(value), validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error
