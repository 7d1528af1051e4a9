"""What a runtime promises: a network that takes one picture's numbers at a time, several at once."""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:  # imports OpenCV, and the names of runtimes are asked for before anything may wait for that
    from training.contract.encodings import Values

RuntimeName = Literal["torch", "openvino"]


class CardFullError(MemoryError):
    """A graphics card has too little memory for even one picture of this size."""


class Runtime(Protocol):
    """A loaded network. Thread-safe. Values are float32 in [-1, 1]; sides are multiples of the network's."""

    @property
    def name(self) -> RuntimeName: ...

    @property
    def device(self) -> str:
        """As the command line spells it: cpu, cuda:0, mps."""
        ...

    @property
    def in_flight(self) -> int:
        """How many submissions are worked on at once; more only wait."""
        ...

    @property
    def num_statistics(self) -> int:
        """Length of what `measure` gives; 0 where a result does not depend on its picture as a whole."""
        ...

    def submit(
        self, x_CHW: "Values", statistics_K: "Values | None" = None, masks: "Sequence[Values] | None" = None
    ) -> "Future[Values]":
        """Start translating [C_in, H, W] into [C_out, H, W], with statistics of the picture itself or with given ones.

        `masks`: what dropout drops (see dropout.py); None: nothing. May block while too many are under way. The future raises
        MemoryError where the device has too little memory, CardFullError where a graphics card has.
        """
        ...

    def measure(self, x_CHW: "Values", masks: "Sequence[Values] | None" = None) -> "Values":
        """The statistics [K] of this picture, to be given to `submit` for each of its tiles."""
        ...

    def follow(self, x_CHW: "Values", statistics_K: "Values") -> "tuple[Values, Values]":
        """Translate with given statistics and measure on the way: (result, [K]). Costs one pass. Only if loaded to follow."""
        ...

    def use_processor(self) -> None:
        """Leave the graphics card: what is still under way and what comes is computed on the processor."""
        ...

    def eased(self) -> list[str]:
        """What was done for want of memory since this was last asked, a sentence each."""
        ...

    def close(self) -> None:
        """Wait for what is under way and free the device."""
        ...
