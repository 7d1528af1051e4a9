"""Whether Live plays the shipped clip."""

import contextlib
from collections.abc import Sequence

from p2p_desktop.child import own_command
from p2p_desktop.cli.finding import Finding
from p2p_desktop.cli.self_test.bench import Bench, broken, remedy_after
from p2p_desktop.models.library import Library, Model
from p2p_desktop.paths import resources
from training.contract.errors import ModelError, P2PError

LIVE_FRAMES = 12


def try_live(library: Library, bench: Bench, command: Sequence[str] | None = None) -> Finding:
    """Whether frames of the shipped clip come out translated. `command` stands in for Live's, and is given the same words."""
    title = "Live does not work"
    try:
        clip, model = resources() / "clips" / "people.mp4", _for_frames(library)
    except P2PError as error:
        return broken("live", title, str(error))
    words = ("live", "--camera", str(clip), "-m", str(model.path), "--frames", str(LIVE_FRAMES), "--device", "cpu", "--json")
    ended = bench.run("live", [*command, *words] if command else own_command(*words))
    summaries = ended.lines_of("summary")
    if ended.complaint or not summaries:
        said = ended.complaint or f"It told nothing. Its last words: {ended.words}"
        return broken("live", title, said, remedy_after(ended))
    summary = summaries[-1]
    if summary["frames_out"] < LIVE_FRAMES:
        return broken("live", title, f"{summary['frames_out']} of {LIVE_FRAMES} frames came out.")
    said = f"{summary['frames_out']} frames with {model.name}, the slowest in twenty {summary['latency_ms_p95']:.0f} ms late."
    return Finding("test live", "ok", "Live works", said)


def _for_frames(library: Library) -> Model:
    """The first shipped one that takes what cameras give. Raises ModelError."""
    from p2p_desktop.live.frame_translator import check_takes_frames  # OpenCV: only here

    for model in library.models():
        with contextlib.suppress(ModelError):
            if model.origin == "shipped" and model.card is not None:
                check_takes_frames(model.card)
                return model
    raise ModelError("No model came with the program that takes a camera's frames.")
