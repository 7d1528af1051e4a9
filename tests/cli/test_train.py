import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from p2p_desktop.cli import app, train
from p2p_desktop.paths import user_paths
from p2p_desktop.runs.run_register import RunRegister
from tests.models_for_tests import small_card, write_small_model
from tests.training.runs import environment, events, tiny_config, wait_until, write_photos, write_request
from training.contract.config import TrainConfig
from training.contract.protocol import EVENTS, LOCK, read_lock
from training.contract.spec import unet

STARTED = {"type": "started", "task": "deblur", "device": "cpu", "steps": 2, "step": 0, "pairs": {}, "parameters": {}}
STEP = {"type": "step", "step": 1, "epoch": 0, "losses": {"g_l1": 9.0, "g_gan": 0.0}, "lr": 2e-4, "seconds": 0.1}
VALIDATION = {
    "type": "validation",
    "step": 2,
    "statistics": "image",
    "metrics": {"psnr": 27.0},
    "identity": {"psnr": 26.0},
    "best": True,
}
SAMPLE = {"type": "sample", "step": 2, "files": ["samples/step-2/0.png"]}
FINISHED = {"type": "finished", "step": 2, "message": "All 2 steps are done.", "model": "models/best.safetensors"}
STOPPED = {"type": "stopped", "step": 1, "message": "Stopped after step 1 of 2; everything is saved.", "model": None}
FAILED = {"type": "failed", "step": 1, "message": "The disk is full.", "model": None}
TINY = [
    "generator.encoder=[4,8]",
    "generator.decoder=[4,4]",
    "generator.stem=2",
    "crop_size=16",
    "batch_size=2",
    "threads=1",
    "steps=4",
]


@pytest.fixture
def photos(tmp_path):
    return write_photos(tmp_path / "photos")


