"""After a crash, or a window that was closed during the work: the offer to go on."""

import os

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from p2p_desktop.convert.request import Part, Request
from p2p_desktop.convert.unfinished import UnfinishedJobs
from p2p_desktop.paths import resources, user_paths
from tests.ui.convert_page.hands import go_on, interrupted, note, save_photo


def test_after_a_crash_the_offer_finishes_what_was_begun(qtbot, look, prepared_home, photos, tmp_path):
    from tests.ui.driving import Driver

    model = resources() / "models" / "deblur.safetensors"
    from p2p_desktop.convert.events import ConvertSettings

    request = Request((Part((photos,), tmp_path / "results"),), model, ConvertSettings(format="png"), device="cpu")
    jobs = UnfinishedJobs(user_paths().unfinished)
    path = jobs.begin(request, 6)
    dead = path.with_name(path.name.replace(f"-{os.getpid():x}-", "-3fffffff-"))
    dead.write_text(path.read_text().replace(f"-{os.getpid():x}-", "-3fffffff-"))
    path.unlink()
    driver = Driver(qtbot, look)
    go_on(driver)
    driver.wait(lambda: driver.phase == "done")
    assert len(list((tmp_path / "results").rglob("*.png"))) == 6
    assert not list(user_paths().unfinished.iterdir())
    driver.close()
    assert driver.errors.reports == []


def test_closing_during_work_asks_and_offers_the_rest_next_time(driver, tmp_path, qtbot):
    for number in range(20):
        save_photo(tmp_path / "Many" / f"{number:02}.png", size=144, seed=number)
    driver.drop([tmp_path / "Many"])
    driver.wait_listed(20)
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] >= 1)

    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QDialog

    answers, told = ["keep_converting", "stop_and_close"], []

    def answer():
        for dialog in filter(QDialog.isVisible, driver.window.findChildren(QDialog, "stop_question")):
            told.append((dialog.findChild(QLabel, "stop_words").text().split()[0], str(driver.counts["done"])))
            if len(told) == 1:
                return  # look again when more is done
            if answers[0] == "keep_converting" and told[-1][0] == told[0][0]:
                return
            QTest.mouseClick(dialog.findChild(QPushButton, answers.pop(0)), Qt.MouseButton.LeftButton)

    timer = QTimer()
    timer.timeout.connect(answer)
    timer.start(50)
    assert not driver.window.close()
    assert driver.window.isVisible()
    assert driver.window.close()
    timer.stop()
    assert all(said == done for said, done in told)
    done = len(list((tmp_path / "Many sharp").iterdir()))
    assert 1 <= done < 20
    (unfinished,) = user_paths().unfinished.iterdir()  # the next start offers it
    assert unfinished.name.endswith(".job.json")


def test_what_was_done_before_the_crash_is_neither_listed_nor_called_failed(qtbot, look, prepared_home, photos, tmp_path):
    from tests.ui.driving import Driver

    rest = frozenset({photos / "Day 2" / "4.jpg", photos / "Day 2" / "5.jpg"})
    interrupted(photos, tmp_path / "results", rest)
    driver = Driver(qtbot, look)
    driver.wait(lambda: driver.window.findChild(QPushButton, "recovery_go_on") is not None)
    save_photo(tmp_path / "Other" / "x.png")
    driver.drop([tmp_path / "Other"])  # before it is gone on with: no part of it
    driver.wait_listed(1)
    go_on(driver)
    driver.wait(lambda: driver.phase == "done")
    assert driver.counts == {"waiting": 1, "working": 0, "done": 2, "skipped": 0, "failed": 0}
    assert {path.name for path in (tmp_path / "results").rglob("*.png")} == {"4.png", "5.png"}
    assert driver.window._session.output_folders == [tmp_path / "results"]
    assert not list(user_paths().unfinished.iterdir())
    driver.close()


def test_what_was_dropped_before_the_offer_is_taken_up_is_part_of_it_where_it_was(qtbot, look, prepared_home, photos, tmp_path):
    from tests.ui.driving import Driver

    interrupted(photos, tmp_path / "results", frozenset({photos / "Day 2" / "4.jpg", photos / "Day 2" / "5.jpg"}))
    driver = Driver(qtbot, look)
    driver.wait(lambda: driver.window.findChild(QPushButton, "recovery_go_on") is not None)
    driver.drop([photos])
    driver.wait_listed(6)
    driver.drop([tmp_path / "nothing here"])
    driver.wait(lambda: driver.counts["failed"] == 1)
    driver.window.convert.say("warning", "Something else.")
    assert driver.find("recovery_go_on").isVisible()  # whatever else is said
    go_on(driver)
    driver.wait(lambda: driver.phase == "done")
    assert driver.counts == {"waiting": 4, "working": 0, "done": 2, "skipped": 0, "failed": 1}
    assert {path.name for path in (tmp_path / "results").rglob("*.png")} == {"4.png", "5.png"}
    driver.close()


def test_what_lies_within_what_a_crash_had_ended_goes_where_that_goes(qtbot, look, prepared_home, photos, tmp_path):
    from tests.ui.driving import Driver

    interrupted(photos, tmp_path / "out")
    driver = Driver(qtbot, look)
    go_on(driver)
    driver.wait(lambda: driver.phase == "done")
    save_photo(photos / "Day 3" / "new.jpg")
    driver.drop([photos / "Day 3"])
    driver.wait_listed(7)
    driver.convert()
    assert driver.counts["done"] == 7
    assert (tmp_path / "out" / "Day 3" / "new.png").is_file()
    assert not (photos / "Day 3 sharp").exists()
    driver.close()


def test_an_offer_that_cannot_be_taken_up_comes_again_and_leaks_into_nothing(qtbot, look, prepared_home, photos, tmp_path):
    from tests.ui.driving import Driver

    away = photos.rename(tmp_path / "unplugged")
    interrupted(photos, tmp_path / "results")
    driver = Driver(qtbot, look)
    go_on(driver)
    driver.wait(lambda: driver.counts["failed"] == 1 or "can be found" in note(driver) or "no picture" in note(driver))
    assert list(user_paths().unfinished.iterdir())
    driver.window._session.clear()
    driver.drop([away])
    driver.wait_listed(6)
    assert driver.phase == "ready"  # nothing starts by itself
    driver.convert()
    assert (tmp_path / "unplugged sharp").is_dir()
    assert not (tmp_path / "results").exists()
    driver.close()
