"""Networks on OpenVINO, on the CPU: converted once, kept in the cache folder, several requests at a time.

The only file that imports openvino. Its telemetry package is kept from being imported: it would phone home on import.
"""

import logging
import queue
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from p2p_desktop.inference.device import num_cores
from p2p_desktop.inference.runtime import RuntimeName
from training.contract.encodings import Values
from training.contract.errors import ModelError

if "openvino" not in sys.modules:
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # None makes its import fail, which openvino expects
import openvino as ov

if TYPE_CHECKING:
    import torch

    from training.contract.networks import Generator
    from training.contract.spec import Statistics

log = logging.getLogger(__name__)

Outcome = TypeVar("Outcome")

Variant = Literal["plain", "given", "measure", "follow"]
"""A network in one of four forms: picture -> picture; picture, statistics -> picture; picture -> statistics; picture, statistics ->
picture, statistics. The first three exist once more with dropout, and take masks besides, one for each of its places."""

EXAMPLE_SIDE = 64  # pixels; only traced, any size is meant
CACHE_VERSION = 2  # grows when the conversion changes

_OPTIONS = {
    "INFERENCE_PRECISION_HINT": "f32",  # its own choice may be bf16: 2 grey levels off and no faster
    "CPU_RUNTIME_CACHE_CAPACITY": "0",  # memory stays flat over pictures of many sizes
}

# One for the life of the process. Its processor plugin gives the thread that makes it a stack for signals and takes it away when it
# goes; of two that overlap, the second to go leaves one that is no longer there, and the next Ctrl+C is a segmentation fault.
_core = ov.Core()


class OpenVinoRuntime:
    """A converted network, compiled for `in_flight` requests at once."""

    name: RuntimeName = "openvino"
    device = "cpu"

    def __init__(self, folder: Path, in_flight: int, threads: int = 0, drawn: Path | None = None, *, follows: bool = False) -> None:
        """Load what `convert_network` left in `folder`, and in `drawn` the same network with dropout, or None.

        `follows`: load what `follow` needs, and leave out what tiles need.
        `threads` 0: all cores. Raises ModelError if it is damaged.
        """
        self._threads = threads
        self.in_flight = in_flight
        self._pools: dict[tuple[Variant, bool], _Pool] = {}
        self.num_statistics = _num_statistics(folder)
        for path, drops in ((folder, False), (drawn, True)):
            if path is None:
                continue
            self._pools["plain", drops] = self._load(path, "plain", in_flight)
            if self.num_statistics:
                self._pools["measure", drops] = self._load(path, "measure", 1)
                other: Variant = "follow" if follows else "given"
                self._pools[other, drops] = self._load(path, other, in_flight)

    def submit(self, x_CHW: Values, statistics_K: Values | None = None, masks: Sequence[Values] | None = None) -> Future[Values]:
        variant: Variant = "plain" if statistics_K is None else "given"
        inputs = [x_CHW] if statistics_K is None else [x_CHW, statistics_K]
        return self._pools[variant, masks is not None].submit([*inputs, *(masks or ())], _first)

    def measure(self, x_CHW: Values, masks: Sequence[Values] | None = None) -> Values:
        return self._pools["measure", masks is not None].submit([x_CHW, *(masks or ())], _first).result()

    def follow(self, x_CHW: Values, statistics_K: Values) -> tuple[Values, Values]:
        return self._pools["follow", False].submit([x_CHW, statistics_K], _both).result()

    def use_processor(self) -> None:
        """It computes nowhere else."""

    def eased(self) -> list[str]:
        return []

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    def _load(self, folder: Path, variant: Variant, in_flight: int) -> "_Pool":
        cores = num_cores(self._threads)
        streams = min(in_flight, cores)
        options = _OPTIONS | {
            "NUM_STREAMS": str(streams),
            "INFERENCE_NUM_THREADS": str(cores),
        }
        try:
            compiled = _core.compile_model(_core.read_model(folder / f"{variant}.xml"), "CPU", options)
        except RuntimeError as error:
            raise ModelError(f"The converted model in {folder} is damaged. Delete that folder and try again.") from error
        return _Pool([compiled.create_infer_request() for _ in range(in_flight)])


