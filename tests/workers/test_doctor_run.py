"""The doctor as a child of the window: scripts that find things, break down, or never end."""

import json
import sys
import time

import pytest

from p2p_desktop.workers.doctor_run import DoctorRun, worst_first
from tests.deadlines import soon

PATIENCE_MS = 60_000
FINDINGS = [
    {"type": "finding", "subject": "program", "state": "ok", "title": "P2P Desktop"},
    {"type": "finding", "subject": "device", "state": "ok", "title": "CPU works"},
    {"type": "finding", "subject": "graphics", "state": "warning", "title": "Graphics card not used"},
    {"type": "finding", "subject": "disk", "state": "failed", "title": "The disk is full"},
]


@pytest.fixture
def run(qtbot, tmp_path):
    """Make a doctor that runs this Python text."""
    made = []

    def make(text):
        doctor = DoctorRun(tmp_path / "cache", command=[sys.executable, "-u", "-c", text])
        made.append(doctor)
        return doctor

    yield make
    for doctor in made:
        doctor.close(soon())


def saying(findings, then=""):
    lines = "\n".join(json.dumps(finding) for finding in findings)
    return f"print({lines!r})\n{then}"


def test_findings_come_one_by_one_and_are_kept_for_the_next_start(run, qtbot):
    doctor = run(saying(FINDINGS, "raise SystemExit(1)"))
    assert doctor.last() is None
    came = []
    doctor.finding.connect(came.append)
    with qtbot.waitSignal(doctor.finished, timeout=PATIENCE_MS) as told:
        doctor.start()
    assert came == FINDINGS
    assert list(told.args[0].findings) == FINDINGS
    assert not doctor.is_running
    assert run("").last() == told.args[0]


def test_the_worst_comes_first_and_versions_last():
    assert [finding["subject"] for finding in worst_first(FINDINGS)] == ["disk", "graphics", "device", "program"]


@pytest.mark.parametrize("text", ["raise SystemExit(0)", "raise SystemExit(2)", saying(FINDINGS, "import os; os.abort()")])
def test_a_doctor_that_breaks_down_is_told_and_leaves_the_last_result(run, qtbot, text):
    well = run(saying(FINDINGS))
    with qtbot.waitSignal(well.finished, timeout=PATIENCE_MS):
        well.start()
    doctor = run(text)
    with qtbot.waitSignal(doctor.failed, timeout=PATIENCE_MS) as told:
        doctor.start()
    assert "could not be checked" in told.args[0]
    assert doctor.last() == well.last()
    assert not doctor.is_running


def test_cancelling_ends_a_doctor_that_hangs(run, qtbot):
    doctor = run(saying(FINDINGS[:1], "import time; time.sleep(600)"))
    with qtbot.waitSignal(doctor.finding, timeout=PATIENCE_MS):
        doctor.start()
    began = time.monotonic()
    with qtbot.waitSignal(doctor.cancelled, timeout=PATIENCE_MS):
        doctor.cancel()
    assert time.monotonic() - began < 5
    assert doctor.last() is None


def test_a_second_start_changes_nothing(run, qtbot, tmp_path):
    doctor = run(f"open({str(tmp_path / 'runs')!r}, 'a').write('x')\n{saying(FINDINGS)}")
    with qtbot.waitSignal(doctor.finished, timeout=PATIENCE_MS):
        doctor.start()
        doctor.start()
    assert (tmp_path / "runs").read_text() == "x"


@pytest.mark.parametrize("kept", ["", "[]", '{"findings": 3, "when": 1, "seconds": 1}', '{"findings": [], "when": "x"}'])
def test_a_damaged_result_counts_as_none(run, tmp_path, kept):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "doctor.json").write_text(kept)
    assert run("").last() is None


@pytest.mark.slow
def test_the_real_doctor_examines_this_computer(qtbot, tmp_path):
    doctor = DoctorRun(tmp_path / "cache")
    with qtbot.waitSignal(doctor.finished, timeout=PATIENCE_MS) as told:
        doctor.start()
    doctor.close(soon())
    assert {"device", "memory", "disk", "folders", "models"} <= {finding["subject"] for finding in told.args[0].findings}
    assert 0 < told.args[0].seconds < 60


def test_a_self_test_of_the_window_opens_no_other_window(run, qtbot, monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "wayland")  # as many desktops have it
    told = "{'type': 'finding', 'subject': os.environ['QT_QPA_PLATFORM'], 'title': sys.argv[-1]}"
    doctor = run(f"import json, os, sys\nprint(json.dumps({told}))")
    with qtbot.waitSignal(doctor.finished, timeout=PATIENCE_MS) as ended:
        doctor.start(thorough=True)
    (finding,) = ended.args[0].findings
    assert (finding["subject"], finding["title"]) == ("offscreen", "--self-test")
