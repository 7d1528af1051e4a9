"""What a setting is: a field with its range and effect; how its value is read from text, and what may be wrong with it."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, field, fields
from typing import Any, Literal, get_args, get_origin

from training.contract.errors import ConfigError


def knob(default: Any, low: float, high: float, unit: str, effect: str) -> Any:  # Any: a dataclass field of any type
    return field(default=default, metadata={"low": low, "high": high, "unit": unit, "effect": effect})


def choice(default: Any, effect: str, check: Callable[[Any], object] | None = None) -> Any:  # Any: as above
    """`check` raises ConfigError for values that cannot be."""
    return field(default=default, metadata={"effect": effect, "check": check})


def parse(key: str, text: str, wanted: Any) -> Any:  # Any: a type or a special form of typing; JSON
    """The value that a person wrote on a command line: texts stand for themselves, all else is JSON."""
    if wanted is str or get_origin(wanted) is Literal:
        return text
    if str in get_args(wanted) and get_origin(wanted) is not tuple:
        return None if text == "null" else text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigError(f"{key} cannot be {text!r}.") from None


def fitting(value: Any, wanted: Any) -> Any:  # Any: JSON; a type or a special form of typing
    """JSON writes 1.0 as 1, and tuples as lists. Whole numbers beyond every float stay, and are refused as such.

    What is made of JSON objects reads them by its `from_json`, which raises ConfigError.
    """
    if get_origin(wanted) is tuple and isinstance(value, list):
        read = getattr(get_args(wanted)[0], "from_json", None)
        return tuple(map(read, value) if read else value)
    return float(value) if wanted is float and type(value) is int and abs(value) < 1 << 53 else value


def problems_of(cls: type[Any], values: Mapping[str, Any]) -> list[str]:  # Any: a dataclass; JSON
    """What is wrong with values of fields of `cls`, a sentence each."""
    return [problem for item in fields(cls) if item.name in values and (problem := _problem(item, values[item.name]))]


def _problem(item: "Field[Any]", value: object) -> str:  # Any: of any type
    """What is wrong with one value, as a sentence; "" if nothing is."""
    if get_origin(item.type) is Literal:
        if not isinstance(value, str) or value not in get_args(item.type):
            return f"{item.name} must be one of {', '.join(get_args(item.type))}, not {value!r}."
        return ""
    if get_origin(item.type) is tuple:
        kind = get_args(item.type)[0]
        if not isinstance(value, tuple) or any(type(one) is not kind for one in value):
            return f"{item.name} must be a list of {'texts' if kind is str else 'objects'}, not {value!r}."
        return _refused(item, value)
    options = get_args(item.type) or (item.type,)
    if type(value) not in options:
        names = " or ".join(getattr(option, "__name__", str(option)) for option in options).replace("NoneType", "null")
        return f"{item.name} must be of the type {names}, not {value!r}."
    low, high = item.metadata.get("low"), item.metadata.get("high")
    if low is not None and not low <= value <= high:  # type: ignore[operator]  # a number, as its type says
        return f"{item.name} must be {low:g} to {high:g} {item.metadata['unit']}".rstrip() + f", not {value:g}."
    return _refused(item, value)


def _refused(item: "Field[Any]", value: object) -> str:  # Any: of any type
    """What the field's own check says against a value of its type."""
    check = item.metadata.get("check")
    if check is not None:
        try:
            check(value)
        except ConfigError as error:
            return str(error)
    return ""


@contextlib.contextmanager
def noting(problems: list[str]) -> Iterator[None]:
    """What goes wrong in the block is added to the problems, and the block is left."""
    try:
        yield
    except ConfigError as error:
        problems.append(str(error))
