"""P2P Desktop: learns and applies paired image-to-image translation on your own computer.

The map. A picture walks: cli.convert, or ui.convert_page and workers.conversion -> convert.request -> convert.job (plan, then
pipeline) -> inference.translator -> a runtime -> back through the pipeline's writers -> convert.journal. From Python it takes the
short way: `load(...)` gives that translator. A frame: a camera -> live.capture -> live.translating -> ui.live_page.

    ui/         the window: a page a file, and small widgets that show state and ask
    workers/    threads of the window (QtCore only): they run the functions that the command line runs
    cli/        a file a command; no Qt
    convert/    folders: plan, bounded pipeline, journal, atomic outputs
    live/       cameras: the newest frame to the translator, a size that holds the rate, recordings
    inference/  pictures: device, runtimes, tiles, memory; models as files for other programs
    models/     the model files at hand; those of other programs, made ours
    runs/       training runs, met only through their folders: made, read, judged, listed, compared
    paths, settings, logs, child, placing, temporaries, owner   what everything above is given

What trainer and app agree on lies in training.contract: model files, networks, encodings, pictures, errors.
"""

from typing import TYPE_CHECKING

from training.contract.version import __version__

if TYPE_CHECKING:
    from p2p_desktop.inference.translator import Translator

__all__ = ["__version__", "load"]


def load(name_or_path: str, *, device: str | None = None, runtime: str | None = None) -> "Translator":
    """Load a model by its name or its file's path: `load("deblur")(rgb)` does what `convert` does to one picture.

    rgb: uint8 or uint16 [H, W, 3] RGB or [H, W] grey, any size. `device` and `runtime` None: as in the user's settings. Raises
    ModelError, ConfigError. Close the translator, or use it as a context manager, to free its memory.
    """
    from p2p_desktop.inference.device import runtime_choice  # here, so that importing the package costs nothing
    from p2p_desktop.inference.translator import Translator
    from p2p_desktop.models.library import Library
    from p2p_desktop.paths import resources, user_paths
    from p2p_desktop.settings import Settings

    paths = user_paths()
    settings = Settings.read(paths.settings)
    library = Library(resources() / "models", paths.models_in(settings.models_folder), paths.removed)
    return Translator.load(
        library.find(name_or_path),
        device=device or settings.device,
        runtime=runtime_choice(runtime or settings.runtime),
        memory_budget=settings.memory_budget,
        cache=paths.cache,
        threads=settings.threads,
    )
