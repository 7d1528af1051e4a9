"""`p2p-desktop convert`: pictures and folders in, the same translated out."""

import os
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from p2p_desktop.cli.output import make_progress, one_line, print_json
from p2p_desktop.cli.stopping import stoppable
from p2p_desktop.cli.surroundings import Surroundings
from p2p_desktop.convert.events import ConvertSettings, Event, Existing, PictureDone, Planned, Requested, Summary
from p2p_desktop.convert.plan import results_sentence
from p2p_desktop.convert.request import Part, Places, Request, run_request
from p2p_desktop.inference.device import Compute, choose_compute, runtime_choice
from p2p_desktop.inference.translator import default_memory_budget, statistics_choice
from training.contract.progress import Cancelled

EXIT_FINDINGS = 3


def convert_command(
    sources: Annotated[list[Path], typer.Argument(metavar="IN...", help="Pictures and folders.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the results; for one picture also a picture's name.")],
    model: Annotated[str, typer.Option("--model", "-m", help="A model's name, or its file.")],
    format_: Annotated[str, typer.Option("--format", help="keep, png, jpg, webp, tiff or avif.")] = "keep",
    quality: Annotated[int, typer.Option(min=1, max=100, help="For formats that lose something.")] = 95,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = None,
    runtime: Annotated[str | None, typer.Option(help="auto, torch or openvino.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, max=256, help="Pictures in flight (CPU) or per batch (GPU).")] = None,
    statistics: Annotated[str, typer.Option(help="auto, image or running.")] = "auto",
    strength: Annotated[float, typer.Option(min=0, max=1, help="0 is the source, 1 the translation.")] = 1.0,
    with_: Annotated[Path | None, typer.Option("--with", help="Folder of depths, for models that take two pictures.")] = None,
    existing: Annotated[str, typer.Option(help="auto, skip, overwrite or rename.")] = "auto",
    recurse: Annotated[bool, typer.Option("--recurse/--no-recurse", help="Whether to enter sub-folders.")] = True,
    metadata: Annotated[bool, typer.Option("--metadata/--no-metadata", help="Whether to keep EXIF, XMP and ICC.")] = True,
    variations: Annotated[int, typer.Option(min=0, help="Pictures with dropout on, made beside each result: NAME.v1.png...")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the variations: the same number gives the same ones.")] = 0,
    uncertainty: Annotated[
        bool, typer.Option("--uncertainty", help="Make NAME.uncertainty.png, too: how much variations differ.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON line for each picture, and a summary.")] = False,
) -> int:
    """Translate pictures and folders. The same command again finishes what was interrupted and skips what is done."""
    here = Surroundings.find()
    settings = ConvertSettings(
        format=cast(Requested, format_),  # checked by ConvertSettings, with a sentence
        quality=quality,
        strength=strength,
        existing=cast(Existing, existing),
        recurse=recurse,
        keep_metadata=metadata,
        partners=str(with_.absolute()) if with_ is not None else "",
        variations=variations,
        seed=seed,
        uncertainty=uncertainty,
    )
    request = Request(
        parts=(Part(tuple(sources), out),),
        model=here.library.find(model),
        settings=settings,
        device=device or here.settings.device,
        runtime=runtime_choice(runtime or here.settings.runtime),
        statistics=statistics_choice(statistics),
        batch=batch,
        threads=here.settings.threads,
    )
    compute = choose_compute(request.device, request.runtime)  # a device that is not there is told before anything else
    places = Places(here.paths.journal, here.paths.cache, here.settings.memory_budget or default_memory_budget())
    with stoppable() as token, make_progress(not json) as progress:
        reporter = _JsonReporter(compute) if json else _TextReporter(progress)
        try:
            summary = run_request(request, places, report=reporter, token=token)
        except Cancelled:  # by a signal, which `stoppable` turns into the exit code
            return 0
    return EXIT_FINDINGS if summary.failed else 0


class _JsonReporter:
    """A line a picture, and last the summary; paths absolute."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    def __call__(self, event: Event) -> None:
        match event:
            case PictureDone():
                print_json(
                    {
                        "type": "picture",
                        "source": str(event.source),
                        "output": str(event.output) if event.output else None,
                        "state": event.state,
                        "reason": event.reason,
                    }
                )
            case Summary():
                print_json(
                    {
                        "type": "summary",
                        "converted": event.converted,
                        "skipped": event.skipped,
                        "failed": event.failed,
                        "ignored": event.ignored,
                        "earlier_results": event.earlier_results,
                        "raw": event.raw,
                        "seconds": round(event.seconds, 3),
                        "pictures_per_second": round(event.pictures_per_second, 3),
                        "device": event.device or self._compute.device,
                        "runtime": event.runtime or self._compute.runtime,
                    }
                )


class _TextReporter:
    """A bar, a line for every picture that failed, and a sentence at the end."""

    def __init__(self, progress: Any) -> None:  # Any: rich's Progress, made by output.py
        self._progress = progress
        self._bar = progress.add_task("looking", total=None)

    def __call__(self, event: Event) -> None:
        match event:
            case Planned():
                self._progress.update(self._bar, total=event.total, description="converting")
            case PictureDone():
                self._progress.advance(self._bar)
                if event.state == "failed":
                    name = one_line(os.fspath(event.source))
                    self._progress.console.print(f"failed: {name}: {one_line(event.reason)}", highlight=False, markup=False)
            case Summary():
                self._say(event)

    def _say(self, summary: Summary) -> None:
        self._progress.stop()
        parts = [f"{summary.converted} converted", f"{summary.skipped} skipped", f"{summary.failed} failed"]
        if summary.ignored:
            parts.append(f"{summary.ignored} other files ignored")
        speed = f" ({summary.pictures_per_second:.1f} a second on {summary.device}, {summary.runtime})" if summary.device else ""
        print(", ".join(parts) + f" in {summary.seconds:.1f} s{speed}.")
        if summary.earlier_results:
            print(results_sentence(summary.earlier_results))
        for kind, count in sorted(summary.raw.items()):
            print(f"{count} {kind} picture{'s' if count > 1 else ''} cannot be read yet.")
