"""What a person is told when a file of a run cannot be written."""

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from training.contract.errors import CheckpointError

FULL = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def writing(what: str, folder: Path) -> Iterator[None]:
    """Make the OSError of a block that writes `what` to `folder` a CheckpointError, which says what to do."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(not_written(what, folder, error)) from error


def not_written(what: str, folder: Path, error: BaseException) -> str:
    """The sentence for a person: what could not be written, why, and what to do."""
    return (
        f"{what} could not be written to {folder}: {why_not_written(folder, error)}. "
        "What was saved before is kept. Make room there, then continue the run."
    )


def why_not_written(folder: Path, error: BaseException) -> str:
    """The reason in words, with what is free in `folder` where the disk is full."""
    cause = _cause(error)
    if cause is None:
        return str(error)
    if cause.errno not in FULL:
        return cause.strerror or str(cause)
    return f"the disk is full ({_free(folder)})"


def is_full(error: BaseException) -> bool:
    """Whether there was no space left."""
    cause = _cause(error)
    return cause is not None and cause.errno in FULL


def _cause(error: BaseException | None) -> OSError | None:
    """The system's own error. torch raises a RuntimeError about its archive while it handles that."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return error


def _free(folder: Path) -> str:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return f"{shutil.disk_usage(existing).free / 1e6:.1f} MB are free there"
