"""Measuring a model as a child of the window: stand-ins that tell numbers, give up, crash, or never end."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from p2p_desktop.models.measured import Measurements
from p2p_desktop.workers.measure_run import MeasureRun, save_sheet
from tests.deadlines import soon
from tests.models_for_tests import write_small_model
from training.contract.errors import PictureError
from training.contract.model_file import file_digest

PATIENCE_MS = 60_000


def row(name, kind, own, nothing):
    return {"name": name, "kind": kind, "metrics": {"psnr": own}, "identity": {"psnr": nothing}}


PICTURES = [row("a.png", "sharp", 40.0, 99.0), row("a.png", "noisy/disc-2", 27.0, 25.0), row("b.png", "clean/disc-2", 29.0, 26.0)]
KINDS = {one["kind"]: {"metrics": one["metrics"], "identity": one["identity"], "pictures": {"n": 1.0}} for one in PICTURES}
PROGRESS = [{"type": "progress", "done": done, "total": 3, "what": "m"} for done in (1, 2, 3)]
WARNING = {"type": "warning", "step": 0, "code": "trained_on_left_out", "message": "m learned from 4 of the 6 pictures."}
KNOWS = {"type": "warning", "step": 0, "code": "trained_on_all", "message": "m learned from every picture."}
RESULT = {"type": "result", "data": {"model": "/m", "name": "m", "task": "deblur", "kinds": KINDS, "pictures": PICTURES}}
FAILED = {"type": "failed", "step": 0, "message": "There are no pictures in /data to measure on.", "model": None}


def saying(*events, then=""):
    lines = "\n".join(map(json.dumps, events))
    return f"print({lines!r})\n{then}"


@pytest.fixture
def model(tmp_path):
    return write_small_model(tmp_path / "m.safetensors")


@pytest.fixture
def measuring(qtbot, tmp_path, model):
    """Measure `model` on a folder by this Python text, and give (how it ended, with what)."""
    made = []

    def make(text):
        run = MeasureRun(tmp_path / "measured", command=[sys.executable, "-u", "-c", text])
        made.append(run)
        return run

    yield make
    for run in made:
        run.close(soon())


def end_of(run, qtbot, model, folder):
    ends = []
    run.finished.connect(lambda examined: ends.append(("finished", examined)))
    run.failed.connect(lambda sentence: ends.append(("failed", sentence)))
    run.cancelled.connect(lambda: ends.append(("cancelled", None)))
    run.start(model, folder)
    qtbot.waitUntil(lambda: bool(ends), timeout=PATIENCE_MS)
    assert not run.is_running
    assert len(ends) == 1
    return ends[0]


def test_numbers_are_told_and_remembered_under_the_digest(measuring, qtbot, tmp_path, model):
    run = measuring(saying(*PROGRESS, WARNING, RESULT))
    came = []
    run.progressed.connect(lambda done, total: came.append((done, total)))
    how, examined = end_of(run, qtbot, model, tmp_path)
    assert how == "finished"
    assert came == [(1, 3), (2, 3), (3, 3)]
    assert examined.warnings == ("m learned from 4 of the 6 pictures.",)
    assert examined.picture.isNull()
    measured = examined.measured
    assert (measured.metrics, measured.identity) == ({"psnr": 28.0}, {"psnr": 25.5})  # those that want a change
    assert (measured.num_pictures, measured.folder, measured.knew_all) == (2, str(tmp_path), False)
    assert Measurements(tmp_path / "measured").all() == {file_digest(model): measured}


def test_the_command_gets_what_it_needs(measuring, qtbot, tmp_path, model):
    told = tmp_path / "told.json"
    text = f"import json, os, sys; json.dump([sys.argv[1:], os.environ['TMPDIR']], open({str(told)!r}, 'w'))\n"
    end_of(measuring(text + saying(RESULT)), qtbot, model, tmp_path / "data")
    words, temporary = json.loads(told.read_text())
    sheet = words.pop()
    assert words == ["-m", str(model), "--data", str(tmp_path / "data"), "--device", "auto", "--json", "--sheet"]
    assert sheet.startswith(temporary)
    assert sheet.endswith(".png")


def test_of_what_a_model_knows_by_heart_that_is_remembered(measuring, qtbot, tmp_path, model):
    how, examined = end_of(measuring(saying(KNOWS, RESULT, then="raise SystemExit(3)")), qtbot, model, tmp_path)
    assert how == "finished"
    assert examined.measured.knew_all


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (saying(FAILED, then="raise SystemExit(1)"), "There are no pictures in /data to measure on."),
        ("import sys; sys.exit('Warning: old\\nError: The model file /m does not exist.')", "The model file /m does not exist."),
        ("import sys; sys.exit('ValueError: within')", "could not be measured"),
        (saying(*PROGRESS), "could not be measured"),
        (saying(RESULT, then="import os; os.abort()"), "could not be measured"),
        (saying(RESULT | {"data": {}}), "could not be measured"),
        ("no Python", "could not be measured"),
    ],
)
def test_whatever_ends_it_is_a_sentence_and_nothing_is_remembered(measuring, qtbot, tmp_path, model, text, sentence):
    how, said = end_of(measuring(text), qtbot, model, tmp_path)
    assert how == "failed"
    assert sentence in said
    assert "\n" not in said
    assert Measurements(tmp_path / "measured").all() == {}


def test_a_file_is_no_folder(measuring, qtbot, tmp_path, model):
    how, said = end_of(measuring(saying(RESULT)), qtbot, model, model)
    assert (how, said) == ("failed", "m.safetensors is a file. Choose the folder that holds the pictures.")


def test_a_model_that_was_replaced_meanwhile_gets_no_numbers(measuring, qtbot, tmp_path, model):
    text = f"open({str(model)!r}, 'ab').write(b'x')\n" + saying(RESULT)
    how, said = end_of(measuring(text), qtbot, model, tmp_path)
    assert how == "failed"
    assert "was changed while it was measured" in said
    assert Measurements(tmp_path / "measured").all() == {}


def test_numbers_that_cannot_be_remembered_are_shown_all_the_same(measuring, qtbot, tmp_path, model):
    (tmp_path / "measured").write_text("a file where the folder should be")
    how, examined = end_of(measuring(saying(RESULT)), qtbot, model, tmp_path)
    assert how == "finished"
    assert "could not be remembered" in examined.warnings[-1]


def hanging(tmp_path):
    """A child with a child of its own, which waits for ever, and a temporary file."""
    below = "import time; time.sleep(600)"
    return (
        "import json, os, subprocess, sys, tempfile, time\n"
        f"below = subprocess.Popen([sys.executable, '-c', {below!r}], start_new_session=True)\n"
        "tempfile.mkstemp()\n"
        f"open({str(tmp_path / 'pids')!r}, 'w').write(f'{{os.getpid()}} {{below.pid}} {{tempfile.gettempdir()}}')\n"
        + saying(PROGRESS[0], then="time.sleep(600)")
    )


def has_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE  # nobody buries it where there is no init
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("way", ["cancel", "retire"])
def test_cancelling_ends_the_child_and_its_own_within_a_second_and_leaves_nothing(measuring, qtbot, tmp_path, model, way):
    run = measuring(hanging(tmp_path))
    with qtbot.waitSignal(run.progressed, timeout=PATIENCE_MS):
        run.start(model, tmp_path)
    *pids, temporary = (tmp_path / "pids").read_text().split()
    assert len(list(Path(temporary).iterdir())) == 2  # its file, and what it says
    began = time.monotonic()
    with qtbot.waitSignal(run.cancelled, timeout=PATIENCE_MS):
        getattr(run, way)()
    assert time.monotonic() - began < 2  # a second, on a computer that does nothing else
    assert all(map(has_gone, map(int, pids)))
    assert not Path(temporary).exists()
    assert Measurements(tmp_path / "measured").all() == {}


def test_one_that_begins_again_after_cancelling_is_whole(measuring, qtbot, tmp_path, model):
    run = measuring(hanging(tmp_path))
    run.start(model, tmp_path)
    with qtbot.waitSignal(run.cancelled, timeout=PATIENCE_MS):
        run.cancel()  # before there is a child, perhaps
    run._command = [sys.executable, "-u", "-c", saying(RESULT)]
    assert end_of(run, qtbot, model, tmp_path)[0] == "finished"


def test_a_sheet_is_written_whole_or_not_at_all(tmp_path):
    save_sheet(b"picture", tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes() == b"picture"
    with pytest.raises(PictureError, match="could not be written"):
        save_sheet(b"picture", tmp_path / "nowhere" / "sheet.png")
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]


def test_measuring_again_replaces_the_numbers(measuring, qtbot, tmp_path, model):
    _, first = end_of(measuring(saying(RESULT)), qtbot, model, tmp_path)
    pictures = [row("a.png", "clean/disc-2", 30.0, 26.0)]
    other = RESULT | {"data": RESULT["data"] | {"pictures": pictures}}
    _, second = end_of(measuring(saying(other)), qtbot, model, tmp_path)
    assert Measurements(tmp_path / "measured").all() == {first.measured.digest: second.measured}
    assert replace(second.measured, when=0) != replace(first.measured, when=0)
