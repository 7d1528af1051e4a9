"""The trainer asked by the window: the real one, and stand-ins that crash, babble or never end."""

import json
import sys
import time

import psutil
import pytest

from p2p_desktop.workers.trainer_run import TrainerRun
from tests.deadlines import soon
from tests.training.runs import tiny_config, write_photos

PATIENCE_MS = 60_000
PROGRESS = {"type": "progress", "done": 1, "total": 3, "what": "checking"}
WARNING = {"type": "warning", "step": 0, "code": "picture_left_out", "message": "a.png is damaged."}
RESULT = {"type": "result", "data": {"pairs": 3}}
FAILED = {"type": "failed", "step": 0, "message": "There are no pictures in /data.", "model": None}


def saying(*events, then=""):
    lines = "\n".join(map(json.dumps, events))
    return f"print({lines!r})\n{then}"


@pytest.fixture
def asked(qtbot):
    """Make a run of the real trainer, or of a Python text that stands in for it."""
    made = []

    def make(text=None):
        run = TrainerRun(command=None if text is None else lambda mode, path: [sys.executable, "-u", "-c", text, mode, str(path)])
        run.heard = []
        run.progressed.connect(lambda *words: run.heard.append(words))
        run.warned.connect(run.heard.append)
        run.finished.connect(lambda data: run.heard.append(("finished", data)))
        run.failed.connect(lambda sentence: run.heard.append(("failed", sentence)))
        run.cancelled.connect(lambda: run.heard.append(("cancelled",)))
        made.append(run)
        return run

    yield make
    for run in made:
        run.close(soon())


def answer(run, qtbot, mode="check-pairs", request=None):
    """All that it told, until it ended."""
    run.start(mode, request or {})
    assert run.is_running
    qtbot.waitUntil(lambda: not run.is_running and bool(run.heard), timeout=PATIENCE_MS)
    return run.heard


def test_the_real_trainer_checks_pairs_and_tells_how_far_it_is(asked, qtbot, tmp_path):
    config = tiny_config(write_photos(tmp_path / "photos", count=3))
    *progress, (how, data) = answer(asked(), qtbot, "check-pairs", {"config": config.to_dict()})
    assert progress == [(1, 3, "checking"), (2, 3, "checking"), (3, 3, "checking")]
    assert how == "finished"
    assert data["layout"] == "photos"
    assert sum(data["pairs"].values()) == 3


def test_mode_and_request_reach_the_trainer_and_warnings_the_window(asked, qtbot, tmp_path):
    told = tmp_path / "told.json"
    text = f"import json, sys; json.dump([sys.argv[1], json.load(open(sys.argv[2]))], open({str(told)!r}, 'w'))\n"
    heard = answer(asked(text + saying(PROGRESS, WARNING, RESULT)), qtbot, "show-pairs", {"out": "/\N{SNOWMAN}"})
    assert heard == [(1, 3, "checking"), "a.png is damaged.", ("finished", {"pairs": 3})]
    assert json.loads(told.read_text()) == ["show-pairs", {"out": "/\N{SNOWMAN}"}]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (saying(FAILED, then="raise SystemExit(1)"), "There are no pictures in /data."),
        (saying(PROGRESS), "did not answer"),
        (saying(RESULT, then="import os; os.abort()"), "did not answer"),
        (saying(RESULT | {"data": 3}), "did not answer"),
        ("no Python", "did not answer"),
    ],
)
def test_whatever_ends_it_is_one_sentence(asked, qtbot, text, sentence):
    how, said = answer(asked(text), qtbot)[-1]
    assert how == "failed"
    assert sentence in said


def test_cancelling_ends_the_trainer_and_what_it_started(asked, qtbot, tmp_path):
    text = (
        "import os, subprocess, sys, time\n"
        "below = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
        f"open({str(tmp_path / 'pids')!r}, 'w').write(f'{{os.getpid()}} {{below.pid}} {{sys.argv[2]}}')\n"
        + saying(PROGRESS, then="time.sleep(600)")
    )
    run = asked(text)
    with qtbot.waitSignal(run.progressed, timeout=PATIENCE_MS):
        run.start("check-pairs", {})
    *pids, request = (tmp_path / "pids").read_text().split()
    began = time.monotonic()
    with qtbot.waitSignal(run.cancelled, timeout=PATIENCE_MS):
        run.cancel()
    assert time.monotonic() - began < 2
    assert all(map(has_gone, map(int, pids)))
    assert not (tmp_path / request).exists()
    assert run.heard == [(1, 3, "checking"), ("cancelled",)]


def has_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE  # nobody buries it where there is no init
    except psutil.NoSuchProcess:
        return True
