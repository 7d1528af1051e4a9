"""What differs between two runs, or two models: only that, row by row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from p2p_desktop.runs.run_glance import best_result
from p2p_desktop.runs.run_state import RunState
from training.contract.config import TrainConfig
from training.contract.model_file import ModelCard
from training.contract.spec import GeneratorSpec


@dataclass(frozen=True, slots=True)
class Difference:
    """One row. A value is what stands in the request or the card; None where one side does not say."""

    key: str
    """Of the setting, as `--set` takes it; or what the fact is called in the events."""
    first: object
    second: object
    unit: str = ""
    effect: str = ""
    """What the setting does, as a sentence; "" for what is no setting."""


def different_settings(first: TrainConfig, second: TrainConfig) -> list[Difference]:
    """In the order of the config; of the network each part that differs."""
    rows: list[Difference] = []
    for item in fields(first):
        if item.name == "generator":
            rows += _different_networks(first.generator, second.generator, item.metadata["effect"])
            continue
        values = getattr(first, item.name), getattr(second, item.name)
        if values[0] != values[1]:
            rows.append(Difference(item.name, *values, item.metadata.get("unit", ""), item.metadata.get("effect", "")))
    return rows


def different_facts(first: RunState, second: RunState) -> list[Difference]:
    """What the runs told of themselves: where they are trained, on how much, how far they are, how good."""
    return list(_differing(_facts(first), _facts(second)))


def different_cards(first: ModelCard, second: ModelCard) -> list[Difference]:
    """Of two models: their networks, how pictures enter and leave them, and what was measured on held-out pictures."""
    rows = [*_different_networks(first.generator, second.generator, "")]
    return rows + list(_differing(_of_card(first), _of_card(second)))


def _different_networks(first: GeneratorSpec, second: GeneratorSpec, effect: str) -> Iterator[Difference]:
    ours, theirs = first.to_json(), second.to_json()
    for key in ours:
        if ours[key] != theirs[key]:
            yield Difference(f"generator.{key}", ours[key], theirs[key], effect=effect)


def _facts(state: RunState) -> dict[str, object]:
    started, best = state.started, best_result(state)
    facts: dict[str, object] = {}
    if started is not None:
        facts |= {"device": started.device, "steps": started.steps}
        facts |= {f"pairs.{name}": number for name, number in started.pairs.items()}
        facts |= {f"parameters.{name}": number for name, number in started.parameters.items()}
    facts["step"] = state.step
    if best is not None:
        facts |= {f"best.{best.metric}": best.value, "best.step": best.step}
    if state.steps_per_second is not None:
        facts["steps_per_second"] = state.steps_per_second
    return facts


def _of_card(card: ModelCard) -> dict[str, object]:
    rule = card.size_rule
    facts: dict[str, object] = {"task": card.task, "encoding_in": card.encoding_in, "encoding_out": card.encoding_out}
    facts |= {"statistics": card.statistics, "size_rule": (rule.mode, rule.size, rule.multiple)}
    return facts | {f"metrics.{name}": value for name, value in card.metrics.items()}


def _differing(first: Mapping[str, object], second: Mapping[str, object]) -> Iterator[Difference]:
    for key in dict.fromkeys([*first, *second]):
        if first.get(key) != second.get(key):
            yield Difference(key, first.get(key), second.get(key))
