"""The self-test of an installation: each part of it can fail, and says so. Real children, some of them stand-ins."""

import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from p2p_desktop.child import own_command
from p2p_desktop.cli.self_test import check, stored_pictures
from p2p_desktop.cli.self_test.bench import AGAIN, LATER, ROOM, Bench
from p2p_desktop.cli.self_test.live import try_live
from p2p_desktop.cli.self_test.models import try_formats, try_model
from p2p_desktop.cli.self_test.network import judge_network
from p2p_desktop.cli.self_test.parts import self_test
from p2p_desktop.cli.self_test.stored_pictures import EXAMPLE, MADE_FROM, compare, stored_folder
from p2p_desktop.cli.self_test.trainer import try_trainer
from p2p_desktop.cli.self_test.window import try_window
from p2p_desktop.models.library import Library
from p2p_desktop.paths import resources
from tests.training.runs import wait_until
from training.contract.model_file import file_digest
from training.contract.pictures import read_picture

FAKE_TRAINER = Path(__file__).with_name("fake_trainer.py")
HANGING = [sys.executable, "-c", "import sys, time; sys.stderr.write('I hang here\\n'); sys.stderr.flush(); time.sleep(600)"]
DYING = [sys.executable, "-c", "import sys; sys.exit('no such module: torch')"]
STARTED = {"type": "started"}
STEP = {"type": "step"}


@pytest.fixture
def bench(converted_networks):
    """The bench without a guard of this process, with the conversions that tests share."""
    with tempfile.TemporaryDirectory(prefix="p2p-test-", ignore_cleanup_errors=True) as name:  # short: see Bench.run
        bench = Bench(Path(name), Path(name) / "network.jsonl")
        bench.cache.mkdir(parents=True)
        (bench.cache / "openvino").symlink_to(converted_networks / "openvino", target_is_directory=True)
        yield bench


@pytest.fixture
def shipped(tmp_path):
    return Library(resources() / "models", tmp_path / "added", tmp_path / "removed")


def with_own(command):
    """A child that is kept off the network as ours are, and then runs Python text."""
    return [sys.executable, "-c", f"from p2p_desktop.network_guard import guard_if_told\nguard_if_told()\n{command}"]


def faking(*actions):
    return lambda config: [sys.executable, "-u", str(FAKE_TRAINER), json.dumps(actions), "run", "--config", str(config)]


# Stored pictures


def test_what_was_stored_was_made_from_what_ships():
    """`python docs/make_self_test.py` makes the pictures anew."""
    models = sorted((resources() / "models").glob("*.safetensors"))
    files = [resources() / "examples" / EXAMPLE, *models]
    rows = [line.split("\t") for line in (stored_folder() / MADE_FROM).read_text(encoding="utf-8").splitlines()]
    assert rows == [[path.name, file_digest(path)] for path in files]
    assert sorted(path.stem for path in stored_folder().glob("*.png")) == [path.stem for path in models]
    assert sum(path.stat().st_size for path in stored_folder().iterdir()) < 300_000


def test_a_model_gives_what_it_gave(bench):
    finding = try_model("deblur", bench)
    assert (finding.subject, finding.state) == ("test deblur", "ok"), finding.message
    bench.num_well -= 1
    assert judge_network(bench).state == "ok"


@pytest.fixture
def installation(tmp_path, monkeypatch):
    """An installation that can be damaged: of its own, with links to what ships."""
    folder = tmp_path / "installation"
    for source in ("models", "self_test", "examples"):
        (folder / source).mkdir(parents=True)
        for file in (resources() / source).iterdir():
            (folder / source / file.name).symlink_to(file)
    monkeypatch.setattr(check, "resources", lambda: folder)
    monkeypatch.setattr(check, "stored_folder", lambda: folder / "self_test")
    monkeypatch.setattr(stored_pictures, "resources", lambda: folder)
    return folder


def damaged(file, content=None):
    file.unlink()
    if content is not None:
        file.write_bytes(content)


def told_by_check(capsys, *words):
    """What the check prints that runs in a child; here in this process."""
    code = check.run_check(words)
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_picture_that_was_altered_is_told(bench, installation, user_home, capsys):
    picture = cv2.imread(str(stored_folder() / "deblur.png"))
    picture[:8, :8] ^= 16
    damaged(installation / "self_test" / "deblur.png", cv2.imencode(".png", picture)[1].tobytes())
    code, lines = told_by_check(capsys, "model", "deblur")
    assert code == 0
    assert [line["agrees"] for line in lines] == [False, False]
    text = "\n".join(map(json.dumps, lines))
    finding = try_model("deblur", bench, [sys.executable, "-c", f"print({text!r})"])
    assert (finding.subject, finding.state, finding.remedy) == ("test deblur", "failed", AGAIN)
    assert "On torch its result differs by up to " in finding.message


