"""The program as a whole, in processes of its own: what it imports, what a kill leaves, one window a person, a mishap."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from p2p_desktop.ui.errors import UncaughtErrors
from tests.ui.convert_page.hands import fingerprint, save_photo

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 120


class Played:
    """A scene of tests.ui.scenes."""

    def __init__(self, scene: str, *words: str) -> None:
        environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.ui.scenes", scene, *words],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self, scene: str) -> dict:
        """The line that a scene prints; fails if it ends without."""
        for text in self.process.stdout:
            line = json.loads(text)
            if line["scene"] == scene:
                return line
        pytest.fail(f"the scene ended with {self.process.wait()} and never said {scene}")

    def end(self) -> int:
        self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(TIMEOUT_S)


@pytest.fixture
def photos(tmp_path):
    for number in range(40):
        save_photo(tmp_path / "Many" / f"{number:02}.png", size=180, seed=number)
    return tmp_path / "Many"


def test_the_first_paint_waits_for_nothing_heavy(prepared_home):
    played = Played("paint")
    assert played.line("painted")["modules"] == []
    assert played.end() == 0


def test_a_whole_conversion_on_a_cpu_never_imports_torch(prepared_home, photos):
    played = Played("convert", str(photos))
    done = played.line("done")
    assert done["counts"]["done"] == 40
    assert "torch" not in done["modules"]
    assert "openvino" in done["modules"]
    assert played.end() == 0


def test_a_killed_conversion_is_offered_at_the_next_start_and_finishes(prepared_home, photos):
    played = Played("convert", str(photos))
    played.line("working")
    played.process.send_signal(signal.SIGKILL)
    played.end()
    results = photos.with_name("Many sharp")
    made = {name: digest for name, digest in fingerprint(results).items() if not name.startswith(".")}
    assert 2 <= len(made) < 40
    again = Played("recover")
    done = again.line("done")
    assert again.end() == 0
    assert done["counts"]["done"] + done["counts"]["skipped"] == 40
    assert done["counts"]["skipped"] >= 2
    after = fingerprint(results)
    assert sorted(after) == [f"{number:02}.png" for number in range(40)]
    assert {name: after[name] for name in made} == made
    third = Played("paint")
    assert third.end() == 0


def test_being_asked_to_end_stops_the_work_and_keeps_it(prepared_home, photos):
    played = Played("convert", str(photos))
    played.line("working")
    played.process.terminate()
    assert played.end() == 143
    assert not [name for name in fingerprint(photos.with_name("Many sharp")) if not name.endswith(".png") or name.startswith(".")]
    assert len(list((prepared_home / "data" / "unfinished").iterdir())) == 1


def test_a_disk_that_never_answers_does_not_keep_the_program_from_ending(prepared_home, photos):
    played = Played("hang", str(photos))
    played.line("hanging")
    assert played.end() == 0  # not 134, with which Qt answers to a thread that is taken down while it runs
    assert "still waits for a disk" in (prepared_home / "logs" / "p2p-desktop.log").read_text(encoding="utf-8")


def test_a_second_start_hands_its_files_to_the_first_and_ends(prepared_home, photos):
    first = Played("wait")
    first.line("waiting")
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    odd = save_photo(photos.parent / "caf\u00e9 \u65e5\u672c\n.png")
    second = subprocess.run(
        [sys.executable, "-m", "p2p_desktop", str(odd)], cwd=ROOT, env=environment, timeout=TIMEOUT_S, check=False
    )
    assert second.returncode == 0
    assert first.line("received")["names"] == [odd.name]
    assert first.end() == 0


def test_what_macos_opens_with_the_program_comes_in_before_the_window_and_after(prepared_home, tmp_path):
    odd = save_photo(tmp_path / "opened" / "a caf\u00e9 \u65e5\u672c #1.png")
    others = [save_photo(odd.with_name(f"{name}.png"), seed=number) for number, name in enumerate("bc")]
    played = Played("opened", str(odd.parent))
    assert played.line("before")["names"] == [odd.name]
    after = played.line("after")
    assert after["names"] == [odd.name, *(other.name for other in others)]
    assert after["times"] == 2  # those that were chosen together came as one
    assert played.end() == 0


def test_a_program_that_was_killed_does_not_stop_the_next_from_opening(prepared_home):
    first = Played("wait")
    first.line("waiting")
    first.process.kill()
    first.end()
    assert Played("paint").end() == 0


def test_an_exception_in_the_window_is_a_sentence_and_the_window_lives(prepared_home, photos):
    played = Played("mishap", str(photos))
    assert "unexpected" in played.line("told")["text"]
    played.line("alive")
    assert played.end() == 0
    log = (prepared_home / "logs" / "p2p-desktop.log").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in log


def test_without_a_screen_there_is_a_sentence(user_home):
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    command = [sys.executable, "-m", "p2p_desktop"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("There is no screen")
    assert "Traceback" not in ended.stderr


def test_an_exception_in_a_thread_is_told_in_the_window(qtbot):
    import threading

    def fail():
        raise RuntimeError("broken")

    errors = UncaughtErrors()
    errors.take_over()
    try:
        with qtbot.waitSignal(errors.happened) as told:
            threading.Thread(target=fail).start()
    finally:
        errors.give_back()
    assert told.args == ["RuntimeError: broken"]
    assert "RuntimeError: broken" in errors.reports[0]
