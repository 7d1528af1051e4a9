"""`p2p-desktop train`: start or continue a training run and tell how it goes."""

import subprocess
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID

from p2p_desktop.child import json_lines, start, trainer_command
from p2p_desktop.cli.output import make_progress, print_json
from p2p_desktop.cli.pairs import configured
from p2p_desktop.cli.stopping import Interrupted
from p2p_desktop.cli.surroundings import Surroundings
from p2p_desktop.cli.trainer import end_stdin, kill, last_words, passing_signals_on, with_absolute_paths
from p2p_desktop.paths import user_paths
from p2p_desktop.runs.run_folder import TrainerError, create_run, find_run
from p2p_desktop.runs.run_register import RunRegister
from training.contract.errors import ConfigError
from training.contract.protocol import CONFIG, LOG, write_order
from training.contract.tasks import TASKS


def train_command(
    task: Annotated[str | None, typer.Option(help=f"What to learn: {', '.join(TASKS)}.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of pictures.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the new run.")] = None,
    preset: Annotated[str, typer.Option(help="quick, balanced, thorough, or a network's name.")] = "balanced",
    init: Annotated[str | None, typer.Option(help="A model to start from, whose network is trained on.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one setting.")] = None,
    config: Annotated[Path | None, typer.Option(help="A run.json: start or continue the run in its folder.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of a run to continue.")] = None,
    prepare: Annotated[bool, typer.Option("--prepare", help="Only make the new run's folder; torchrun can start it.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the trainer's events as JSON lines.")] = False,
) -> int:
    """Train a model in a process of its own. Ctrl+C saves and stops; --resume goes on."""
    if resume is not None or config is not None:
        if any((task, data, out, init, set_, prepare)) or (resume is not None and config is not None):
            raise ConfigError(f"--resume and --config stand alone: the run's {CONFIG} says all else. Change it there.")
        if config is not None and config.name != CONFIG:
            raise ConfigError(f"--config takes the {CONFIG} of a run's folder, not {config.name}.")
        path = find_run((resume or (config or Path()).parent).absolute())
    elif task is None or data is None or out is None:
        raise ConfigError("Give --task, --data and --out for a new run, or --resume with the folder of an old one.")
    else:
        start_from = Surroundings.find().library.find(init).absolute() if init is not None else None
        path = create_run(configured(task, data, preset, set_, start_from), out.absolute())
    _note(path.parent)
    if prepare:
        if json:
            print_json({"type": "prepared", "config": str(path)})
        else:
            print(path)
        return 0
    return follow_trainer(path, json)


def _note(run: Path) -> None:
    """Let the window list a run that lies anywhere."""
    RunRegister(user_paths().known_runs).add(run)


def follow_trainer(config: Path, json: bool) -> int:
    """Run the trainer and print its events until it ends. Raises TrainerError if it failed, Interrupted after a signal."""
    run = config.parent
    children: list[subprocess.Popen[bytes]] = []  # a signal may come before there is one: the order waits for it
    last: dict[str, Any] = {}  # Any: JSON
    with passing_signals_on(lambda: _order_stop(run, children), lambda: kill(children)) as received:
        with _start(config) as child, make_progress(not json) as progress:
            children.append(child)
            bar = progress.add_task("training", total=None)
            for event in json_lines(child):
                last = event
                if json:
                    print_json(with_absolute_paths(event, run))
                else:
                    _show(event, progress, bar)
        code = child.returncode
    ending = last.get("type")
    if ending == "failed":
        raise TrainerError(str(last["message"]))
    if not json and ending in ("finished", "stopped"):
        print(last["message"] + (f" The model is {run / last['model']}" if last.get("model") else ""))
    if received:
        raise Interrupted(received[0])
    if code != 0 or ending not in ("finished", "stopped"):
        raise TrainerError(f"The trainer ended unexpectedly with code {code}. Its last words: {last_words(run / LOG)}")
    return 0


def _start(config: Path) -> "subprocess.Popen[bytes]":
    try:
        with (config.parent / LOG).open("ab") as log:
            return start(trainer_command("run", config, "--stop-with-parent"), stdin=subprocess.PIPE, stderr=log)
    except OSError as error:
        raise TrainerError(f"The trainer of {config.parent} could not be started: {error}.") from error


def _order_stop(run: Path, children: "list[subprocess.Popen[bytes]]") -> None:
    try:
        write_order(run, "stop")
    except OSError:  # a full disk takes no orders
        end_stdin(children)


def _show(event: dict[str, Any], progress: Progress, bar: TaskID) -> None:  # Any: JSON
    match event.get("type"):
        case "started":
            progress.update(bar, total=event["steps"], completed=event["step"])
        case "step":
            losses = " ".join(f"{name} {value:.3f}" for name, value in event["losses"].items() if value)
            progress.update(bar, completed=event["step"], description=losses)
        case "validation":
            mark = ", the best so far" if event["best"] else ""
            for name, value in event["metrics"].items():
                line = f"step {event['step']}: {name} {value:.4g}, doing nothing {event['identity'][name]:.4g}{mark}"
                progress.console.print(line, highlight=False, markup=False)
        case "warning" | "answered":
            progress.console.print(str(event["message"]), highlight=False, markup=False)