@pytest.mark.parametrize("content", [None, b"version https://git-lfs.github.com/spec/v1\n"])
def test_a_model_that_is_missing_or_damaged_is_tried_and_told(installation, shipped, bench, capsys, content):
    damaged(installation / "models" / "deblur.safetensors", content)
    code, lines = told_by_check(capsys, "model", "deblur")
    assert code == 1
    assert "deblur" in lines[-1]["message"]
    subjects = (finding.subject for finding in self_test(shipped, bench))
    assert "test deblur" in [next(subjects) for _ in range(2)]  # whether or not the library knows a model of that name


def test_a_model_that_takes_the_process_down_is_told_and_the_others_are_tried(bench):
    finding = try_model("deblur", bench, [sys.executable, "-c", "import os\nos.abort()"])
    assert finding.state == "failed"
    assert "ended with code" in finding.message
    half = [sys.executable, "-c", f"print({json.dumps({'type': 'difference', 'runtime': 'torch', 'worst': 0, 'agrees': True})!r})"]
    assert try_model("colorize", bench, half).message == "It was tried on 1 of 2 runtimes."


def test_files_of_each_kind_are_written_and_read(bench):
    finding = try_formats(bench)
    assert (finding.subject, finding.state) == ("test formats", "ok"), finding.message
    assert finding.message == "jpg, png, webp, tiff, avif, bmp, heic."


def test_a_kind_of_file_that_does_not_work_is_told(bench, installation, capsys, monkeypatch):
    damaged(installation / "self_test" / check.PHONE, b"no picture")
    assert told_by_check(capsys, "formats")[0] == 1
    monkeypatch.setattr("training.contract.pictures.read_picture", lambda path: read_picture(resources() / "examples" / EXAMPLE))
    code, lines = told_by_check(capsys, "formats")
    assert (code, lines[-1]["message"]) == (1, "A picture that was written as jpg is another one when it is read.")
    assert try_formats(bench, [sys.executable, "-c", ""]).message == "None was tried."


def test_pictures_agree_within_a_level_and_few_values_within_three():
    one = np.full((100, 100, 3), 100, np.uint8)
    other = one + np.uint8(1)
    assert compare(one, other).agrees
    other[0, :5] = 103
    assert compare(one, other).agrees
    other[0, 0] = 104
    assert not compare(one, other).agrees
    assert not compare(one, one + np.uint8(2)).agrees
    assert not compare(one, one[:99]).agrees
    deep = np.full((100, 100, 1), 1000, np.uint16)
    assert compare(deep, deep + np.uint16(257)).agrees
    assert not compare(deep, deep + np.uint16(258)).agrees
    assert not compare(deep, deep.astype(np.uint8)).agrees


# Children


def test_a_window_that_cannot_open_is_told_with_its_last_words(bench):
    finding = try_window(bench, DYING)
    assert (finding.subject, finding.state) == ("test window", "failed")
    assert finding.message == "It ended with code 1. Its last words: no such module: torch"


def test_a_window_of_a_platform_that_is_not_there_is_told(bench, monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "nothing")
    finding = try_window(bench)
    assert finding.state == "failed"
    assert "nothing" in finding.message


def test_a_page_that_was_not_shown_is_told(bench):
    lines = [{"type": "page", "page": "convert", "ms": 3}, {"type": "failed", "message": "The page live shows nothing."}]
    text = "\n".join(map(json.dumps, lines))
    finding = try_window(bench, [sys.executable, "-c", f"import sys\nprint({text!r})\nsys.exit(1)"])
    assert finding.message.startswith("The page live shows nothing. It ended with code 1.")
    bench.folder = bench.folder / "again"
    bench.folder.mkdir()
    assert try_window(bench, [sys.executable, "-c", f"print({json.dumps(lines[0])!r})"]).message == "It showed 1 of its 5 pages."


def test_a_child_that_hangs_is_ended_and_told(bench):
    bench.limit_s = 2.0
    finding = try_window(bench, HANGING)
    assert (finding.state, finding.remedy) == ("failed", LATER)
    assert finding.message == "It did not end within 2 s. Its last words: I hang here"


def test_a_full_disk_asks_for_room(bench):
    finding = try_window(bench, [sys.executable, "-c", "import sys; sys.exit('OSError: [Errno 28] No space left on device')"])
    assert finding.remedy == ROOM


def test_a_window_without_its_systems_plugin_is_told(bench):
    lines = [{"type": "page", "page": name, "ms": 3} for name in "abcde"]
    lines += [{"type": "first_paint", "first_paint_ms": 3, "platform": "offscreen", "plugins": ["qoffscreen"]}]
    text = "\n".join(map(json.dumps, lines))
    finding = try_window(bench, [sys.executable, "-c", f"print({text!r})"])
    assert "its plugin for the screens of this system" in finding.message


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")
def test_what_a_child_left_behind_does_not_keep_the_test_waiting(bench):
    bench.limit_s = 2.0
    finding = try_window(bench, [sys.executable, "-c", "import os, time\nif os.fork() == 0:\n    time.sleep(600)"])
    assert finding.message == "It did not end within 2 s. Its last words: none"


def test_a_child_that_cannot_be_started_is_told(bench):
    assert "could not be started" in try_window(bench, [str(bench.folder / "nowhere")]).message


