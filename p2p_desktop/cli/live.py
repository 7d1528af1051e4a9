"""`p2p-desktop live`: a camera, a video or a stream, translated as it comes, without a window."""

import sys
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from p2p_desktop.cli.output import one_line, print_json
from p2p_desktop.cli.stopping import stoppable
from p2p_desktop.cli.surroundings import Surroundings
from p2p_desktop.inference.device import choose_compute, runtime_choice
from p2p_desktop.inference.translator import Translator, default_memory_budget, statistics_choice
from p2p_desktop.live.capture import CameraLost, CameraOpened, CameraSilent, CaptureEvent, SizeKnown
from p2p_desktop.live.frame_translator import check_takes_frames
from p2p_desktop.live.frames import Shown
from p2p_desktop.live.mp4_writer import RecordingError
from p2p_desktop.live.recorder import Recorded, Recorder
from p2p_desktop.live.screen import for_screen
from p2p_desktop.live.session import LiveSummary, watch
from p2p_desktop.live.sources import Address, Source, VideoFile, is_file, open_source, source_of
from p2p_desktop.live.wishes import LiveWishes
from training.contract.encodings import encoding_named
from training.contract.model_file import read_card

EXIT_FINDINGS = 3
RECORDED_FPS = 30.0  # of the file; what comes faster or slower is left out or repeated, so that it plays in true time


def live_command(
    camera: Annotated[str, typer.Option("--camera", help="A camera's number or name, a video file, or a stream's address.")],
    model: Annotated[str, typer.Option("--model", "-m", help="A model's name, or its file.")],
    frames: Annotated[int | None, typer.Option(min=1, help="End after so many frames; a video then begins again.")] = None,
    record: Annotated[Path | None, typer.Option(help="Write the result as this .mp4, in true time.")] = None,
    size: Annotated[int, typer.Option(min=0, help="Pixels of the long side at which the model works; 0 for what suits it.")] = 0,
    hold: Annotated[float, typer.Option(min=0, help="Frames a second for which the size is lowered; 0 for none.")] = 0.0,
    strength: Annotated[float, typer.Option(min=0, max=1, help="0 is the source, 1 the translation.")] = 1.0,
    blend: Annotated[float, typer.Option(min=0, max=0.95, help="How much of the frame before stays where all is still.")] = 0.0,
    mirror: Annotated[bool, typer.Option("--mirror", help="As in a mirror, for a camera that faces you.")] = False,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = None,
    runtime: Annotated[str | None, typer.Option(help="auto, torch or openvino.")] = None,
    statistics: Annotated[str, typer.Option(help="auto, image or running.")] = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines, and last a summary.")] = False,
) -> int:
    """Translate what a camera sees, as it comes. What the model is too slow for is left out, never delayed."""
    here = Surroundings.find()
    wishes = LiveWishes(strength=strength, side=size, hold_fps=hold, mirror=mirror, blend=blend)
    file = here.library.find(model)
    chosen = runtime_choice(runtime or here.settings.runtime)
    choose_compute(device or here.settings.device, chosen)  # a device that is not there is told before anything else
    check_takes_frames(read_card(file))
    source = _source(camera)
    recorder = None if record is None else Recorder(record.absolute(), fps=RECORDED_FPS)
    with stoppable() as token:
        try:
            translator = Translator.load(
                file,
                device=device or here.settings.device,
                runtime=chosen,
                statistics=statistics_choice(statistics),
                memory_budget=here.settings.memory_budget or default_memory_budget(),
                cache=here.paths.cache,
                threads=here.settings.threads,
                follows=True,
            )
            depth = translator.card.depth if encoding_named(translator.card.encoding_out).is_depth else None

            def show(shown: Shown) -> None:
                if recorder is not None and shown.result is not None:
                    recorder.put(for_screen(shown.result, depth), time.monotonic())

            opened = partial(open_source, source, loops=frames is not None)
            reporter = _Reporter(source, json)
            summary = watch(opened, translator, wishes, show=show, frames=frames, report=reporter, token=token)
        except BaseException:
            _ended(recorder)  # what there is of it is kept, and why the rest is not is less than what happened
            raise
        recorded, problem = _ended(recorder)
        _say(summary, recorded, json)
        if problem is not None:
            raise problem
    return EXIT_FINDINGS if summary.lost or (recorded is not None and recorded.why) else 0


def _ended(recorder: Recorder | None) -> tuple[Recorded | None, RecordingError | None]:
    """How a recording ended: as it should, or with nothing to keep."""
    try:
        return (None if recorder is None else recorder.stop()), None
    except RecordingError as error:
        return None, error


def _source(text: str) -> Source:
    """Cameras are asked for only where one may be meant: listing them takes a while."""
    if "://" in text:
        return Address(text)
    if is_file(text) and not text.isdecimal():
        return VideoFile(Path(text))
    from p2p_desktop.live.known_cameras import known_cameras

    return source_of(text, known_cameras())


class _Reporter:
    """Tells what the camera does."""

    def __init__(self, source: Source, json: bool) -> None:
        self._title, self._json = one_line(source.title), json

    def __call__(self, event: CaptureEvent) -> None:
        match event:
            case SizeKnown():
                self._tell({"state": "sends", "width": event.width, "height": event.height}, f"{event.width} x {event.height}")
            case CameraSilent():
                self._tell({"state": "silent"}, f"nothing for {event.seconds:.0f} s")
            case CameraLost():
                self._tell({"state": "lost", "reason": event.sentence}, event.sentence)
            case CameraOpened():
                pass  # its first frame says more

    def _tell(self, data: dict[str, Any], words: str) -> None:  # Any: JSON
        if self._json:
            print_json({"type": "camera", "camera": self._title} | data)
        else:
            print(f"{self._title}: {words}", file=sys.stderr)


def _say(summary: LiveSummary, recorded: Recorded | None, json: bool) -> None:
    figures = summary.figures
    if json:
        print_json(
            {
                "type": "summary",
                "frames_in": figures.frames_in,
                "frames_out": figures.frames_out,
                "dropped": figures.dropped,
                "fps": round(summary.fps, 3),
                "latency_ms_p50": round(figures.latency_ms_p50, 2),
                "latency_ms_p95": round(figures.latency_ms_p95, 2),
                "model_ms": round(figures.model_ms, 2),
                "device": summary.device,
                "runtime": summary.runtime,
                "size": list(summary.size),
                "lost": summary.lost,
                "recording": None if recorded is None else _recording(recorded),
            }
        )
        return
    width, height = summary.size
    print(
        f"{figures.frames_out} frames out of {figures.frames_in}, {summary.fps:.1f} a second at {width} x {height} "
        f"on {summary.device}, {summary.runtime}. Delay: {figures.latency_ms_p50:.0f} ms, "
        f"{figures.latency_ms_p95:.0f} ms for the slowest in twenty; the model takes {figures.model_ms:.0f} ms."
    )
    if recorded is not None and recorded.path is not None:
        print(f"Recorded {recorded.seconds:.1f} s as {one_line(str(recorded.path))}; {recorded.dropped} frames were left out.")
    for sentence in (summary.lost, recorded.why if recorded is not None else ""):
        if sentence:
            print(sentence, file=sys.stderr)


def _recording(recorded: Recorded) -> dict[str, Any]:  # Any: JSON
    return {
        "file": str(recorded.path) if recorded.path else None,
        "seconds": round(recorded.seconds, 3),
        "frames": recorded.frames,
        "dropped": recorded.dropped,
        "why": recorded.why,
    }
