"""`p2p-desktop pairs`: check what a folder holds, make pairs of photographs, show what a network would see."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID

from p2p_desktop.cli.output import one_line
from p2p_desktop.cli.trainer import ask_trainer
from training.contract.config import TrainConfig, recommended
from training.contract.errors import ConfigError, PairingError
from training.contract.model_file import read_card
from training.contract.tasks import TASKS

EXIT_FINDINGS = 3  # design 3.5
MOST_TOLD = 20  # findings of one kind that are printed; --json has them all

app = typer.Typer(help="Check, make and show training pairs.", no_args_is_help=True)

Task = Annotated[str, typer.Option(help=f"What is to be learned: {', '.join(TASKS)}.")]
Settings = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one setting of the training.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON lines.")]


@app.command("check")
def check_command(
    data: Annotated[Path, typer.Argument(help="Folder of pairs.")], task: Task = "pairs", set_: Settings = None, json: Json = False
) -> int:
    """Say what is wrong with pairs: unmatched, damaged, of two sizes, repeated, shifted, badly measured."""
    told: list[dict[str, Any]] = []  # Any: JSON
    ask_trainer("check-pairs", {"config": _described(task, data, set_)}, json, _keep_result(told))
    (result,) = told
    if not json:
        _print_findings(result)
    return EXIT_FINDINGS if result["findings"] else 0


@app.command("make")
def make_command(
    photos: Annotated[Path, typer.Argument(help="Folder of photographs, or of depth maps.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for what is made.")],
    task: Task,
    count: Annotated[int, typer.Option(help="How many; 0: all.")] = 0,
    set_: Settings = None,
    json: Json = False,
) -> int:
    """Write the pairs that a task makes, to look at or to train on."""
    told: list[dict[str, Any]] = []  # Any: JSON
    left_out: list[str] = []
    request = {"config": _described(task, photos, set_), "out": str(_new_folder(out)), "count": count}
    ask_trainer("make-pairs", request, json, _keep_result(told, left_out))
    if not json:
        *others, last = told[0]["folders"] or ["input"]
        print(f"{told[0]['pairs']} pairs are in {told[0]['out']}, their folders are {', '.join(others)} and {last}.")
    return EXIT_FINDINGS if left_out else 0


@app.command("show")
def show_command(
    data: Annotated[Path, typer.Argument(help="Folder of pairs, or of photographs.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the pictures.")],
    task: Task = "pairs",
    count: Annotated[int, typer.Option(help="How many.")] = 8,
    set_: Settings = None,
    json: Json = False,
) -> int:
    """Write pictures of input and target as the network will see them: cropped, mirrored, jittered."""
    told: list[dict[str, Any]] = []  # Any: JSON
    request = {"config": _described(task, data, set_), "out": str(_new_folder(out)), "count": count}
    ask_trainer("show-pairs", request, json, _keep_result(told))
    if not json:
        print(f"{len(told[0]['shown'])} pictures are in {told[0]['out']}.")
    return 0


_PATHS = ("data_b", "init_model")  # keys of a config, beside data


def configured(task: str, data: Path, preset: str, settings: list[str] | None, init: Path | None = None) -> TrainConfig:
    """A task's recipe with changes as they stand on a command line. `init`: a model file, whose network the run then trains.

    Raises ConfigError, PairingError, ModelError.
    """
    if not data.is_dir():  # said before a folder is made for anything
        raise PairingError(f"The folder {data} does not exist. Choose the folder that holds the pictures.")
    changes = {}
    for setting in settings or []:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError(f"--set takes KEY=VALUE, not {setting!r}.")
        is_path = key in _PATHS and value not in ("", "null")
        changes[key] = str(Path(value).absolute()) if is_path else value  # a run goes on from wherever it is told to
    recipe = recommended(task, data.absolute(), preset)
    if init is None:
        return recipe.changed(changes)
    return recipe.changed(changes | {"init_model": str(init.absolute())}, read_card(init).generator)


def _described(task: str, data: Path, settings: list[str] | None) -> dict[str, Any]:  # Any: JSON
    config: dict[str, Any] = configured(task, data, "balanced", settings).to_dict()
    return config


def _new_folder(out: Path) -> Path:
    """Raises PairingError for a folder that holds something: what is made must not mix with it."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise PairingError(f"{out} holds something already. Choose an empty or a new folder.")
    return out.absolute()


def _keep_result(told: list[dict[str, Any]], left_out: list[str] | None = None) -> Any:  # Any: JSON; a cli.trainer.Hear
    def hear(event: dict[str, Any], progress: Progress, bar: TaskID) -> None:  # Any: JSON
        match event.get("type"):
            case "progress":
                progress.update(bar, completed=event["done"], total=event["total"], description=event["what"])
            case "result":
                told.append(event["data"])
            case "warning":
                if left_out is not None:
                    left_out.append(str(event["message"]))
                progress.console.print(one_line(event["message"]), highlight=False, markup=False)

    return hear


def _print_findings(result: dict[str, Any]) -> None:  # Any: JSON
    pairs, sides = result["pairs"], result["sides"]
    how = {"folders": f"two folders, {sides[0]} and {sides[1]}", "strips": "pictures A|B", "photos": "photographs"}[
        result["layout"]
    ]
    by = "as its folders say" if result["split_by"] == "owner" else "a tenth held out by content"
    print(f"{pairs['train'] + pairs['val']} pairs in {how}: {pairs['train']} to train, {pairs['val']} to measure ({by}).")
    counts = Counter(finding["code"] for finding in result["findings"])
    for code, count in counts.items():
        print(f"\n{code}: {count}")
        for finding in [finding for finding in result["findings"] if finding["code"] == code][:MOST_TOLD]:
            print(f"  {one_line(finding['message'])}")
        if count > MOST_TOLD:
            print(f"  and {count - MOST_TOLD} more; --json has them all")
    if not counts:
        print("Nothing is wrong with them.")
