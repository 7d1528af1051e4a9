import builtins
import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from training.contract import protocol
from training.contract.protocol import (
    DEAD_AFTER_SECONDS,
    EVENT_TYPES,
    LOCK,
    ORDER_NAMES,
    ORDERS,
    Answered,
    Checkpointed,
    Failed,
    Finished,
    Lock,
    Progress,
    Result,
    Sample,
    Started,
    Step,
    Stopped,
    Validation,
    Warned,
    event_line,
    own_lock,
    parse_event,
    parse_line,
    process_started,
    read_lock,
    take_orders,
    write_lock,
    write_order,
)

EVENTS = [
    Started("deblur", "cpu", 10, 0, {"train": 5, "val": 1}, {"g": 100}),
    Step(1, 0, {"g_gan": 0.7, "g_l1": 9.0}, 2e-4, 0.2),
    Validation(5, "running", {"psnr": 27.0}, {"psnr": 26.0}, True),
    Sample(5, ["samples/step-00000005/0.png"]),
    Checkpointed(5, "checkpoints/last.pt"),
    Warned(5, "code", "What happened."),
    Answered("stop", "1", True, None, "Stopping."),
    Progress(1, 2, "tiny"),
    Result({"kinds": {}}),
    Finished(10, "Done.", "models/best.safetensors"),
    Stopped(7, "Stopped.", None),
    Failed(7, "No more pictures.", None),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_survives_its_line(event):
    line = event_line(event, 1795420800.25)
    assert parse_event(line) == event
    assert {"v": 1, "t": 1795420800.25, "type": event.type}.items() <= json.loads(line).items()


def test_every_type_of_event_is_tried_above():
    assert {event.type for event in EVENTS} == set(EVENT_TYPES)


def test_a_line_is_one_line_in_every_encoding():
    line = event_line(Warned(1, "code", "Grüße\n\u2028\udcff.jpg"), 0)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert parse_event(line).message == "Grüße\n\u2028\udcff.jpg"


def test_what_is_no_number_never_becomes_a_line():
    with pytest.raises(ValueError, match="JSON"):
        event_line(Step(1, 0, {"g_l1": float("nan")}, 2e-4, 0.2), 0)


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '{"type": "later"}', '{"type": "step", "step": 1}', "[" * 100_000])
def test_other_lines_are_no_events(line):
    assert parse_event(line) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step", "7"),
        ("step", 1 << 70),
        ("step", True),
        ("lr", None),
        ("lr", float("nan")),
        ("losses", {"g_l1": "9"}),
        ("losses", [1]),
    ],
)
def test_a_value_of_the_wrong_kind_makes_no_event(name, value):
    data = json.loads(event_line(EVENTS[1], 0))
    assert parse_event(json.dumps(data)) is not None
    assert parse_event(json.dumps(data | {name: value})) is None


def test_a_line_says_when_it_happened():
    assert parse_line(event_line(EVENTS[3], 12.5)) == (EVENTS[3], 12.5)
    assert parse_line(event_line(EVENTS[3], 12.5).replace("12.5", '"noon"')) is None
    assert parse_line(json.dumps({"type": "sample", "step": 1, "files": []})) is None


def test_events_may_say_more_in_later_versions():
    data = json.loads(event_line(EVENTS[0], 0)) | {"more": 1, "v": 2}
    assert parse_event(json.dumps(data)) == EVENTS[0]


def test_orders_are_taken_once_in_the_order_in_which_they_were_given(tmp_path):
    given = [(write_order(tmp_path, name), name) for name in ORDER_NAMES]
    assert [(order.id, order.name) for order in take_orders(tmp_path)] == given
    assert take_orders(tmp_path) == []
    assert list((tmp_path / ORDERS).iterdir()) == []


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff", b'{"order": "dance"}', b'{"order": ["stop"]}', b'{"name": "stop"}'])
def test_what_is_no_order_is_removed(tmp_path, text):
    write_order(tmp_path, "pause")
    (tmp_path / ORDERS / "0.json").write_bytes(text)
    assert [order.name for order in take_orders(tmp_path)] == ["pause"]
    assert list((tmp_path / ORDERS).iterdir()) == []


