"""Which pictures a model has learned from: short digests on its card, so that nobody measures it on them unawares."""

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from training.contract.pairing import PairFiles
from training.reading import spread

DIGEST_BYTES = 4  # of 50,000 pictures that were learned, a strange one in 86,000 is taken for one
MAX_REMEMBERED = 100_000  # pairs: half of what a card may hold; of more, so many are remembered, evenly spread
PROBE_BYTES = 8192  # at both ends of a file: they and its size tell it from others, and a hundred thousand are soon read


def remembered(pairs: Sequence[PairFiles]) -> bytes:
    """The digests of pairs, one after the other, for a model's card. What cannot be read is left out."""
    digests = []
    for pair in spread(pairs, MAX_REMEMBERED):
        with contextlib.suppress(OSError):
            digests.append(_digest(pair.a))
    return b"".join(sorted(digests))


def not_trained_on(pairs: Sequence[PairFiles], trained_on: bytes) -> list[PairFiles]:
    """Those of which the card does not say that they were learned, whatever their names and places are now. Raises OSError."""
    known = {trained_on[start : start + DIGEST_BYTES] for start in range(0, len(trained_on), DIGEST_BYTES)}
    return [pair for pair in pairs if not known or _digest(pair.a) not in known]


def _digest(path: Path) -> bytes:
    """A pair is known by its first picture: another partner would make it no new one."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(PROBE_BYTES)
        file.seek(max(0, size - PROBE_BYTES))
        content += file.read(PROBE_BYTES)
    return hashlib.sha256(size.to_bytes(8, "little") + content).digest()[:DIGEST_BYTES]
