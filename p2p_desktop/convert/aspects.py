"""What is made of one picture: its translation, variations of it, and how much they differ; each a file of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from p2p_desktop.inference.dropout import Draw

DRAWS_OF_UNCERTAINTY = 8
"""Where fewer than two variations are asked for: of so many draws of a normal value the deviation is known to a quarter."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """One of the files. `ending` stands in its name before the suffix: `beach.v2.png`.

    draws: what its network drops; none for the translation itself, one for a variation, several for how much they differ.
    """

    kind: Literal["result", "variation", "uncertainty"] = "result"
    ending: str = ""
    draws: tuple[Draw, ...] = ()

    def key(self) -> list[list[int]]:
        """What tells its content from that of the others, for JSON."""
        return [[draw.seed, draw.number] for draw in self.draws]


RESULT = Aspect()


def aspects_of(variations: int, seed: int, uncertainty: bool) -> Iterator[Aspect]:
    """The files to be made of each picture, the translation first."""
    yield RESULT
    for number in range(1, variations + 1):
        yield Aspect("variation", f".v{number}", (Draw(seed, number),))
    if uncertainty:
        count = variations if variations > 1 else DRAWS_OF_UNCERTAINTY
        draws = tuple(Draw(seed, number) for number in range(1, count + 1))
        yield Aspect("uncertainty", ".uncertainty", draws)
