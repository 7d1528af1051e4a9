"""Networks on torch: CUDA (channels-last, half precision where it is as good), MPS, CPU.

Shapes: N pictures, C channels, H x W pixels, K statistics.
"""

import logging
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from p2p_desktop.inference.device import num_cores
from p2p_desktop.inference.runtime import CardFullError, RuntimeName
from training.contract.encodings import Values
from training.contract.networks import Generator, load_generator
from training.contract.spec import Statistics

log = logging.getLogger(__name__)

HALF_TOLERANCE = 0.5 / 127.5
"""Half precision is used where no value moves by more than half a grey level."""
PROBE_SIDE = 256  # pixels of the picture on which half precision is tried


@dataclass(slots=True)
class _Request:
    x_CHW: Values
    statistics_K: Values | None
    masks: Sequence[Values] | None
    future: Future[Values]

    @property
    def batch_key(self) -> tuple[tuple[int, ...], bool, bool]:
        return self.x_CHW.shape, self.statistics_K is None, self.masks is None


class TorchRuntime:
    """One worker thread computes. On a graphics card it takes up to `batch` waiting pictures of one shape at a time.

    On the CPU every picture is computed by itself, so that results do not depend on their neighbours. A card that is full gets
    smaller batches; what it cannot take alone fails with CardFullError, and the caller may send smaller tiles or `use_processor`.
    """

    name: RuntimeName = "torch"

    def __init__(self, path: Path, statistics: Statistics, device: str, batch: int, threads: int = 0) -> None:
        """`threads`: processor cores to compute on; 0 leaves it to torch. Raises ModelError."""
        self.device = device
        if threads > 0:
            torch.set_num_threads(num_cores(threads))
        self._device = torch.device(device)
        self._eased: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._network = threading.Lock()  # it holds what it is given while it computes
        _, generator = load_generator(path, statistics)
        self.num_statistics = generator.num_statistics
        self._dtype = torch.float32
        self._generator = generator
        self._batch = batch if self._device.type != "cpu" else 1
        try:
            self._settle()
        except torch.OutOfMemoryError:
            self._move_to_processor()
        self.in_flight = max(2, self._batch)  # one more than is computed, so that the device never waits for the next
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._put_back: _Request | None = None
        self._thread = threading.Thread(target=self._work, name="torch-runtime", daemon=True)
        self._thread.start()

    def submit(self, x_CHW: Values, statistics_K: Values | None = None, masks: Sequence[Values] | None = None) -> Future[Values]:
        future: Future[Values] = Future()
        self._requests.put(_Request(x_CHW, statistics_K, masks, future))
        return future

    def measure(self, x_CHW: Values, masks: Sequence[Values] | None = None) -> Values:
        with torch.inference_mode(), self._network, self._explained():
            given = None if masks is None else [self._tensor([mask]) for mask in masks]
            _, statistics_NK = self._generator.measure(self._tensor([x_CHW]), given)
            return np.asarray(statistics_NK[0].float().cpu().numpy())

    def follow(self, x_CHW: Values, statistics_K: Values) -> tuple[Values, Values]:
        with torch.inference_mode(), self._network, self._explained():
            given_NK = torch.from_numpy(statistics_K[None]).to(self._device, self._dtype)
            y_NCHW, measured_NK = self._generator.follow(self._tensor([x_CHW]), given_NK)
            return np.asarray(y_NCHW[0].float().cpu().numpy()), np.asarray(measured_NK[0].float().cpu().numpy())

    def use_processor(self) -> None:
        with self._network:
            self._move_to_processor()

    def eased(self) -> list[str]:
        return [self._eased.get_nowait() for _ in range(self._eased.qsize())]

    def close(self) -> None:
        self._requests.put(None)
        self._thread.join()

    def _settle(self) -> None:
        """Bring the network to the device, in the form that suits it."""
        self._generator.to(self._device)
        if self._device.type == "cuda":
            self._generator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
            self._dtype = _dtype_as_good(self._generator, self._device)
        self._generator.to(self._dtype)

    def _move_to_processor(self) -> None:
        if self._device.type == "cpu":
            return
        self._ease(f"{self.device} has too little memory for this model: from here on the processor computes, which takes longer.")
        self.device, self._device, self._dtype, self._batch = "cpu", torch.device("cpu"), torch.float32, 1
        self._generator.to(self._device, self._dtype)

    def _ease(self, sentence: str) -> None:
        log.warning("%s", sentence)
        self._eased.put(sentence)

    def _work(self) -> None:
        while True:
            batch = self._next_batch()
            if not batch:
                return
            try:
                results = self._in_parts(batch)
            except (RuntimeError, MemoryError) as error:
                _fail(batch, error)
            else:
                for request, result in zip(batch, results, strict=True):
                    request.future.set_result(result)

    def _in_parts(self, batch: list[_Request]) -> list[Values]:
        """Compute as many at once as the card can take."""
        done: list[Values] = []
        while len(done) < len(batch):
            part = batch[len(done) : len(done) + self._batch]
            try:
                with self._network, self._explained():
                    done += self._compute(part)
            except CardFullError:
                if len(part) == 1:
                    raise
                self._batch = len(part) // 2
                self._ease(f"{self.device} has too little memory for {len(part)} pictures at once: from here on {self._batch}.")
        return done

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Tell a full card from other errors, and let go of what torch keeps of it for later."""
        try:
            yield
        except torch.OutOfMemoryError as error:
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            raise CardFullError(f"The graphics card has too little memory: {error}") from error

    def _next_batch(self) -> list[_Request]:
        """The next request and those waiting behind it that can be computed with it; empty at the end."""
        first = self._put_back or self._requests.get()
        self._put_back = None
        if first is None:
            return []
        batch = [first] if first.future.set_running_or_notify_cancel() else []
        while len(batch) < self._batch:
            try:
                request = self._requests.get_nowait() if batch else self._requests.get()
            except queue.Empty:
                break
            if request is None:
                self._requests.put(None)
                break
            if batch and request.batch_key != batch[0].batch_key:
                self._put_back = request
                break
            if request.future.set_running_or_notify_cancel():
                batch.append(request)
        return batch

    @torch.inference_mode()
    def _compute(self, batch: list[_Request]) -> list[Values]:
        statistics_NK = None
        given = [request.statistics_K for request in batch if request.statistics_K is not None]
        if given:
            statistics_NK = torch.from_numpy(np.stack(given)).to(self._device, self._dtype)
        given_masks = [request.masks for request in batch if request.masks is not None]  # of all of them, or of none
        masks = [self._tensor(list(place)) for place in zip(*given_masks, strict=True)] if given_masks else None
        y_NCHW = self._generator(self._tensor([request.x_CHW for request in batch]), statistics_NK, masks)
        return list(y_NCHW.float().cpu().numpy())

    def _tensor(self, planes: list[Values]) -> torch.Tensor:
        x_NCHW = torch.from_numpy(np.stack(planes)).to(self._device, self._dtype)
        return x_NCHW.contiguous(memory_format=torch.channels_last) if self._device.type == "cuda" else x_NCHW


def _fail(batch: list[_Request], error: BaseException) -> None:
    for request in batch:
        request.future.set_exception(error)


@torch.inference_mode()
def _dtype_as_good(generator: Generator, device: torch.device) -> torch.dtype:
    """Half precision if this network's results stay the same on a probe of noise and slopes, else float32."""
    rng = np.random.default_rng(0)
    slope = np.linspace(-1, 1, PROBE_SIDE, dtype=np.float32)
    probe = np.clip(slope[None, :, None] * slope[None, None, :] + rng.normal(0, 0.2, (1, PROBE_SIDE, PROBE_SIDE)), -1, 1)
    planes = np.repeat(probe, generator.spec.in_channels, 0).astype(np.float32)
    x_NCHW = torch.from_numpy(planes)[None].to(device).contiguous(memory_format=torch.channels_last)
    exact = generator(x_NCHW)
    state = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    rounded = generator.half()(x_NCHW.half()).float()
    generator.float().load_state_dict(state)
    worst = float((rounded - exact).abs().max())
    log.info("Half precision moves values by at most %.4f", worst)
    return torch.float16 if worst <= HALF_TOLERANCE else torch.float32
