"""`p2p-desktop train`: start or continue a training run and tell how it goes."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from p2p_desktop.child import json_lines, start, trainer_command
from p2p_desktop.cli.output import make_progress, print_json
from p2p_desktop.cli.stopping import Interrupted
from p2p_desktop.cli.surroundings import Surroundings
from p2p_desktop.runs.run_folder import TrainerError, create_run, find_run
from training.contract.config import TrainConfig, recommended
from training.contract.errors import ConfigError
from training.contract.protocol import LOG, write_order
from training.contract.tasks import TASKS

LOG_TAIL_LINES = 5


def train_command(
    task: Annotated[str | None, typer.Option(help=f"What to learn: {', '.join(TASKS)}.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of pictures.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the new run.")] = None,
    preset: Annotated[str, typer.Option(help="quick, balanced, thorough, or a network's name.")] = "balanced",
    init: Annotated[str | None, typer.Option(help="A model to start from.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one setting.")] = None,
    config: Annotated[Path | None, typer.Option(help="A run.json: start or continue the run in its folder.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of a run to continue.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the trainer's events as JSON lines.")] = False,
) -> int:
    """Train a model in a process of its own. Ctrl+C saves and stops; --resume goes on."""
    if resume is not None:
        path = find_run(resume.absolute())
    elif config is not None:
        path = find_run(config.absolute().parent)
    else:
        if task is None or data is None or out is None:
            raise ConfigError("Give --task, --data and --out for a new run, or --resume with the folder of an old one.")
        path = create_run(_request(task, data, preset, init, set_ or []), out.absolute())
    return follow_trainer(path, json)


def _request(task: str, data: Path, preset: str, init: str | None, changes: list[str]) -> TrainConfig:
    request = recommended(task, data.absolute(), preset)
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals:
            raise ConfigError(f"--set takes KEY=VALUE, not {change!r}.")
        request = request.changed(key, value)
    if init is not None:
        request = request.changed("init_model", str(Surroundings.find().library.find(init).absolute()))
    return request


def follow_trainer(config: Path, json: bool) -> int:
    """Run the trainer and print its events until it ends. Raises TrainerError if it failed, Interrupted after a signal."""
    run = config.parent
    with (run / LOG).open("ab") as log:
        process = start(trainer_command("run", config, "--stop-with-parent"), stdin=subprocess.PIPE, stderr=log)
    received = _pass_signals_on(process, run)
    last: dict[str, Any] = {}  # Any: JSON
    with make_progress(not json) as progress:
        bar = progress.add_task("training", total=None)
        for event in json_lines(process):
            last = event
            if json:
                print_json(event)
                continue
            if event.get("type") == "started":
                progress.update(bar, total=event["steps"], completed=event["step"])
            elif event.get("type") == "step":
                losses = " ".join(f"{name} {value:.3f}" for name, value in event["losses"].items() if value)
                progress.update(bar, completed=event["step"], description=losses)
            else:
                for line in _sentences(event):
                    progress.console.print(line, highlight=False, markup=False)
    code = process.wait()
    if received:
        raise Interrupted(received[0])
    if last.get("type") == "failed":
        raise TrainerError(str(last["message"]))
    if code != 0 or last.get("type") not in ("finished", "stopped"):
        tail = " ".join((run / LOG).read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:])
        raise TrainerError(f"The trainer ended unexpectedly with code {code}. Its last words: {tail or 'none'}")
    if not json:
        print(last["message"] + (f" The model is {run / last['model']}" if last.get("model") else ""))
    return 0


def _sentences(event: dict[str, Any]) -> Iterator[str]:  # Any: JSON
    match event.get("type"):
        case "validation":
            for name, value in event["metrics"].items():
                mark = ", the best so far" if event["best"] else ""
                yield f"step {event['step']}: {name} {value:.4g}, doing nothing {event['identity'][name]:.4g}{mark}"
        case "warning" | "answered":
            yield str(event["message"])


def _pass_signals_on(process: "subprocess.Popen[bytes]", run: Path) -> list[int]:
    """Turn the first signal into an order to stop, the second into the trainer's death. Gives the signals received."""
    received: list[int] = []

    def handle(number: int, _frame: object) -> None:
        received.append(number)
        if len(received) > 1:
            process.kill()
        else:
            write_order(run, "stop")

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
    return received
