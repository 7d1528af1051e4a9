"""Where results go if nobody chose a folder: beside each source folder, under its name and a word."""

import os
from collections.abc import Sequence
from pathlib import Path

from p2p_desktop.convert.request import Part
from p2p_desktop.convert.walk import Cover


def beside(sources: Sequence[Path], word: str, *, recurse: bool = True) -> tuple[Part, ...]:
    """Give each folder its results in "Name word" beside it, and loose pictures theirs beside the folder that they lie in.

    What lies within another of the sources, as far as that is walked, goes where that one's results go. Where nothing can be made
    beside a folder (a disk's root, another person's folder), its results go into a folder `word` within.
    Looks at the disk: call it off the GUI thread.
    """
    absolute = list(dict.fromkeys(Path(os.path.abspath(source)) for source in sources))  # noqa: PTH100  links keep their names
    folders = {source for source in absolute if source.is_dir()}
    cover = Cover(folders, recurse=recurse)
    together: dict[Path, list[Path]] = {source: [source] for source in absolute if source in folders and cover.over(source) is None}
    loose: dict[Path, list[Path]] = {}
    for source in absolute:
        if source in together:
            continue
        if (root := cover.over(source)) is not None:
            together[root].append(source)
        else:
            loose.setdefault(source.parent, []).append(source)
    return tuple(Part(tuple(some), _beside(folder, word)) for folder, some in (*together.items(), *loose.items()))


def _beside(folder: Path, word: str) -> Path:
    if folder.name and os.access(folder.parent, os.W_OK | os.X_OK):
        return folder.with_name(f"{folder.name} {word}")
    return folder / word
