"""The processes that train one run together, each on a device of its own: what torchrun starts, or one process by itself.

Every process holds the same weights and takes an equal share of each batch. Gradients are averaged over all of them before an
optimiser moves, so the weights stay the same everywhere; the first process alone writes, measures and obeys orders.
"""

import contextlib
import logging
import os
import pickle  # for the class of its errors only
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NoReturn, TypeVar

import torch
from torch import Tensor, distributed

from training.contract.errors import ConfigError, P2PError
from training.contract.layers import BatchNorm

T = TypeVar("T")

_PATIENCE = timedelta(hours=6)  # the others wait while the first measures; a process that has died is noticed at once
_FRESH_PORT = "p2p/port"
_MEETING_SECONDS, _LOOK_SECONDS = 300, 0.2
_GONE = "Another process of this run has ended, so this one cannot go on. The run continues from its last checkpoint."


class WorldError(P2PError):
    """The processes of a run cannot work together."""


class World:
    """What the processes tell each other. Alone, nothing is told and nothing waits.

    Every method but the properties must be called by all processes, in the same order. Raises WorldError where one has died.
    """

    def __init__(self, rank: int = 0, size: int = 1, local_rank: int = 0) -> None:
        self.rank, self.size = rank, size
        self.local_rank = local_rank
        """Number of this process on its computer."""

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    @property
    def is_alone(self) -> bool:
        return self.size == 1

    def share(self, value: T) -> T:
        """What the first process gave."""
        if self.is_alone:
            return value
        held = [value]
        with _told():
            distributed.broadcast_object_list(held, src=0)
        return held[0]

    def gather(self, value: T) -> list[T]:
        """What each process gave, in the order of their ranks."""
        if self.is_alone:
            return [value]
        held: list[Any] = [None] * self.size  # Any: filled with values
        with _told():
            distributed.all_gather_object(held, value)
        return held

    def greatest(self, value: int) -> int:
        """The greatest of the numbers that the processes gave."""
        if self.is_alone:
            return value
        held = torch.tensor(value)
        with _told():
            distributed.all_reduce(held, distributed.ReduceOp.MAX)
        return int(held)

    def sum(self, value: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.is_alone:
            return value
        held = value.detach().clone()
        with _told():
            distributed.all_reduce(held)
        return held

    def mean(self, value: Tensor) -> Tensor:
        """The mean over all processes."""
        return value if self.is_alone else self.sum(value) / self.size

    def average_gradients(self, parameters: Sequence[torch.nn.Parameter]) -> None:
        """Replace every gradient by its mean over all processes, in one message for each type of number."""
        if self.is_alone:
            return
        found = [parameter.grad for parameter in parameters if parameter.grad is not None]
        for dtype in dict.fromkeys(gradient.dtype for gradient in found):
            gradients = [gradient for gradient in found if gradient.dtype == dtype]
            flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
            with _told():
                distributed.all_reduce(flat)
            flat /= self.size
            parts = torch.split_with_sizes(flat, [gradient.numel() for gradient in gradients])
            for gradient, part in zip(gradients, parts, strict=True):
                gradient.copy_(part.view_as(gradient))

    def synchronise(self, network: torch.nn.Module) -> None:
        """Let the batch norms of a network take their statistics from the pictures of all processes. Tells nothing yet."""
        if not self.is_alone:
            for layer in network.modules():
                if isinstance(layer, BatchNorm):
                    layer.num_processes, layer.average = self.size, _Average.apply

    def share_of(self, batch_size: int) -> slice:
        """Which pictures of a batch are this process's. Raises ConfigError if they cannot be shared out equally."""
        if batch_size % self.size:
            raise ConfigError(
                f"A batch of {batch_size} cannot be shared out equally among {self.size} processes. "
                f"Set batch_size to a multiple of {self.size}: it counts the pictures of all processes together."
            )
        each = batch_size // self.size
        return slice(self.rank * each, (self.rank + 1) * each)

    def device(self, wanted: torch.device) -> torch.device:
        """The device of this process: with CUDA, each on a computer has a card of its own. Raises ConfigError."""
        if self.is_alone or wanted.type != "cuda":
            return wanted
        if wanted != torch.device("cuda"):
            raise ConfigError(f"Several processes cannot share the card {wanted}. Set device to cuda: each takes its own.")
        if self.local_rank >= torch.cuda.device_count():
            raise ConfigError(
                f"{socket.gethostname()} has {torch.cuda.device_count()} graphics cards, too few for its processes. "
                "Start no more of them than there are cards (torchrun --nproc-per-node)."
            )
        return torch.device("cuda", self.local_rank)


class _Average(torch.autograd.Function):
    """The mean over all processes, through which gradients flow back to each of them."""

    @staticmethod
    def forward(context: Any, value: Tensor) -> Tensor:  # Any: torch's
        del context
        return _mean(value)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:  # Any: as above
        del context
        return _mean(gradients[0])


def _mean(value: Tensor) -> Tensor:
    held = value.detach().clone(memory_format=torch.contiguous_format)
    with _told():
        distributed.all_reduce(held)
    return held / distributed.get_world_size()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, pickle.UnpicklingError, EOFError) as error:  # what Gloo and NCCL raise when a process has died
        raise WorldError(_GONE) from error


@contextlib.contextmanager
def joined_world() -> Iterator[World]:
    """Join the processes that torchrun started, as long as the block runs; alone where it did not start this one.

    Raises WorldError if they cannot be reached.
    """
    if not distributed.is_available() or not distributed.is_torchelastic_launched() or os.environ.get("WORLD_SIZE", "1") == "1":
        yield World()
        return
    rank, size, local_rank = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    if torch.cuda.is_available() and local_rank < torch.cuda.device_count():
        torch.cuda.set_device(local_rank)
    try:
        distributed.init_process_group(store=_meeting_point(rank), rank=rank, world_size=size, timeout=_PATIENCE)
    except (RuntimeError, ValueError) as error:
        raise WorldError(f"The other processes of this run cannot be reached: {error}") from error
    world = World(rank, size, local_rank)
    yield world
    with contextlib.suppress(WorldError):
        world.greatest(0)  # nobody hangs up while another one still listens


def _meeting_point(rank: int) -> Any:  # Any: a store of torch's
    """Where the processes find each other; None: wherever torch's own rules say.

    torchrun keeps one store for all its restarts, in which the addresses of processes that have died are found first. So the
    first process opens a new one at each start, and that store says where.
    """
    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True":
        return None
    from torch.distributed import TCPStore  # type: ignore[attr-defined]  # which not every torch has

    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    lasting = TCPStore(host, port, is_master=False)
    if rank == 0:
        fresh = TCPStore(host, 0, is_master=True, wait_for_workers=False)
        lasting.set(_FRESH_PORT, str(fresh.port))
        return fresh
    until = time.monotonic() + _MEETING_SECONDS
    while not _listens(host, found := int(lasting.get(_FRESH_PORT))):  # one of before the restart
        if time.monotonic() > until:
            raise RuntimeError(f"nobody listens on {host}, port {found}")
        time.sleep(_LOOK_SECONDS)
    return TCPStore(host, found, is_master=False)


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), _LOOK_SECONDS * 10).close()
    except OSError:
        return False
    return True


def leave(code: int) -> NoReturn:
    """End this process. Of several, each ends at once: the threads of Gloo's connections abort one that takes its objects down."""
    if distributed.is_available() and distributed.is_initialized():
        logging.shutdown()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