@pytest.fixture
def handlers():
    """The command line takes over the signals of its process, which is ours here."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def fake(monkeypatch, handlers):
    """Let another program than the trainer answer: `fake(*script)` of what fake_trainer.py understands."""

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

        monkeypatch.setattr(train, "trainer_command", command)

    return script


def settings(*values):
    return [word for value in values for word in ("--set", value)]


def new_run(photos, run):
    return ["train", "--task", "deblur", "--data", str(photos), "--out", str(run), "--preset", "quick", *settings(*TINY)]


def test_a_run_is_trained_and_resumed(p2p, photos, tmp_path):
    run = tmp_path / "run"
    done = p2p(*new_run(photos, run), "--json", **environment())
    assert done.code == 0, done.err
    assert done.lines[0]["type"] == "started"
    assert done.summary["type"] == "finished"
    assert done.summary["model"] == str(run / "models" / "best.safetensors")
    assert Path(done.summary["model"]).exists()
    config = TrainConfig.from_json((run / "run.json").read_text())
    assert (config.task, config.steps, config.generator.encoder, config.data) == ("deblur", 4, (4, 8), str(photos))
    assert p2p("train", "--resume", run, **environment()).code == 0
    assert [event["step"] for event in events(run, "step")] == [1, 2, 3, 4]


def test_ctrl_c_saves_and_leaves_nobody_behind(photos, tmp_path, user_home):
    run = tmp_path / "run"
    config = write_request(run, tiny_config(photos, steps=100_000, validate_every=100_000, checkpoint_every=100_000))
    command = [sys.executable, "-m", "p2p_desktop", "train", "--config", str(config)]
    child = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    wait_until(lambda: (run / EVENTS).exists() and len(events(run, "step")) > 2, "steps")
    trainer = read_lock(run).pid
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130, err.decode()
    assert b"everything is saved" in out
    assert events(run)[-1]["type"] == "stopped"
    assert (run / "checkpoints" / "last.pt").exists()
    assert not (run / LOCK).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(trainer, 0)


def test_events_are_told_in_words(fake, photos, tmp_path, capfd):
    fake(["noise", "no event"], *(["event", event] for event in (STARTED, STEP, VALIDATION, FINISHED)))
    assert app.run(new_run(photos, tmp_path / "run")) == 0
    out, err = capfd.readouterr()
    assert out == f"All 2 steps are done. The model is {tmp_path / 'run' / 'models' / 'best.safetensors'}\n"
    assert "psnr 27, doing nothing 26, the best so far" in err


def test_json_has_absolute_paths_and_nothing_else(fake, photos, tmp_path, capfd):
    fake(["noise", "no event"], *(["event", event] for event in (STARTED, SAMPLE, FINISHED)))
    assert app.run([*new_run(photos, tmp_path / "run"), "--json"]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert lines == [
        STARTED,
        SAMPLE | {"files": [str(tmp_path / "run" / "samples" / "step-2" / "0.png")]},
        FINISHED | {"model": str(tmp_path / "run" / "models" / "best.safetensors")},
    ]


def test_a_failure_is_its_sentence_and_one(fake, photos, tmp_path, capfd):
    fake(["event", STARTED], ["event", FAILED], ["code", 1])
    assert app.run(new_run(photos, tmp_path / "run")) == 1
    assert capfd.readouterr().err.endswith("Error: The disk is full.\n")


def test_a_trainer_that_dies_is_told_with_its_last_words(fake, photos, tmp_path, capfd):
    fake(["event", STARTED], ["noise", "out of luck"], ["code", 9])
    assert app.run(new_run(photos, tmp_path / "run")) == 1
    assert "ended unexpectedly with code 9. Its last words: out of luck" in capfd.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_becomes_an_order(fake, photos, tmp_path, number, code):
    fake(["event", STARTED], ["order", None], ["event", STOPPED])
    assert _signalled(number, new_run(photos, tmp_path / "run")) == code


def test_a_stop_that_could_not_be_saved_is_a_failure(fake, photos, tmp_path, capfd):
    fake(["event", STARTED], ["order", None], ["event", FAILED], ["code", 1])
    assert _signalled(signal.SIGINT, new_run(photos, tmp_path / "run")) == 1
    assert "The disk is full." in capfd.readouterr().err


def test_a_stop_that_cannot_be_ordered_ends_stdin(fake, photos, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(train, "write_order", full)
    fake(["event", STARTED], ["stdin", None], ["event", STOPPED])
    assert _signalled(signal.SIGINT, new_run(photos, tmp_path / "run")) == 130


def test_a_second_signal_kills(fake, photos, tmp_path):
    fake(["event", STARTED], ["hang", None])
    assert _signalled(signal.SIGINT, new_run(photos, tmp_path / "run"), times=2) == 130


def _signalled(number, words, times=1):
    """Run a command line that gets signals soon after its child has started; its exit code."""
    real = train._show
    left = [number] * times

    def show(event, progress, bar):
        real(event, progress, bar)
        while event["type"] == "started" and left:
            signal.raise_signal(left.pop())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "_show", show)
        return app.run(words)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--task", "deblur"], 2, "Give --task, --data and --out"),
        (["--task", "dance", "--data", "{data}", "--out", "{out}"], 2, "no task named 'dance'"),
        (["--task", "deblur", "--data", "{data}", "--out", "{out}", "--preset", "slow"], 2, "no preset 'slow'"),
        (["--task", "deblur", "--data", "{data}", "--out", "{out}", "--set", "steps"], 2, "takes KEY=VALUE"),
        (["--task", "deblur", "--data", "{data}", "--out", "{out}", "--set", "steps=0"], 2, "steps must be"),
        (["--task", "deblur", "--data", "{data}/none", "--out", "{out}"], 1, "does not exist"),
        (["--task", "deblur", "--data", "{data}", "--out", "{data}/photo-0.png"], 1, "is a file"),
        (["--resume", "{data}"], 1, "holds no training run"),
        (["--resume", "{data}", "--set", "steps=9"], 2, "stand alone"),
        (["--resume", "{data}", "--config", "{data}/run.json"], 2, "stand alone"),
        (["--config", "{data}/mine.json"], 2, "run.json"),
    ],
)
def test_what_cannot_be_started_is_told(handlers, photos, tmp_path, capfd, words, code, said):
    filled = [word.format(data=photos, out=tmp_path / "run") for word in words]
    assert app.run(["train", *filled]) == code
    assert said in capfd.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_folder_that_holds_a_run_is_not_overwritten(fake, photos, tmp_path, capfd):
    fake(["event", FINISHED])
    assert app.run(new_run(photos, tmp_path / "run")) == 0
    before = (tmp_path / "run" / "run.json").read_bytes()
    assert app.run([*new_run(photos, tmp_path / "run"), "--set", "seed=5"]) == 1
    assert "Continue it with --resume" in capfd.readouterr().err
    assert (tmp_path / "run" / "run.json").read_bytes() == before


def test_a_run_is_noted_for_the_window_when_it_is_made_and_when_it_goes_on(fake, photos, tmp_path, user_home):
    fake(["event", FINISHED])
    register = RunRegister(user_paths().known_runs)
    assert app.run(new_run(photos, tmp_path / "run")) == 0
    assert register.runs() == [tmp_path / "run"]
    (tmp_path / "run").rename(tmp_path / "moved")
    assert app.run(["train", "--config", str(tmp_path / "moved" / "run.json")]) == 0
    assert app.run(["train", "--resume", str(tmp_path / "moved")]) == 0
    assert app.run([*new_run(photos, tmp_path / "prepared"), "--prepare"]) == 0
    assert sorted(register.runs()) == sorted(tmp_path / name for name in ("run", "moved", "prepared"))


def test_a_run_can_be_prepared_for_others_to_start(fake, photos, tmp_path, capfd):
    fake(["event", FAILED])  # would be heard of if it were started
    run = tmp_path / "run"
    assert app.run([*new_run(photos, run), "--prepare", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == {"type": "prepared", "config": str(run / "run.json")}
    assert [path.name for path in run.iterdir()] == ["run.json"]
    assert TrainConfig.from_json((run / "run.json").read_text()).steps == 4
    assert app.run(["train", "--resume", str(run), "--prepare"]) == 2


def init_run(data, run, model, *values, task="pairs"):
    words = ["train", "--task", task, "--data", str(data), "--out", str(run), "--init", str(model), "--preset", "quick"]
    return [*words, "--prepare", *settings(*values)]


def test_a_run_that_starts_from_a_model_has_that_model_s_network(photos, tmp_path, user_home):
    spec = unet(3, 3, levels=2, width=4, norm="none", bias="all", output="residual")
    model = write_small_model(tmp_path / "start.safetensors", small_card(spec=spec))
    run = tmp_path / "run"
    assert app.run(init_run(photos, run, model, "crop_size=64", "steps=3")) == 0
    config = TrainConfig.from_json((run / "run.json").read_text())
    assert (config.generator, config.init_model) == (spec, str(model))
    assert (config.task, config.steps, config.crop_size) == ("pairs", 3, 64)
    other = write_small_model(tmp_path / "grey.safetensors", small_card(spec=unet(1, 3, levels=2, width=4), encoding_in="grey8"))
    assert app.run(init_run(photos, tmp_path / "second", other, "encoding_in=grey8")) == 0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["encoding_in=grey8"], "turns 3 channels into 3, and this run needs 1 into 3"),
        (["ngf=8", "generator.skips=false"], "so leave out ngf, generator.skips"),
        (["crop_size=66"], "crop_size must be a multiple of 4 for this network, not 66"),
    ],
)
def test_a_model_that_cannot_be_the_start_is_refused_before_a_folder_is_made(photos, tmp_path, user_home, capfd, values, said):
    model = write_small_model(tmp_path / "start.safetensors", small_card(spec=unet(3, 3, levels=2, width=4)))
    assert app.run(init_run(photos, tmp_path / "run", model, *values)) != 0
    assert said in capfd.readouterr().err
    assert not (tmp_path / "run").exists()
