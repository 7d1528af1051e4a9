"""The window as the self-test goes through it: a process of its own, which prints what it saw."""

import json
import os
import subprocess
import sys

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from p2p_desktop.cli.self_test.window import NATIVE
from p2p_desktop.ui.main_window import MainWindow
from p2p_desktop.ui.window_check import WindowCheck, check_window

PLACES = ["convert", "live", "train", "models", "settings"]


def run_check(*words, **environment):
    variables = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"} | environment
    return subprocess.run(
        [sys.executable, "-m", "p2p_desktop", "window-check", *words], env=variables, capture_output=True, timeout=180, check=False
    )


def test_every_page_is_painted_and_kept_and_the_window_closes_in_order(tmp_path, user_home):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    ended = run_check("--save", str(tmp_path / "seen"), TMPDIR=str(temporary), TEMP=str(temporary))
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert lines[0]["type"] == "first_paint"
    assert 100 < lines[0]["first_paint_ms"] < 60_000
    assert lines[0]["platform"] == "offscreen"
    assert {"qoffscreen", NATIVE} <= set(lines[0]["plugins"])
    assert [line["page"] for line in lines[1:]] == PLACES
    assert all(line["ms"] >= 0 and line["colours"] > 100 for line in lines[1:])
    assert sorted(path.stem for path in (tmp_path / "seen").iterdir()) == sorted(PLACES)
    assert all(QImage(str(path)).width() == 1200 for path in (tmp_path / "seen").iterdir())
    assert list(temporary.iterdir()) == []  # its home is removed
    assert list(user_home.iterdir()) == []  # and the person's was not touched


def test_a_folder_that_cannot_be_written_is_told_and_not_a_traceback(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    (tmp_path / "file").touch()
    assert check_window(["--save", str(tmp_path / "file")]) == 1
    assert json.loads(capsys.readouterr().out)["type"] == "failed"


def test_a_platform_that_is_not_there_ends_it(tmp_path):
    ended = run_check(QT_QPA_PLATFORM="nothing", TMPDIR=str(tmp_path), TEMP=str(tmp_path))
    assert ended.returncode not in (0, 1)
    assert b"nothing" in ended.stderr


def walked(driver):
    check = WindowCheck(driver.window, driver.errors, None)
    driver.wait(lambda: not driver.window.isVisible())
    return check.is_well


def test_an_error_that_comes_up_is_told(driver, capsys):
    driver.errors.reports.append("Traceback:\n  File x, line 3\nValueError: no\n")
    assert not walked(driver)
    driver.errors.reports.clear()
    (line,) = (json.loads(text) for text in capsys.readouterr().out.splitlines())
    assert line == {"type": "failed", "message": "An error came up in convert: ValueError: no"}


def test_a_page_that_stays_empty_is_told(driver, capsys):
    for child in driver.window.built("train").findChildren(QWidget):
        child.hide()
    assert not walked(driver)
    lines = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [line["type"] for line in lines] == ["page", "page", "page", "failed"]
    assert lines[-1]["message"].startswith("The page train shows nothing")


def test_missing_icons_are_told(driver, capsys, monkeypatch):
    monkeypatch.setattr(MainWindow, "has_icons", False)
    assert not walked(driver)
    lines = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [line["type"] for line in lines] == ["page", "failed"]
    assert "icons are missing" in lines[-1]["message"]
