"""How many pairs measure a run, where their owner does not say which: the same sum for the trainer and for whoever shows it."""

from collections.abc import Sequence

HELD_OUT_SHARE = 0.1  # of pairs that are not split by their owner


def held_back(sizes: Sequence[int]) -> list[int]:
    """Which groups of pairs that stay together are held out, by their places in the order.

    sizes: how many pairs of each are in use. As long as they fit into the tenth; one of the smallest if none does. None where all
    that are in use belong together.
    """
    filled = [place for place, size in enumerate(sizes) if size]
    if len(filled) < 2:
        return []
    room = max(1, round(sum(sizes) * HELD_OUT_SHARE))
    fitting = []
    for place in filled:
        if sizes[place] <= room:
            fitting.append(place)
            room -= sizes[place]
    return fitting or [min(filled, key=lambda place: sizes[place])]
