"""Records the run in tests/data/run: a real trainer on a few drawn pictures, ordered about, stopped, and continued to its end.

    python -m tests.training.record_run

Record it anew when the protocol says more. Nothing in it depends on this computer but times and the last digits of losses.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.training.runs import ROOT, environment, events, tiny_config, wait_for_steps, wait_until, write_photos, write_request
from training.contract.protocol import CONFIG, EVENTS, write_order

TARGET = ROOT / "tests" / "data" / "run"
WHEN_STOPPED = "events-when-stopped.jsonl"
STEPS, STOPPED_AFTER, PACE = 150, 50, 10
RESTLESS = {"learning_rate": 5e-3, "ema": 0.0}  # so that not every measurement is the best


def start(run: Path) -> subprocess.Popen[bytes]:
    """Among the pictures, so that the config names them without the places of this computer."""
    command = [sys.executable, "-P", "-u", "-m", "training", "run", "--config", str(run / CONFIG)]
    return subprocess.Popen(command, env=environment(), cwd=run.parent, stdout=subprocess.DEVNULL)


def ordered(run: Path, name: str) -> None:
    order = write_order(run, name)
    wait_until(lambda: order in {event["id"] for event in events(run, "answered")}, name)


def record(folder: Path) -> Path:
    photos = write_photos(folder / "photos", 12)
    (photos / "photo-3.png").write_bytes((photos / "photo-3.png").read_bytes()[:100])  # something to warn of
    run = folder / "run"
    config = tiny_config("photos", steps=STEPS, validate_every=PACE, sample_every=PACE, checkpoint_every=PACE, **RESTLESS)
    write_request(run, config)
    trainer = start(run)
    wait_for_steps(run)
    for name in ("pause", "preview", "snapshot", "resume"):
        ordered(run, name)
    wait_for_steps(run, STOPPED_AFTER)
    write_order(run, "stop")
    trainer.wait()
    shutil.copy(run / EVENTS, run / WHEN_STOPPED)
    start(run).wait()
    return run


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = record(Path(folder))
        TARGET.mkdir(exist_ok=True)
        for name in (CONFIG, EVENTS, WHEN_STOPPED):
            shutil.copy(run / name, TARGET / name)


if __name__ == "__main__":
    main()
