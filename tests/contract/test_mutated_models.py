"""Model files whose bytes were changed at random: read, or refused in a sentence; nothing else, and nothing of it in memory."""

import random
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.models_for_tests import small_card, write_small_model
from training.contract.errors import ModelError
from training.contract.model_file import read_card
from training.contract.networks import load_generator
from training.contract.spec import unet

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="peak memory is counted in KB there")
HEADER_SHARE = 0.7  # of the changes: what can be contradictory is written there


def mutate(data: bytes, header: int, rng: random.Random) -> bytes:
    """Some bytes changed, cut out, put in or doubled, most often within the first `header` ones."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        place = rng.randrange(min(header, len(changed)) if rng.random() < HEADER_SHARE else len(changed))
        match rng.randrange(5):
            case 0:
                changed[place] = rng.randrange(256)
            case 1:
                del changed[place : place + rng.randrange(1, 40)]
            case 2:
                changed[place:place] = rng.randbytes(rng.randrange(1, 12))
            case 3:
                changed[place : place + 1] = rng.choice((b"9999999999", b"-1", b"1e308", b"null", b'"', b"[", b"{", b"\\ud800"))
            case 4:
                changed[place:place] = changed[place : place + rng.randrange(1, 200)]
        if not changed:
            return b""
    return bytes(changed)


def told(read: Callable[[Path], object], path: Path) -> str:
    """Why a file was refused; "" if it was read."""
    try:
        read(path)
    except ModelError as error:
        return str(error)
    return ""


def try_mutations(folder, number, seed) -> tuple[int, int]:
    """Give how many were read and how many refused."""
    spec = unet(3, 3, 3, width=4, norm="batch", dropout="paper")
    whole = write_small_model(folder / "whole.safetensors", small_card("whole", spec)).read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    rng, path = random.Random(seed), folder / "x.safetensors"
    counts = [0, 0]
    for _ in range(number):
        path.write_bytes(mutate(whole, header, rng))
        sentences = [told(read, path) for read in (read_card, load_generator)]
        assert all(sentence == "" or sentence.endswith(".") for sentence in sentences)
        counts[any(sentences)] += 1
    return counts[0], counts[1]


def test_mutated_files_are_read_or_refused(tmp_path):
    read, refused = try_mutations(tmp_path, 300, seed=1)
    assert refused > 150
    assert read > 0


@pytest.mark.slow
@linux_only
def test_ten_thousand_mutated_files_are_read_or_refused(tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try_mutations(tmp_path, 10_000, seed=2)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KB
