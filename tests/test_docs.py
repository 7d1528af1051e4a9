"""What the documents say of the trainer is what it does."""

import re
from dataclasses import MISSING, Field, fields
from pathlib import Path

import pytest

from training.contract.config import SHORT_WORDS, TrainConfig
from training.contract.protocol import EVENT_TYPES, ORDER_NAMES
from training.contract.tasks import TASKS

DOCS = Path(__file__).parents[1] / "docs"


def row(item: "Field") -> str:
    """The line of the table of settings that tells of one."""
    low, high = item.metadata.get("low"), item.metadata.get("high")
    reach = "" if low is None else f"{low:g} to {high:g} {item.metadata['unit']}".strip()
    default = "" if item.default is MISSING else {"": "empty", None: "none", (): "none"}.get(item.default, str(item.default))
    return f"| `{item.name}` | {default} | {reach} | {item.metadata['effect']} |"


@pytest.mark.parametrize("item", [item for item in fields(TrainConfig) if item.name != "generator"], ids=lambda item: item.name)
def test_every_setting_is_in_the_table_as_it_is(item):
    assert row(item) in (DOCS / "training.md").read_text(encoding="utf-8").splitlines()


def test_every_task_and_short_word_is_told():
    text = (DOCS / "training.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in (*TASKS, *SHORT_WORDS))


def test_every_event_and_order_is_told_with_all_that_it_says():
    text = (DOCS / "events.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in ORDER_NAMES)
    for name, cls in EVENT_TYPES.items():
        (line,) = (line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        assert {item.name for item in fields(cls)} <= set(re.findall(r"`(\w+)`", line)), name
