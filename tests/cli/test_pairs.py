"""`p2p-desktop pairs`: what a person reads, and what a program does."""

from pathlib import Path

import pytest

from p2p_desktop.cli.pairs import configured
from tests.training.runs import environment, two_folders, write_photos, write_strips


def test_good_pairs_end_with_0_and_bad_ones_with_3_and_their_names(p2p, tmp_path):
    data = two_folders(tmp_path / "mine", 12)
    good = p2p("pairs", "check", data, **environment())
    assert good.code == 0, good.err
    assert good.out.splitlines() == [
        "12 pairs in two folders, A and B: 11 to train, 1 to measure (a tenth held out by content).",
        "Nothing is wrong with them.",
    ]
    (data / "A" / "3.png").write_bytes(b"")
    (data / "A" / "4.png").unlink()
    bad = p2p("pairs", "check", data, **environment())
    assert bad.code == 3
    assert "lonely: 1\n  4.png has no partner.\n" in bad.out
    assert "unreadable: 1\n  A/3.png is empty" in bad.out
    told = p2p("pairs", "check", data, "--json", **environment())
    assert told.code == 3
    assert {finding["code"] for finding in told.summary["data"]["findings"]} == {"lonely", "unreadable"}


@pytest.mark.slow
def test_pairs_are_made_and_then_trained_on(p2p, tmp_path):
    photos, made = write_photos(tmp_path / "photos", 4, height=64, width=64), tmp_path / "made"
    done = p2p("pairs", "make", photos, "-o", made, "--task", "winter-to-summer", **environment())
    assert done.code == 0, done.err
    assert done.out == f"4 pairs are in {made}, their folders are input and target.\n"
    again = p2p("pairs", "make", photos, "-o", made, "--task", "winter-to-summer", **environment())
    assert again.code == 1
    assert "holds something already" in again.err
    small = ["ngf=2", "crop_size=64", "patch_size=16", "steps=2", "batch_size=1", "validate_every=2", "sample_every=2"]
    settings = [word for setting in small for word in ("--set", setting)]
    trained = p2p(
        "train", "--task", "pairs", "--data", made, "--out", tmp_path / "run", "--preset", "quick", *settings, **environment()
    )
    assert trained.code == 0, trained.err
    assert "All 2 steps are done." in trained.out


def test_what_a_network_will_see_is_drawn(p2p, tmp_path):
    data = write_strips(tmp_path / "strips")
    shown = p2p("pairs", "show", data, "-o", tmp_path / "shown", "--task", "facades", "--count", "2", "--json", **environment())
    assert shown.code == 0, shown.err
    assert [line["type"] for line in shown.lines] == ["progress", "progress", "result"]
    assert sorted(path.name for path in (tmp_path / "shown").iterdir()) == ["000.png", "001.png"]


@pytest.mark.parametrize("words", [["check", "nowhere"], ["show", "nowhere", "-o", "there"]])
def test_a_folder_that_is_not_there_is_a_sentence(p2p, tmp_path, words):
    done = p2p("pairs", *words)
    assert done.code == 1
    assert done.err.startswith("Error: The folder nowhere does not exist.")


def test_a_wrong_setting_is_wrong_usage(p2p, tmp_path):
    done = p2p("pairs", "check", write_strips(tmp_path / "s"), "--set", "dance=1")
    assert done.code == 2
    assert "no setting 'dance'" in done.err


def test_paths_in_settings_hold_wherever_a_run_is_continued(tmp_path, monkeypatch):
    for name in ("A", "B"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    config = configured("pairs", Path("A"), "quick", ["data_b=B", "init_model=null"])
    assert (config.data, config.data_b, config.init_model) == (str(tmp_path / "A"), str(tmp_path / "B"), None)
