"""`p2p-desktop models export`: a model as an ONNX or OpenVINO file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from p2p_desktop.cli.output import make_progress, print_json
from p2p_desktop.cli.stopping import stoppable
from p2p_desktop.cli.surroundings import Surroundings
from p2p_desktop.paths import resources
from training.contract.errors import ConfigError
from training.contract.progress import Cancelled

if TYPE_CHECKING:
    from p2p_desktop.inference.export import Exported


def export_command(
    name: Annotated[str, typer.Argument(help="A model's name, or its file.")],
    to: Annotated[str, typer.Option(help="onnx or openvino.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file: .onnx, or .xml, which gets a .bin beside it.")],
    statistics: Annotated[str, typer.Option(help="auto (the model's own choice), image or running.")] = "auto",
    existing: Annotated[str, typer.Option(help="stop or overwrite, where such a file exists already.")] = "stop",
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> int:
    """Write a model for other programs, and compare what it gives with torch on real pictures before the file gets its name."""
    from p2p_desktop.inference.export import ExportOrder, export_format, export_model  # OpenCV: only where it is used
    from p2p_desktop.inference.export_check import Progress
    from p2p_desktop.inference.translator import statistics_choice

    if existing not in ("stop", "overwrite"):
        raise ConfigError(f"--existing takes stop or overwrite, not {existing!r}.")
    order = ExportOrder(
        model=Surroundings.find().library.find(name),
        format=export_format(to),
        target=out.absolute(),
        statistics=statistics_choice(statistics),
        overwrite=existing == "overwrite",
    )
    pictures = sorted((resources() / "examples").glob("*.jpg"))
    with stoppable() as token, make_progress(not json) as progress:
        bar = progress.add_task("writing", total=None)

        def report(event: Progress) -> None:
            progress.update(bar, completed=event.done, total=event.total, description=event.what)
            if json:
                print_json({"type": "progress", "done": event.done, "total": event.total, "what": event.what})

        try:
            exported = export_model(order, pictures, report, token)
        except Cancelled:  # by a signal, which `stoppable` turns into the exit code
            return 0
    if json:
        print_json(_event(order.model.stem, to, exported))
    else:
        _print(order.model.stem, to, exported)
    return 0


def _event(name: str, format_: str, exported: "Exported") -> dict[str, Any]:  # Any: JSON
    comparison = exported.comparison
    return {
        "type": "exported",
        "name": name,
        "format": format_,
        "path": str(exported.files[0]),
        "files": [str(file) for file in exported.files],
        "bytes": exported.num_bytes,
        "about": exported.about,
        "compared": {
            "pictures": comparison.num_pictures,
            "sizes": [list(size) for size in comparison.sizes],
            "worst_grey_levels": comparison.worst,
        },
    }


def _print(name: str, format_: str, exported: "Exported") -> None:
    about, comparison = exported.about, exported.comparison
    sizes = " and ".join(f"{width} x {height}" for height, width in comparison.sizes)
    print(f"{name} is exported for {format_}: {' and '.join(map(str, exported.files))} ({exported.num_bytes / 1e6:.1f} MB).")
    print(
        f"compared     with torch on {comparison.num_pictures} pictures at {sizes} pixels: "
        f"at most {comparison.worst:.4f} grey levels of 255 apart"
    )
    print(f"input        {about['input']}")
    print(f"output       {about['output']}")
    print(f"sizes        height and width are multiples of {about['multiple']}, {about['smallest_side']} or more; any batch")
    print(f"statistics   {about['statistics']}")
    print(f"licence      {about.get('licence', 'not known')}")
