"""What `test_run_accidents` runs where everything, the person's home too, lies on one small disk."""

import contextlib

from p2p_desktop.paths import user_paths
from p2p_desktop.ui.widgets import Note
from tests.training.runs import environment, long_run, wait_for_steps, write_photos
from training.contract.protocol import EVENTS


def fill_up(path):
    """Take all the room that is left."""
    with path.open("wb", buffering=0) as file:
        for piece in (bytes(1 << 20), bytes(4096), b"0"):
            with contextlib.suppress(OSError):  # no space left
                while file.write(piece):
                    pass


def test_a_full_disk(driver, forks, monkeypatch, tmp_path):
    for name, value in environment().items():  # one thread that does not spin, for what the window starts
        monkeypatch.setenv(name, value)
    run, filler = user_paths().runs / "Old lens", tmp_path / "filler"
    long_run(run, write_photos(tmp_path / "photos"), checkpoint_every=4)
    trainer = forks.start(run)
    wait_for_steps(run, 10)
    driver.click("rail_train")
    driver.wait(lambda: driver.window._training.runs.is_read)
    page = driver.window._made["train"]
    page.open_run(run)
    driver.wait(lambda: driver.text("train_standing") == "Training")
    fill_up(filler)
    driver.wait(lambda: driver.text("train_standing") in ("Failed", "Interrupted"))
    assert trainer.wait() != 0
    note = driver.find("train_health", Note)
    driver.wait(lambda: "disk is full" in note.text().lower())
    saved = page._follower.state.checkpoint.step
    assert f"Everything up to step {saved} is safe." in note.text()
    assert (run / EVENTS).read_bytes().endswith(b"\n")
    filler.unlink()
    driver.click("train_go_on")
    driver.wait(lambda: driver.text("train_standing") == "Training" and page._follower.state.step > saved + 4)
    assert list(page._follower.state.losses.steps) == list(range(1, page._follower.state.step + 1))
    driver.click("train_stop")
    driver.wait(lambda: driver.text("train_standing") == "Stopped")
