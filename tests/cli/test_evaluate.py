import csv
import json
import signal
import sys
from pathlib import Path

import pytest

from p2p_desktop.cli import app, trainer
from p2p_desktop.settings import Settings
from tests.models_for_tests import write_small_model
from tests.training.runs import environment, write_photos

ROW = {"name": "a.png", "kind": "noisy/disc-2", "metrics": {"psnr": 27.0}, "identity": {"psnr": 26.0}}
KINDS = {
    "sharp": {"metrics": {"psnr": 40.0}, "identity": {"psnr": 99.0}, "pictures": {"n": 1}},
    "noisy/disc-2": {"metrics": {"psnr": 27.0}, "identity": {"psnr": 26.0}, "pictures": {"n": 1}},
    "noisy/disc-3": {"metrics": {"psnr": 25.0}, "identity": {"psnr": 24.0}, "pictures": {"n": 1}},
}
RESULT = {"type": "result", "data": {"model": "/m", "name": "m", "task": "deblur", "kinds": KINDS, "pictures": [ROW]}}
PROGRESS = {"type": "progress", "done": 1, "total": 2, "what": "m"}
WARNING = {"type": "warning", "step": 0, "code": "picture_left_out", "message": "b.png is damaged."}
FAILED = {"type": "failed", "step": 0, "message": "There are no pictures.", "model": None}