def test_the_trainer_steps_obeys_and_leaves_what_it_should(bench):
    finding = try_trainer(bench)
    assert (finding.subject, finding.state) == ("test trainer", "ok"), finding.message
    assert list((bench.folder / "run" / "checkpoints").iterdir())
    bench.num_well -= 1
    assert judge_network(bench).state == "ok"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (lambda _: DYING, "It ended with code 1. Its last words: no such module: torch"),
        (
            faking(["event", {"type": "failed", "message": "The disk is full."}], ["code", 1]),
            "The disk is full. It ended with code 1.",
        ),
        (faking(["event", STARTED], ["code", 0]), "It made 0 steps and did not end as it was told to"),
        (
            faking(["event", STEP], ["event", STEP], ["order", ""], ["event", {"type": "stopped", "model": None}]),
            "It left no checkpoint.",
        ),
    ],
)
def test_a_trainer_that_fails_is_told_with_its_words(bench, command, told):
    finding = try_trainer(bench, command)
    assert (finding.subject, finding.state) == ("test trainer", "failed")
    assert finding.message.startswith(told)


def test_live_plays_the_clip_or_says_why_not(bench, shipped, tmp_path):
    lines = json.dumps({"type": "summary", "frames_out": 3, "latency_ms_p95": 1.0})
    finding = try_live(shipped, bench, [sys.executable, "-c", f"print({lines!r})"])
    assert finding.message == "3 of 12 frames came out."
    bench.folder = tmp_path / "again"
    bench.folder.mkdir()
    assert (
        try_live(Library(tmp_path, tmp_path, tmp_path), bench).message
        == "No model came with the program that takes a camera's frames."
    )
    assert try_live(shipped, bench, DYING).message.startswith("It ended with code 1.")


# The network


def test_a_look_up_of_a_child_is_refused_and_told(bench):
    text = "import socket\ntry:\n    socket.getaddrinfo('example.org', 80)\nexcept OSError:\n    pass"
    bench.run("curious", with_own(text))
    finding = judge_network(bench)
    assert (finding.subject, finding.state) == ("test network", "failed")
    assert "It was refused 1 times, first: socket.getaddrinfo example.org" in finding.message


def test_a_child_that_was_not_watched_is_not_called_quiet(bench):
    bench.run("watched", with_own("pass"))
    assert judge_network(bench).state == "failed"  # this process is not in the file
    bench.num_well -= 1
    assert judge_network(bench).state == "ok"
    bench.run("unwatched", [sys.executable, "-c", ""])
    assert judge_network(bench).message == "1 of 2 processes were watched."


def test_the_telemetry_of_openvino_would_be_told(bench, monkeypatch):
    """What the program keeps from being imported is called here: the guard must see that it speaks."""
    if not list(distributions(name="openvino-telemetry")):
        pytest.skip("there is nothing that would speak")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(bench.folder))
    for name in ("CI", "TF_BUILD", "JENKINS_URL"):
        monkeypatch.delenv(name, raising=False)
    text = "from openvino.tools.ovc import telemetry_utils as t\nt.init_ovc_telemetry()\nt.send_conversion_result('success', True)"
    bench.run("telemetry", with_own(text))
    assert "google-analytics.com, by http < urllib < openvino_telemetry" in judge_network(bench).message


def test_the_frozen_way_to_the_trainer_is_watched(bench):
    """By our own first word, from source as well: `python -m training` knows nothing of the guard."""
    ended = bench.run("help", own_command("trainer", "--help"))
    assert ended.code == 0
    bench.num_well -= 1
    assert judge_network(bench).state == "ok"


# All together


@pytest.fixture
def temporary():
    """A folder for temporary files, with a path short enough for sockets in it."""
    with tempfile.TemporaryDirectory(prefix="p2p-") as name:
        yield Path(name)


@pytest.mark.slow
def test_the_whole_self_test_passes_leaves_nothing_behind_and_writes_as_it_goes(p2p, temporary):
    environment = {"TMPDIR": str(temporary), "TEMP": str(temporary), "CI": "true"}
    ended = p2p("doctor", "--self-test", "--json", **environment)
    assert ended.code in (0, 3), ended.out
    tested = {line["subject"]: line for line in ended.lines if line["subject"].startswith("test ")}
    assert list(tested) == [
        "test colorize",
        "test deblur",
        "test fill-depth",
        "test formats",
        "test window",
        "test trainer",
        "test live",
        "test network",
    ]
    assert all(line["state"] == "ok" for line in tested.values()), ended.out
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no asking to end")
def test_being_asked_to_end_ends_the_children_and_leaves_nothing_behind(home_in_use, temporary):
    command = own_command("doctor", "--self-test", "--json")
    environment = {"TMPDIR": str(temporary), "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE) as process:
        while json.loads(process.stdout.readline())["subject"] != "test formats":
            pass
        wait_until(lambda: psutil.Process(process.pid).children(), "the window")
        window = psutil.Process(process.pid).children()[0]
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 143
    assert not window.is_running()
    assert list(temporary.iterdir()) == []
