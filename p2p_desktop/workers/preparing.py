"""Models for OpenVINO, converted by a child process: so the window's process never imports torch."""

from collections.abc import Callable
from pathlib import Path

from p2p_desktop import child
from p2p_desktop.workers.child_answer import ask_child
from training.contract.errors import ModelError, P2PError
from training.contract.progress import Token
from training.contract.spec import Statistics


def convert_in_child(
    model: Path, statistics: Statistics, cache: Path, token: Token, *, on_begin: Callable[[], None] = lambda: None
) -> None:
    """Convert a model for this computer unless that was done before. Takes seconds; called in a worker thread.

    `on_begin` is called if there is something to do.
    Raises ModelError with the child's sentence; Cancelled, after ending the child.
    """
    from p2p_desktop.inference.openvino_runtime import is_converted  # imports openvino, which takes a while
    from training.contract.model_file import file_digest

    if is_converted(file_digest(model), statistics, cache):
        return
    on_begin()
    try:
        ask_child(child.own_command("models", "compile", str(model), "--statistics", statistics), token)
    except P2PError as error:
        raise ModelError(f"The model {model.stem} could not be made ready for this computer. {error}") from error