@pytest.fixture
def fake(monkeypatch):
    """As in test_train."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def script(*todo):
        def command(mode, config, *options):
            return [
                sys.executable,
                str(Path(__file__).with_name("fake_trainer.py")),
                json.dumps(todo),
                mode,
                "--config",
                str(config),
                *options,
            ]

        monkeypatch.setattr(trainer, "trainer_command", command)

    yield script
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def words(tmp_path):
    return ["evaluate", "-m", str(write_small_model(tmp_path / "m.safetensors")), "--data", str(tmp_path)]


def test_a_real_model_is_measured(p2p, tmp_path):
    data = write_photos(tmp_path / "data", 1)
    model = write_small_model(tmp_path / "mine.safetensors")
    table = tmp_path / "table.csv"
    done = p2p("evaluate", "-m", model, "--data", data, "--csv", table, "--sheet", tmp_path / "sheet.png", **environment())
    assert done.code == 0, done.err
    assert done.out.startswith("mine (deblur): model / doing nothing\n")
    assert "noisy, all" in done.out
    assert done.out.endswith(f"Pictures: {tmp_path / 'sheet.png'}\n")
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 23 * 3  # kinds, times psnr, ssim and l1
    assert len({row["kind"] for row in rows}) == 23
    assert {row["picture"] for row in rows} == {"photo-0.png"}
    assert [row["doing_nothing"] for row in rows if row["kind"] == "sharp" and row["metric"] == "psnr"] == ["99.0"]


def test_groups_are_averaged(fake, words, capfd):
    fake(["event", PROGRESS], ["event", RESULT])
    assert app.run(words) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split() for line in lines[-4:]] == [
        ["sharp", "40.000", "/", "99.000"],
        ["noisy/disc-2", "27.000", "/", "26.000"],
        ["noisy/disc-3", "25.000", "/", "24.000"],
        ["noisy,", "all", "26.000", "/", "25.000"],
    ]


@pytest.mark.slow
def test_several_models_share_a_table(p2p, tmp_path):
    data = write_photos(tmp_path / "data", 2)
    models = [write_small_model(tmp_path / f"{name}.safetensors", seed=seed) for seed, name in enumerate(("mine", "yours"))]
    sheet = tmp_path / "sheet.jpg"
    done = p2p("evaluate", "-m", models[0], "-m", models[1], "--data", data, "--sheet", sheet, "--sheet-rows", 3, **environment())
    assert done.code == 0, done.err
    tables = done.out.split("\n\n")
    heads = [table.splitlines()[0].split() for table in tables[:3]]
    assert heads == [[metric, "doing", "nothing", "mine", "yours"] for metric in ("psnr", "ssim", "l1")]
    for table in tables[:3]:
        lines = table.splitlines()[1:]
        assert len(lines) == 23 + 2  # kinds, and the means of noisy and clean
        assert all(line.count("*") >= 1 for line in lines)
    assert tables[3] == f"Pictures: {sheet}\n"
    assert sheet.is_file()


def test_the_star_is_at_the_best(fake, words, capfd):
    other = {kind: row | {"metrics": {"psnr": 25.5}} for kind, row in KINDS.items()}
    fake(["event", RESULT], ["event", RESULT | {"data": RESULT["data"] | {"kinds": other}}])
    assert app.run(words) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].split() == ["psnr", "doing", "nothing", "m", "#1", "m", "#2"]
    assert [line.split() for line in lines[1:5]] == [
        ["sharp", "99.000*", "40.000", "25.500"],
        ["noisy/disc-2", "26.000", "27.000*", "25.500"],
        ["noisy/disc-3", "24.000", "25.000", "25.500*"],
        ["noisy,", "all", "25.000", "26.000*", "25.500"],
    ]


def test_json_passes_the_events_on(fake, words, capfd):
    fake(["noise", "no event"], ["event", PROGRESS], ["event", RESULT])
    assert app.run([*words, "--json"]) == 0
    assert [json.loads(line) for line in capfd.readouterr().out.splitlines()] == [PROGRESS, RESULT]


def test_a_picture_left_out_is_a_finding(fake, words, capfd):
    fake(["event", WARNING], ["event", RESULT])
    assert app.run(words) == 3
    assert "b.png is damaged." in capfd.readouterr().err


@pytest.mark.parametrize(("code", "exit_code"), [("trained_on_left_out", 0), ("trained_on_all", 3)])
def test_figures_of_what_was_learned_are_a_finding(fake, words, capfd, code, exit_code):
    fake(["event", WARNING | {"code": code, "message": "It knows them."}], ["event", RESULT])
    assert app.run(words) == exit_code
    assert "It knows them." in capfd.readouterr().err


def test_a_second_folder_of_pictures_is_asked_for(fake, words, tmp_path, capfd):
    fake(["request", None])
    assert app.run([*words, "--data-b", str(tmp_path / "depths"), "--json"]) == 0
    (result,) = map(json.loads, capfd.readouterr().out.splitlines())
    assert result["data"]["data_b"] == str(tmp_path / "depths")


def test_a_failure_is_its_sentence_and_one(fake, words, capfd):
    fake(["event", FAILED], ["code", 1])
    assert app.run(words) == 1
    assert "Error: There are no pictures." in capfd.readouterr().err


def test_a_death_is_told_with_its_last_words(fake, words, capfd):
    fake(["noise", "out of luck"], ["code", 9])
    assert app.run(words) == 1
    assert "with code 9. Its last words: out of luck" in capfd.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("child", ["stdin", "hang"])
def test_signals_reach_the_child_at_once(fake, words, monkeypatch, number, code, child):
    fake(["event", PROGRESS], [child, None])
    real = trainer.print_json

    def printed(event):
        real(event)
        for _ in range(1 if child == "stdin" else 2):
            signal.raise_signal(number)

    monkeypatch.setattr(trainer, "print_json", printed)
    assert app.run([*words, "--json"]) == code


def test_a_table_that_cannot_be_written_is_told(fake, words, tmp_path, capfd):
    fake(["event", RESULT])
    assert app.run([*words, "--csv", str(tmp_path / "none" / "table.csv")]) == 1
    assert "table.csv could not be written" in capfd.readouterr().err


def test_an_unknown_model_is_told(fake, tmp_path, capfd):
    assert app.run(["evaluate", "-m", "nobody", "--data", str(tmp_path)]) == 1
    assert "nobody" in capfd.readouterr().err


@pytest.mark.parametrize(("more", "wanted"), [([], 1), (["--threads", "2"], 2), (["--threads", "0"], 0)])
def test_threads_are_those_of_the_settings_or_as_said(fake, words, user_home, monkeypatch, more, wanted):
    Settings(threads=1).write(user_home / "config" / "settings.json")
    fake(RESULT)
    asked = []
    command = trainer.trainer_command

    def remembered(mode, config, *options):
        asked.append(json.loads(Path(config).read_text())["threads"])
        return command(mode, config, *options)

    monkeypatch.setattr(trainer, "trainer_command", remembered)
    assert app.run([*words, *more]) == 0
    assert asked == [wanted]
