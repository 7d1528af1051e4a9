"""`p2p-desktop models`: list, show, add, import, export, remove, compile."""

from math import prod
from pathlib import Path
from typing import Annotated, Any

import typer

from p2p_desktop.cli.export import export_command
from p2p_desktop.cli.output import print_json
from p2p_desktop.cli.surroundings import Surroundings
from p2p_desktop.models.library import Model
from p2p_desktop.models.reference_import import TRAINED_SIZE, Request, SeveralGenerators, import_reference
from training.contract.model_file import ModelCard, check_length, file_digest, read_card, read_tensor_infos

app = typer.Typer(help="The models at hand.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON lines.")]


@app.command("list")
def list_command(json: Json = False) -> None:
    """List the models that came with the program and those that were added."""
    models = Surroundings.find().library.models()
    if json:
        for model in models:
            print_json(_row(model))
        return
    if not models:
        print("There are no models.")
        return
    width = max(len(model.name) for model in models)
    for model in models:
        what = f"{model.card.task}, {_gain(model.card)}" if model.card else f"cannot be used: {model.problem}"
        print(f"{model.name:<{width}}  {model.origin:<7}  {what}")


@app.command("show")
def show_command(name: Annotated[str, typer.Argument(help="A model's name, or its file.")], json: Json = False) -> None:
    """Show what a model says of itself."""
    path = Surroundings.find().library.find(name)
    card = read_card(path)
    check_length(path)
    infos = read_tensor_infos(path)
    parameters = sum(prod(info.shape) for key, info in infos.items() if not key.endswith("num_batches_tracked"))
    if json:
        print_json(_card_data(card) | {"path": str(path), "bytes": path.stat().st_size, "parameters": parameters})
        return
    rule = card.size_rule
    sizes = "any size, as it is" if rule.mode == "native" else f"any size, fitted to {rule.size} pixels"
    print(f"{card.name}: {card.task}")
    print(f"file         {path} ({path.stat().st_size / 1e6:.1f} MB)")
    print(f"network      {card.generator.kind}, {parameters:,} parameters, {card.encoding_in} to {card.encoding_out}")
    print(f"pictures     {sizes}; statistics: {card.statistics}")
    for key, value in card.provenance.items():
        if value not in ("", None):
            print(f"{key:<12} {value}")
    for key, value in card.metrics.items():
        print(f"held out     {key} {value:.4g}, doing nothing {card.identity.get(key, float('nan')):.4g}")


@app.command("add")
def add_command(file: Annotated[Path, typer.Argument(help="A model file (.safetensors).")], json: Json = False) -> None:
    """Copy a model file into the library."""
    addition = Surroundings.find().library.add_or_find(file)
    name = addition.path.stem
    if json:
        print_json({"type": "added", "name": name, "path": str(addition.path), "new": addition.is_new})
    else:
        print(f"Added as {name}." if addition.is_new else f"You already have this model: {name}.")


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="A generator's weights of the reference PyTorch program (.pth).")],
    name: Annotated[str, typer.Option(help="Name of the model; the file's without.")] = "",
    part: Annotated[str, typer.Option(help="Which generator, if the file holds several.")] = "",
    skip_order: Annotated[
        str, typer.Option(help="skip-first, or decoder-first for files from before September 2017.")
    ] = "skip-first",
    direction: Annotated[str, typer.Option(help="AtoB or BtoA: what it was trained to do.")] = "AtoB",
    size: Annotated[
        int, typer.Option(help="Pixels of the training pictures; 0: translate pictures at their own size.")
    ] = TRAINED_SIZE,
    json: Json = False,
) -> None:
    """Make a model of a file of the reference pix2pix and CycleGAN program. No code in the file is run."""
    request = Request.of_words(name=name, part=part, skip_order=skip_order, direction=direction, size=size)
    try:
        imported = import_reference(file, Surroundings.find().library, request)
    except SeveralGenerators as error:
        if json:  # for a program that can ask which
            print_json({"type": "several_generators", "parts": list(error.parts)})
        raise
    if json:
        print_json(
            {
                "type": "imported",
                "name": imported.path.stem,
                "path": str(imported.path),
                "recognised": imported.recognised,
                "assumed": list(imported.assumed),
            }
            | {"generator": imported.card.generator.to_json()}
        )
        return
    print(f"Imported as {imported.path.stem}: {imported.recognised}.")
    for sentence in imported.assumed:
        print(f"Assumed: {sentence}")


app.command("export")(export_command)


@app.command("remove")
def remove_command(name: Annotated[str, typer.Argument(help="The name of an added model.")], json: Json = False) -> None:
    """Move a model out of the library. Its file is kept in the data folder."""
    path = Surroundings.find().library.remove(name)
    if json:
        print_json({"type": "removed", "name": name, "path": str(path)})
    else:
        print(f"Removed {name}. Its file is now {path}")


@app.command("compile")
def compile_command(
    name: Annotated[str, typer.Argument(help="A model's name, or its file.")],
    statistics: Annotated[str, typer.Option(help="auto, image or running.")] = "auto",
    json: Json = False,
) -> None:
    """Convert a model for OpenVINO ahead of time, which a first conversion would otherwise do."""
    from p2p_desktop.inference.openvino_runtime import convert_network  # heavy: only where it is used
    from p2p_desktop.inference.translator import resolve_statistics, statistics_choice

    here = Surroundings.find()
    path = here.library.find(name)
    card = read_card(path)
    chosen = resolve_statistics(card, statistics_choice(statistics))
    folder = convert_network(path, file_digest(path), chosen, here.paths.cache)
    if json:
        print_json({"type": "compiled", "name": card.name, "path": str(folder)})
    else:
        print(f"{card.name} is ready in {folder}")


def _row(model: Model) -> dict[str, Any]:  # Any: JSON
    row: dict[str, Any] = {"name": model.name, "origin": model.origin, "path": str(model.path), "problem": model.problem}
    return row | (_card_data(model.card) if model.card else {}) | {"name": model.name}


def _card_data(card: ModelCard) -> dict[str, Any]:  # Any: JSON
    return {
        "name": card.name,
        "task": card.task,
        "encoding_in": card.encoding_in,
        "encoding_out": card.encoding_out,
        "statistics": card.statistics,
        "size_rule": {"mode": card.size_rule.mode, "size": card.size_rule.size, "multiple": card.size_rule.multiple},
        "direction": card.direction,
        "generator": card.generator.to_json(),
        "provenance": card.provenance,
        "metrics": card.metrics,
        "identity": card.identity,
    }


def _gain(card: ModelCard) -> str:
    for key, value in card.metrics.items():
        if key in card.identity:
            return f"held-out {key} {value:.4g} (doing nothing: {card.identity[key]:.4g})"
    return "not measured"
