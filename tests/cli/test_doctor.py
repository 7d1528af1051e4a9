"""`p2p-desktop doctor`, as a person and as the window run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from p2p_desktop.settings import Settings
from tests.models_for_tests import write_small_model

FIELDS = {"type", "subject", "state", "title", "message", "remedy"}


def subjects(ended):
    return {line["subject"]: line for line in ended.lines}


def test_the_doctor_measures_this_computer(p2p):
    ended = p2p("doctor", "--json")
    assert ended.code in (0, 3), ended.out
    assert all(set(line) == FIELDS for line in ended.lines)
    found = subjects(ended)
    assert " ms for a 256 x 256 picture" in found["device"]["message"]
    assert "megapixel" in found["memory"]["message"]
    assert "GB free" in found["disk"]["message"] or found["disk"]["state"] == "warning"
    assert found["folders"]["state"] == "ok"
    assert not any(subject.startswith("test ") for subject in found)


def test_a_runtime_that_cannot_be_loaded_is_a_finding_and_no_traceback(p2p, tmp_path):
    (tmp_path / "openvino.py").write_text("raise ImportError('libopenvino.so: cannot open shared object file')")
    ended = p2p("doctor", PYTHONPATH=f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}")
    assert ended.code == 1
    line = next(line for line in ended.out.splitlines() if line.startswith("failed"))
    assert "does not work. libopenvino.so: cannot open shared object file. Install the program again." in line
    assert "Models." in ended.out
    assert "Traceback" not in ended.err


def test_a_self_test_without_a_folder_to_work_in_says_so(p2p, tmp_path):
    nowhere = str(tmp_path / "nowhere")
    code = (
        "import tempfile, sys\nfrom p2p_desktop.__main__ import main\n"
        f"tempfile.tempdir = {nowhere!r}\nsys.exit(main(['doctor', '--self-test', '--json']))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 1, ended.stderr
    (finding,) = map(json.loads, ended.stdout.splitlines())
    assert (finding["subject"], finding["state"]) == ("test", "failed")
    assert nowhere in finding["message"]


def test_the_doctor_tells_a_damaged_model(p2p, user_home):
    folder = user_home / "data" / "models"
    folder.mkdir(parents=True)
    (folder / "bad.safetensors").write_bytes(b"")
    ended = p2p("doctor")
    assert ended.code == 3
    line = next(line for line in ended.out.splitlines() if "model bad" in line)
    assert line.startswith("warning")
    assert "The model bad cannot be used." in line
    num_shipped = len(p2p("models", "list").out.splitlines()) - 1
    assert f"{num_shipped} of {num_shipped + 1} can be opened" in ended.out


def test_the_doctor_goes_on_after_a_device_that_is_not_there(p2p, user_home):
    Settings(device="cuda:7").write(user_home / "config" / "settings.json")
    ended = p2p("doctor", "--json")
    assert ended.code == 1
    found = subjects(ended)
    assert found["device"]["state"] == "failed"
    assert "settings" in found["device"]["remedy"]
    assert found["models"]["state"] == "ok"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="a folder that nobody can write to, not even root")
def test_the_doctor_tells_a_folder_that_cannot_be_written_to(p2p, user_home):
    Settings(output="/proc/results").write(user_home / "config" / "settings.json")
    ended = p2p("doctor", "--json")
    assert ended.code == 1
    finding = subjects(ended)["folder results"]
    assert finding["state"] == "failed"
    assert "/proc/results" in finding["message"]
    assert finding["remedy"]


def test_the_doctor_honours_the_threads_of_the_settings(p2p, user_home):
    Settings(threads=1).write(user_home / "config" / "settings.json")
    assert subjects(p2p("doctor", "--json"))["device"]["message"].startswith("1 core, ")


def test_what_computes_is_told_in_one_line(p2p):
    ended = p2p("doctor", "--device-only", "--json")
    assert ended.code == 0
    (line,) = ended.lines
    assert set(line) == {"type", "device", "runtime", "name", "reason", "others"}
    assert line["device"] == "cpu" or line["device"] in line["others"]


def test_the_models_folder_of_the_settings_is_where_added_models_go(p2p, user_home, tmp_path):
    Settings(models_folder=str(tmp_path / "mine")).write(user_home / "config" / "settings.json")
    model = write_small_model(tmp_path / "new.safetensors")
    assert p2p("models", "add", str(model)).code == 0
    assert list((tmp_path / "mine" / "models").glob("*.safetensors"))
    assert not (user_home / "data" / "models").exists()
