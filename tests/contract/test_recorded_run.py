"""A real run as its folder told it, for whoever writes a reader: what docs/events.md says is what is there."""

import json
import re
from pathlib import Path

import pytest

from training.contract.config import TrainConfig
from training.contract.protocol import CONFIG, EVENTS, Finished, Stopped, parse_event

ROOT = Path(__file__).parents[2]
RUN = ROOT / "tests" / "data" / "run"
FILES = (EVENTS, "events-when-stopped.jsonl")
RUN_TYPES = {"started", "step", "validation", "sample", "checkpoint", "warning", "answered"}


def lines(name):
    text = (RUN / name).read_text(encoding="ascii")
    assert text.endswith("\n")
    return text.splitlines()


def documented():
    """type -> what the table of events says that it tells."""
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", (ROOT / "docs" / "events.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", says)) for name, says in rows}


@pytest.mark.parametrize("name", FILES)
def test_every_event_says_what_is_documented_and_nothing_else(name):
    says = documented()
    for line in lines(name):
        data = json.loads(line)
        assert set(data) == {"v", "t", "type"} | says[data["type"]]
        assert parse_event(line).type == data["type"]


def test_everything_that_happens_to_a_run_is_in_it():
    events = [parse_event(line) for line in lines(EVENTS)]
    assert {event.type for event in events} == RUN_TYPES | {"finished"}
    assert {event.best for event in events if event.type == "validation"} == {True, False}
    assert [event.order for event in events if event.type == "answered"] == ["pause", "preview", "snapshot", "resume", "stop"]
    assert [event.step for event in events if event.type == "step"] == list(range(1, events[0].steps + 1))


def test_a_continued_run_tells_on_where_it_was_stopped():
    before, after = lines(FILES[1]), lines(EVENTS)
    assert isinstance(parse_event(before[-1]), Stopped)
    assert after[: len(before) - 1] == before[:-1]  # the end is cut off: the run did not end there
    again = parse_event(after[len(before) - 1])
    assert (again.type, again.step) == ("started", parse_event(before[-1]).step)
    assert isinstance(parse_event(after[-1]), Finished)


def test_a_reader_passes_over_what_later_versions_say():
    known = lines(EVENTS)
    later = [
        line for told in known for line in (told[:-1] + ', "mood": "good"}', '{"v": 2, "t": 1.0, "type": "weather", "wind": 3}')
    ]
    read = [event for line in later if (event := parse_event(line)) is not None]
    assert read == [parse_event(line) for line in known]


def test_its_config_can_be_read_and_names_no_place():
    config = TrainConfig.from_json((RUN / CONFIG).read_text(encoding="utf-8"))
    assert (config.task, config.data, config.steps) == ("deblur", "photos", parse_event(lines(EVENTS)[0]).steps)
    assert not any('"/' in line or ":\\" in line for name in (*FILES, CONFIG) for line in lines(name))