class _Pool:
    """Inference requests of one compiled network, one for each of as many threads."""

    def __init__(self, requests: list[Any]) -> None:  # Any: openvino has no types that mypy follows
        self._threads = ThreadPoolExecutor(len(requests), thread_name_prefix="openvino")
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()  # Any: as above
        for request in requests:
            self._idle.put(request)

    def submit(self, inputs: list[Values], taken: Callable[[Any], Outcome]) -> Future[Outcome]:
        """`inputs`: of one picture. `taken` copies what is wanted out of the request, which is then used for another."""
        return self._threads.submit(self._infer, inputs, taken)

    def _infer(self, inputs: list[Values], taken: Callable[[Any], Outcome]) -> Outcome:
        request = self._idle.get_nowait()  # there are as many requests as threads
        try:
            for index, value in enumerate(inputs):
                request.set_input_tensor(index, ov.Tensor(value[None], shared_memory=True))  # read in place
            request.infer()  # lets other threads run meanwhile
            return taken(request)
        except RuntimeError as error:
            if "alloc" in str(error).lower():
                raise MemoryError(str(error)) from error
            raise
        finally:
            self._idle.put(request)

    def close(self) -> None:
        self._threads.shutdown()


def _first(request: Any) -> Values:  # Any: as above
    return np.array(request.get_output_tensor(0).data[0])


def _both(request: Any) -> tuple[Values, Values]:  # Any: as above
    return _first(request), np.array(request.get_output_tensor(1).data[0])


def open_network(
    model: Path,
    digest: str,
    statistics: "Statistics",
    cache: Path,
    in_flight: int,
    threads: int = 0,
    *,
    drops: bool = False,
    follows: bool = False,
) -> OpenVinoRuntime:
    """Load a network, converting it if need be, and once more if what the cache holds is damaged. Raises ModelError.

    `drops`: whether masks of dropout will be given. `follows`: whether it will follow frames.
    """

    def converted() -> tuple[Path, Path | None]:
        drawn = convert_network(model, digest, statistics, cache, drops=True) if drops else None
        return convert_network(model, digest, statistics, cache), drawn

    folders = converted()
    try:
        return OpenVinoRuntime(folders[0], in_flight, threads, folders[1], follows=follows)
    except ModelError:
        log.warning("The converted model in %s is damaged and is made again", folders[0])
        for folder in folders:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
    folder, drawn = converted()
    return OpenVinoRuntime(folder, in_flight, threads, drawn, follows=follows)


def is_converted(digest: str, statistics: "Statistics", cache: Path) -> bool:
    """Tell whether the cache holds this network, so that loading it is quick and imports no torch."""
    return (_folder_of(digest, statistics, cache) / "plain.xml").exists()


def convert_network(model: Path, digest: str, statistics: "Statistics", cache: Path, *, drops: bool = False) -> Path:
    """Give the folder of the converted network, with dropout or without, converting it if need be (seconds, imports torch).

    The folder appears whole or not at all; of two processes that convert at once one wins. Raises ModelError.
    """
    folder = _folder_of(digest, statistics, cache, drops)
    if (folder / "plain.xml").exists():
        return folder
    log.info("Converting %s for OpenVINO", model.name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".converting-", dir=folder.parent))
    try:
        _convert_into(model, statistics, temporary, drops)
        try:
            temporary.rename(folder)
        except OSError:
            if not (folder / "plain.xml").exists():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


class NetworkFile:
    """An OpenVINO (.xml beside its .bin) or ONNX file, loaded to compute in float32 on the CPU. Close it to let go of the file."""

    def __init__(self, path: Path) -> None:
        """Raises ModelError if the file cannot be read."""
        try:
            self._compiled = _core.compile_model(_core.read_model(path), "CPU", _OPTIONS)
        except RuntimeError as error:
            raise ModelError(f"{path.name} cannot be read: {error}") from error

    def __call__(self, x_NCHW: Values) -> Values:
        """Translate float32 [N, C_in, H, W] into [N, C_out, H, W]."""
        return np.array(self._compiled(np.ascontiguousarray(x_NCHW))[0])

    def close(self) -> None:
        self._compiled = None