def test_a_shell_can_give_an_order(tmp_path):
    (tmp_path / ORDERS).mkdir()
    (tmp_path / ORDERS / "mine.json").write_text('{"order": "stop"}\n')
    assert [(order.id, order.name) for order in take_orders(tmp_path)] == [("mine", "stop")]


def test_folders_and_unfinished_orders_are_left_alone(tmp_path):
    (tmp_path / ORDERS / "folder.json").mkdir(parents=True)
    (tmp_path / ORDERS / ".1.part").write_text('{"ord')
    assert take_orders(tmp_path) == []
    assert len(list((tmp_path / ORDERS).iterdir())) == 2


def test_an_order_that_cannot_be_removed_is_not_obeyed(tmp_path, monkeypatch):
    write_order(tmp_path, "preview")

    def refuse(self, missing_ok=False):
        raise PermissionError(13, "held open", str(self))

    monkeypatch.setattr(protocol.Path, "unlink", refuse)
    assert take_orders(tmp_path) == []


def test_the_lock_of_a_living_process_lives():
    lock = own_lock()
    assert lock.pid == os.getpid()
    assert lock.alive


def test_the_number_of_another_process_does_not_keep_a_lock_alive():
    assert not replace(own_lock(), started=own_lock().started - 10).alive


def test_an_ended_process_is_dead_even_before_its_parent_asks():
    child = subprocess.Popen([sys.executable, "-c", ""])
    lock = replace(own_lock(), pid=child.pid, started=time.time())
    end = time.monotonic() + 30
    while lock.alive and time.monotonic() < end:
        time.sleep(0.01)
    assert not lock.alive  # a zombie
    child.wait()
    assert not lock.alive


@pytest.mark.parametrize(("age", "alive"), [(0, True), (DEAD_AFTER_SECONDS - 5, True), (DEAD_AFTER_SECONDS + 5, False)])
def test_another_computer_is_known_by_its_heartbeat_alone(age, alive):
    lock = replace(own_lock(), host="elsewhere", pid=1, started=0.0, heartbeat=time.time() - age)
    assert lock.alive == alive


@pytest.mark.skipif(os.name != "posix", reason="not asked elsewhere")
def test_without_psutil_a_process_that_is_gone_is_known_to_be(monkeypatch):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    real = builtins.__import__

    def no_psutil(name, *rest):
        if name == "psutil":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", no_psutil)
    assert process_started(child.pid) == (True, None)
    assert process_started(os.getpid()) == (False, None)
    assert own_lock().alive


def test_a_lock_survives_its_file(tmp_path):
    write_lock(tmp_path, own_lock())
    assert replace(read_lock(tmp_path), heartbeat=0) == replace(own_lock(), heartbeat=0)
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": -5, "host": "a", "started": 0, "heartbeat": 0}'])
def test_what_is_no_lock_is_none(tmp_path, text):
    (tmp_path / LOCK).write_text(text)
    assert read_lock(tmp_path) is None


def test_orders_are_taken_by_age_whatever_they_are_called(tmp_path):
    (tmp_path / ORDERS).mkdir()
    for age, (order_id, name) in enumerate([("9", "pause"), ("10", "resume"), ("1", "stop")]):
        path = tmp_path / ORDERS / f"{order_id}.json"
        path.write_text(json.dumps({"order": name}))
        os.utime(path, (1000 + age, 1000 + age))
    assert [order.name for order in take_orders(tmp_path)] == ["pause", "resume", "stop"]


def test_a_lock_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / LOCK).mkdir()  # nothing can be put in its place
    with pytest.raises(OSError, match="lock"):
        write_lock(tmp_path, Lock(1, "here", 0.0, 0.0))
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]
