"""Where results go if nobody chose a folder: beside each source folder, under its name and a word."""

import os
from collections.abc import Sequence
from pathlib import Path

from p2p_desktop.convert.request import Part


def beside(sources: Sequence[Path], word: str) -> tuple[Part, ...]:
    """Give each folder its results in "Name word" beside it, and loose pictures theirs beside the folder that they lie in.

    Where nothing can be made beside a folder (a disk's root, another person's folder), its results go into a folder `word` within.
    Looks at the disk: call it off the GUI thread.
    """
    loose: dict[Path, list[Path]] = {}
    parts = []
    for source in dict.fromkeys(Path(os.path.abspath(source)) for source in sources):  # noqa: PTH100  links keep their names
        if source.is_dir():
            parts.append(Part((source,), _beside(source, word)))
        else:
            loose.setdefault(source.parent, []).append(source)
    parts.extend(Part(tuple(pictures), _beside(folder, word)) for folder, pictures in loose.items())
    return tuple(parts)


def _beside(folder: Path, word: str) -> Path:
    if folder.name and os.access(folder.parent, os.W_OK | os.X_OK):
        return folder.with_name(f"{folder.name} {word}")
    return folder / word