def save_network(generator: "Generator", path: Path, names: tuple[str, str], about: Mapping[str, str]) -> None:
    """Write a generator on the CPU as `path` (.xml) and the .bin beside it, for any batch, height and width.

    `names`: of its input and its output. `about`: what the file says of itself, under `p2p` in its runtime information.
    Raises RuntimeError where it cannot be converted or written, whatever the cause.
    """
    import torch  # as above

    side = max(generator.spec.multiple, EXAMPLE_SIDE)
    converted = _traced(generator, (torch.zeros(1, generator.spec.in_channels, side, side),))
    converted.reshape({converted.input(0): ov.PartialShape([-1, generator.spec.in_channels, -1, -1])})
    for port, name in zip((converted.input(0), converted.output(0)), names, strict=True):
        port.get_tensor().set_names({name})
    for key, value in about.items():
        converted.set_rt_info(value, ["p2p", key])
    ov.save_model(converted, path, compress_to_fp16=False)


def _folder_of(digest: str, statistics: "Statistics", cache: Path, drops: bool = False) -> Path:
    version = ov.__version__.split("-")[0]
    return cache / "openvino" / f"{digest[:32]}-{statistics}{'-dropout' if drops else ''}-{version}-{CACHE_VERSION}"


def _convert_into(model: Path, statistics: "Statistics", folder: Path, drops: bool) -> None:
    import torch  # only here: a converted model runs without it

    from training.contract.networks import load_generator

    card, generator = load_generator(model, statistics)
    spec = card.generator
    side = max(spec.multiple, EXAMPLE_SIDE)
    x_NCHW = torch.zeros(1, spec.in_channels, side, side)
    places = spec.dropout_places if drops else ()
    masks = [torch.ones(1, place.channels, side // place.stride, side // place.stride) for place in places]
    forms: list[Variant] = ["plain", "given", "measure"] if generator.num_statistics else ["plain"]
    if generator.num_statistics and not drops:
        forms.append("follow")
    for form in forms:
        statistics_NK = [torch.zeros(1, generator.num_statistics)] if form in ("given", "follow") else []
        converted = _traced(_in_form(generator, form), (x_NCHW, *statistics_NK, *masks))
        shapes = [[1, spec.in_channels, -1, -1], *([1, generator.num_statistics] for _ in statistics_NK)]
        shapes += [[1, place.channels, -1, -1] for place in places]
        converted.reshape({port: ov.PartialShape(shape) for port, shape in zip(converted.inputs, shapes, strict=True)})
        ov.save_model(converted, folder / f"{form}.xml", compress_to_fp16=False)
    (folder / "num_statistics").write_text(str(generator.num_statistics), encoding="ascii")


def _traced(module: "torch.nn.Module", example: "tuple[torch.Tensor, ...]") -> Any:  # Any: openvino has no types that mypy follows
    import torch  # as above

    with torch.inference_mode(), warnings.catch_warnings():
        # openvino traces, which torch has deprecated; exporting instead fixes sizes that must stay open
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*torch.jit")
        # Traced here, for openvino would have the trace compared with a second one, half of a first start's time. Converted
        # networks are compared with torch where it counts: by the tests, and by an export before it is called done.
        trace: Any = torch.jit.trace  # Any: torch has no types for it
        return ov.convert_model(trace(module, example, strict=False, check_trace=False))


def _in_form(generator: "Generator", form: Variant) -> "torch.nn.Module":
    """The network as a module whose inputs are told apart by their places alone, as tracing wants it."""
    from torch import Tensor, nn

    class Form(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.generator = generator

        def forward(self, x_NCHW: Tensor, *others: Tensor) -> Tensor | tuple[Tensor, Tensor]:
            if form == "follow":
                return self.generator.follow(x_NCHW, others[0])
            if form == "measure":
                return self.generator.measure(x_NCHW, others or None)[1]
            statistics_NK, masks = (others[0], others[1:]) if form == "given" else (None, others)
            y_NCHW: Tensor = self.generator(x_NCHW, statistics_NK, masks or None)
            return y_NCHW

    return Form().eval()


def _num_statistics(folder: Path) -> int:
    try:
        return int((folder / "num_statistics").read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise ModelError(f"The converted model in {folder} is damaged. Delete that folder and try again.") from error
