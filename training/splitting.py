"""Which pairs share a picture, copies that were saved anew or mirrored among them; and the split that keeps these on one side."""

import hashlib
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.contract.held_back import held_back
from training.contract.pairing import PairFiles, Pairs
from training.glances import Glances, Look

BIT_STEP = 2  # grey levels that neighbours must differ by to set a bit: less is noise of JPEG
TELLING_BITS = 12  # of 256: pictures with fewer have too little in them to be told apart by their looks
SAME_LOOK = 44  # bits of 256 that may differ: a quick first sieve
SAME_LEVELS = 0.96  # correlation of the grey levels of copies; two of 2,183 photographs have 0.951 at most
SAME_SLOPES = 0.93  # correlation of their slopes: depth maps of different rooms reach 0.984 in levels, but 0.909 in slopes


def divided(found: Pairs, seed: int, glances: Glances, leave_out: Set[str] = frozenset()) -> Pairs:
    """Hold out a tenth of pairs that their owner has not split; pairs that share a picture, or its copy, stay together.

    Depends on the pictures and the seed, not on names. Nothing is held out where all are copies of one. `leave_out`: keys of pairs
    that are in neither part; they have a place in the order all the same, so that leaving one out shuffles no others.
    """
    if found.split_by == "owner":
        return without(found, leave_out)
    groups = _in_order(_groups(found.train, glances), seed, glances)
    used = [[pair for pair in group if pair.key not in leave_out] for group in groups]
    held_out = {pair for place in held_back([len(group) for group in used]) for pair in used[place]}
    return replace(
        found,
        train=tuple(pair for pair in found.train if pair not in held_out and pair.key not in leave_out),
        held_out=tuple(sorted(held_out)),
        order=tuple(tuple(pair.key for pair in group) for group in groups),
    )


def without(found: Pairs, keys: Set[str]) -> Pairs:
    """The same, less the pairs of these keys."""
    train, held_out = (tuple(pair for pair in pairs if pair.key not in keys) for pairs in (found.train, found.held_out))
    return replace(found, train=train, held_out=held_out)


def links(pairs: Sequence[PairFiles], glances: Glances) -> Iterator[tuple[int, int]]:
    """(earlier, later) indices of pairs that hold one picture, byte for byte or by its looks, mirrored ones too."""
    glances.look_at(path for pair in pairs for path in (pair.a, pair.b) if path)
    first: dict[str, int] = {}
    looks: list[Look] = []
    owners: list[int] = []
    for index, pair in enumerate(pairs):
        for path in (pair.a, pair.b):
            if path is None:
                continue
            glance = glances.of(path)
            if first.setdefault(glance.digest, index) != index:
                yield first[glance.digest], index
            looks += glance.looks
            owners += [index] * len(glance.looks)
    for one, other in _alike(looks):
        if owners[one] != owners[other]:  # input and target of a pair may look alike
            yield min(owners[one], owners[other]), max(owners[one], owners[other])


def _alike(looks: Sequence[Look]) -> Iterator[tuple[int, int]]:
    """Quadratic, but in bits: one or two seconds for ten thousand looks, far less than it takes to read them.

    A copy at low quality or a fourth of the size has other bits where it is nearly plain, but levels and slopes of the picture.
    How far copies and others lie apart is in docs/results.md.
    """
    if not looks:
        return
    levels = np.stack(looks)
    bits, vectors, slopes = _views(levels)
    telling = sum(np.bitwise_count(word).astype(int) for word in bits) >= TELLING_BITS
    for other_bits, other_vectors, other_slopes in ((bits, vectors, slopes), _views(levels[..., ::-1])):
        for index in np.flatnonzero(telling):
            differing = np.zeros(len(looks) - index - 1, np.uint16)
            for word, other_word in zip(bits, other_bits, strict=True):
                differing += np.bitwise_count(word[index] ^ other_word[index + 1 :])
            later = np.flatnonzero((differing <= SAME_LOOK) & telling[index + 1 :]) + index + 1
            same_levels = other_vectors[later] @ vectors[index] >= SAME_LEVELS
            same_slopes = other_slopes[later] @ slopes[index] >= SAME_SLOPES
            for copy in later[same_levels & same_slopes]:
                yield int(index), int(copy)


def _views(levels: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.float32], NDArray[np.float32]]:
    """(bits, grey levels, slopes) of looks [N, 16, 17]: a product of two rows of the latter is a correlation."""
    values = levels.astype(np.float32)
    slopes = [np.diff(values, axis=axis).reshape(len(levels), -1) for axis in (1, 2)]
    return _bits(levels), _normalised(values.reshape(len(levels), -1)), _normalised(np.concatenate(slopes, 1))


def _bits(levels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Words [4, N]: whether each pixel is brighter than its left neighbour (difference hash)."""
    values = levels.astype(np.int16)
    brighter = values[..., 1:] > values[..., :-1] + BIT_STEP
    return np.ascontiguousarray(np.packbits(brighter.reshape(len(levels), -1), axis=1).view(np.uint64).T)


def _normalised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """[N, K] with the mean 0 and the length 1."""
    values = values - values.mean(1, keepdims=True)
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6), np.float32)


def _groups(pairs: Sequence[PairFiles], glances: Glances) -> dict[str, list[PairFiles]]:
    """Pairs that are linked, directly or over others, by the smallest digest of their files."""
    leader = list(range(len(pairs)))

    def lead(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    for one, other in links(pairs, glances):
        leader[lead(other)] = lead(one)
    members: dict[int, list[PairFiles]] = {}
    for index, pair in enumerate(pairs):
        members.setdefault(lead(index), []).append(pair)
    return {_digest(group, glances): group for group in members.values()}


def _digest(group: Sequence[PairFiles], glances: Glances) -> str:
    return min(glances.of(path).digest for pair in group for path in (pair.a, pair.b) if path)


def _can_be_read(group: Sequence[PairFiles], glances: Glances) -> bool:
    return all(glances.of(path).looks for pair in group for path in (pair.a, pair.b) if path)


def _in_order(groups: dict[str, list[PairFiles]], seed: int, glances: Glances) -> list[list[PairFiles]]:
    """Groups in a random order; last those of damaged pictures: who is measured on nothing else is not measured."""
    salt = seed.to_bytes(4, "little")

    def rank(digest: str) -> tuple[bool, str]:
        return not _can_be_read(groups[digest], glances), hashlib.sha256(digest.encode("ascii") + salt).hexdigest()

    return [groups[digest] for digest in sorted(groups, key=rank)]
