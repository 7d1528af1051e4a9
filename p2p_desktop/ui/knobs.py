"""The settings of a training as a form sees them: read off the trainer's own config, so that a new one appears by itself."""

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_origin

from training.contract.config import SHORT_WORDS, TrainConfig
from training.contract.encodings import EncodingName
from training.contract.knobs import problems_of
from training.contract.spec import GENERATOR_NAMES, MAX_WIDTH, PATCH_FIELDS, GeneratorSpec, named_generator

Kind = Literal["switch", "choice", "number", "text"]

SET_ELSEWHERE = frozenset(
    {"task", "data", "data_b", "direction", "leave_out", "line_up", "preset", "init_model", "generator", "name", "licence"}
)
"""Fields of TrainConfig without a row of their own: other steps, the presets, or controls beside the form set them."""

NETWORK = "network"
"""Key of the row that chooses a network by its name; no field, but what it stands for is set as `generator.KEY`."""
OF_PRESET, GIVEN = "preset", "given"
"""The network that the preset has; one without a name, as a run had it that is done once more."""

_FEW: dict[str, tuple[str, ...]] = {
    "patch_size": tuple(map(str, PATCH_FIELDS)),
    "encoding_in": ("", *get_args(EncodingName)),
    "encoding_out": ("", *get_args(EncodingName)),
    "device": ("auto", "cpu", "cuda", "mps"),
}
"""What can be chosen where a field's type does not say so."""

_MEANING = {
    "ngf": "Filters of the network's first layer; the others follow.",
    "norm": "What evens out values between the layers.",
    "skips": "Whether fine detail may pass around the middle of the network.",
    "up": "How the network enlarges again; resize leaves no checkerboard.",
    "dropout": "Where values are left out at random, the method's only noise.",
}


@dataclass(frozen=True, slots=True)
class Knob:
    """One setting. Its value travels as text, as for `--set`."""

    key: str
    kind: Kind
    effect: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    unit: str = ""
    is_whole: bool = False


def knobs_of(config: type[Any], left_out: frozenset[str] = SET_ELSEWHERE) -> list[Knob]:  # Any: a dataclass as TrainConfig is
    """Every field that a form can show, in the order in which they are declared."""
    return [knob for item in fields(config) if item.name not in left_out and (knob := _knob(item)) is not None]


def network_knobs() -> list[Knob]:
    """What may be said of the network: which one, and the words that a config takes as if they were its own."""
    hints = GeneratorSpec.__annotations__
    found = [Knob(NETWORK, "choice", "The network that translates, by its name.", (OF_PRESET, *GENERATOR_NAMES))]
    for word, kind in SHORT_WORDS.items():
        effect = _MEANING.get(word, "")
        if kind is bool:
            found.append(Knob(word, "switch", effect))
        elif kind is int:
            found.append(Knob(word, "number", effect, low=1, high=MAX_WIDTH, unit="filters", is_whole=True))
        else:
            found.append(Knob(word, "choice", effect, get_args(getattr(hints[word], "__value__", hints[word]))))
    return found


def text_of(value: object) -> str:
    """A value as `--set` takes it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1 << 53:
            return str(int(value))
        case _:
            return str(value)


def values_of(config: TrainConfig) -> dict[str, str]:
    """The value of every knob in a config."""
    values = {item.name: text_of(getattr(config, item.name)) for item in fields(config) if item.name not in SET_ELSEWHERE}
    return values | {NETWORK: OF_PRESET} | words_of(config.generator)


def words_of(network: GeneratorSpec) -> dict[str, str]:
    """What the rows about a network say of it."""
    said = {"ngf": network.encoder[0], "norm": network.norm, "skips": network.skips, "up": network.up, "dropout": network.dropout}
    return {word: text_of(value) for word, value in said.items()}


def network_changes(name: str, crop_size: int, channels: tuple[int, int]) -> dict[str, str]:
    """What a config must be changed by to have the network of that name, from a recipe whose crops are so large."""
    spec = named_generator(name, *channels)
    described = {key: value for key, value in spec.to_json().items() if key not in ("in_channels", "out_channels")}
    changes = {f"generator.{key}": value if isinstance(value, str) else _json(value) for key, value in described.items()}
    return changes | {"init": "normal"} | crop_changes(crop_size, spec.multiple)


def crop_changes(crop_size: int, multiple: int) -> dict[str, str]:
    """The next larger size of crops that a network can take; nothing where they fit."""
    if crop_size % multiple == 0:
        return {}
    return {"crop_size": str(-(-crop_size // multiple) * multiple), "load_size": "0"}


def range_problem(knob: Knob, value: object) -> str:
    """What the trainer says of a value; "" if it takes it."""
    known = {item.name for item in fields(TrainConfig)}
    return next(iter(problems_of(TrainConfig, {knob.key: value})), "") if knob.key in known else ""


def _json(value: object) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    return text_of(value)


def _knob(item: Any) -> Knob | None:  # Any: dataclasses.Field of any type
    effect = item.metadata.get("effect", "")
    if item.name in _FEW:
        return Knob(item.name, "choice", effect, _FEW[item.name])
    if get_origin(item.type) is Literal:
        return Knob(item.name, "choice", effect, get_args(item.type))
    if item.type is bool:
        return Knob(item.name, "switch", effect)
    if item.type in (int, float):
        low, high = item.metadata.get("low"), item.metadata.get("high")
        return Knob(item.name, "number", effect, (), low, high, item.metadata.get("unit", ""), item.type is int)
    if item.type is str or (str in get_args(item.type) and get_origin(item.type) is not tuple):
        return Knob(item.name, "text", effect)
    return None  # of a kind that no form can show
