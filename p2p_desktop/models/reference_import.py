"""Recognise generators of the reference PyTorch program (pix2pix, CycleGAN) by names and shapes, and make model files of them.

A file of that program holds weights and nothing about the network (pix2pix.md 3.1). Its networks are rows of layers, named by their
place in the row: `model.1.weight` is a layer of a ResNet, `model.model.1.model.3...` leads through the nested blocks of a U-Net.
What the names do not tell, such as the size of the training pictures, is assumed, and the report says so.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, cast, get_args

import numpy as np
from numpy.typing import NDArray

from p2p_desktop.models.library import Library
from p2p_desktop.models.torch_file import StoredTensor, TorchFile, tensors_in
from training.contract.encodings import EncodingName
from training.contract.errors import ConfigError, ModelError
from training.contract.framing import MIN_SIDE, SizeRule
from training.contract.model_file import SUFFIX, ModelCard, Weights, write_model
from training.contract.spec import GeneratorSpec, NormName
from training.contract.version import __version__

SkipOrder = Literal["skip-first", "decoder-first"]
"""How an up-convolution finds what joins it: the skip connection first since 2017-09-22 (6360df1), last in files from before."""

Direction = Literal["AtoB", "BtoA"]

TRAINED_SIZE = 256  # pixels: the reference program's own size, which its files do not tell
MAX_SIZE = 4096  # pixels
_RUNNING = ("running_mean", "running_var", "num_batches_tracked")
_ROW = re.compile(r"^(?P<before>(?:.*?\.)??)(?P<models>(?:model\.)*)(?P<rest>\d+\..*)$")
_WRAPPERS = ("module.", "_orig_mod.")
_ENCODINGS: dict[int, EncodingName] = {1: "grey8", 2: "grey_alpha8", 3: "rgb8", 4: "rgba8"}
_NO_GENERATOR = (
    "it holds no generator of the reference program (pix2pix or CycleGAN). Of its files, those that end in _net_G.pth hold one."
)


@dataclass(frozen=True, slots=True)
class Request:
    """How to read a file, where it does not tell."""

    name: str = ""
    """Of the model; "" for that of the file."""
    part: str = ""
    """Which generator, where a file holds several: the word before its layers."""
    skip_order: SkipOrder = "skip-first"
    direction: Direction = "AtoB"
    size: int = TRAINED_SIZE
    """Pixels of the long side that pictures are fitted to; 0: none, pictures are translated at their own size."""

    @classmethod
    def of_words(cls, *, name: str, part: str, skip_order: str, direction: str, size: int) -> Self:
        """A request as a person gives it. Raises ConfigError."""
        for what, word, choices in (("skip order", skip_order, get_args(SkipOrder)), ("direction", direction, get_args(Direction))):
            if word not in choices:
                raise ConfigError(f"There is no {what} {word!r}. Choose {' or '.join(choices)}.")
        if size and not MIN_SIDE <= size <= MAX_SIZE:
            raise ConfigError(f"The size of training pictures must be 0, or {MIN_SIDE} to {MAX_SIZE} pixels, not {size}.")
        return cls(name, part, cast(SkipOrder, skip_order), cast(Direction, direction), size)


@dataclass(frozen=True, slots=True)
class Imported:
    """A model that was made of a file."""

    path: Path
    card: ModelCard
    recognised: str
    assumed: tuple[str, ...]
    """Sentences: what the file does not tell."""


@dataclass(slots=True)
class _Conv:
    """A convolution, and the norm that follows it."""

    weight: StoredTensor
    bias: StoredTensor | None
    norm: dict[str, StoredTensor] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.weight.shape

    @property
    def kernel(self) -> int:
        return self.shape[2] if self.shape[2] == self.shape[3] else 0


@dataclass(frozen=True, slots=True)
class _Found:
    """A generator that was recognised: its description, and each of our weights' place in the file."""

    spec: GeneratorSpec
    weights: dict[str, StoredTensor]
    joined: tuple[tuple[str, int], ...]
    """Up-convolutions that join a skip connection, each with the channels of that."""
    words: str
    assumed: tuple[str, ...]


class SeveralGenerators(ModelError):
    """A file holds more than one, and nobody has said which is wanted."""

    def __init__(self, file_name: str, parts: Sequence[str]) -> None:
        super().__init__(f"{file_name} holds {len(parts)} generators: {', '.join(parts)}. Say which one (--part).")
        self.parts = tuple(parts)
        """Their names, each a `Request.part`."""


class _NoGenerator(ValueError):
    """The message says what was found instead, or what does not fit."""


def import_reference(file: Path, library: Library, request: Request | None = None) -> Imported:
    """Make a model file of a reference generator's weights, and put it into the library.

    The weights are used as they are; every shape is compared with the network that was recognised. Raises ModelError for whatever
    is no such generator.
    """
    request = request or Request()
    with TorchFile(file) as opened:
        where, found = _only_generator(opened, request.part)
        if sum(tensor.count * tensor.storage.item_bytes for tensor in found.weights.values()) > opened.num_bytes:
            raise ModelError(f"{file.name} is damaged: its weights are larger than the file.")
        _check_shapes(found, file)
        weights = {name: opened.read(tensor) for name, tensor in found.weights.items()}
    weights = _in_our_order(weights, found, request.skip_order)
    _check_numbers(weights, file)
    assumed = (*found.assumed, *_assumed(found.spec, request))
    card = _card(file, where, found, request, assumed)
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary) / f"model{SUFFIX}"
        write_model(made, card, _complete(weights, found.spec))
        path = library.add(made)
    return Imported(path, card, found.words, assumed)


def _only_generator(opened: TorchFile, part: str) -> tuple[str, _Found]:
    """The generator of a file, and the word that it goes by there."""
    found: dict[str, _Found] = {}
    reasons: list[str] = []
    for where, tensors in tensors_in(opened.content):
        for before, rows in _rows_of(tensors):
            word = ".".join((*where, *filter(None, [before]))) or opened.path.stem
            try:
                found[word] = _recognise(rows)
            except _NoGenerator as error:
                reasons.append(str(error))
    if part:
        found = {word: one for word, one in found.items() if part in (word, word.rpartition(".")[2])}
    if not found:
        raise ModelError(f"{opened.path.name} is not imported: {reasons[0] if reasons and not part else _NO_GENERATOR}")
    if len(found) > 1:
        raise SeveralGenerators(opened.path.name, sorted(found))
    return next(iter(found.items()))


def _rows_of(tensors: Mapping[str, StoredTensor]) -> Iterator[tuple[str, dict[str, StoredTensor]]]:
    """The rows of layers in a dictionary, each with the word before it; names begin at the place in the row."""
    rows: dict[tuple[str, str], dict[str, StoredTensor]] = {}
    for name, tensor in tensors.items():
        plain = name
        for wrapper in _WRAPPERS:  # of torch.nn.DataParallel and torch.compile, wherever they stand
            plain = plain.replace(wrapper, "")
        match = _ROW.match(plain)
        before, models, rest = match.groups() if match else ("", "", plain)
        rows.setdefault((before.rstrip("."), models), {})[rest] = tensor
    for (before, _), row in rows.items():
        yield before, row


def _recognise(row: dict[str, StoredTensor]) -> _Found:
    tree = _tree(row)
    if any(not name.isdigit() for name in tree):
        raise _NoGenerator(_NO_GENERATOR)
    if any(isinstance(layer, dict) and "model" in layer for layer in tree.values()):
        return _unet(tree)
    return _resnet(tree)


Tree = dict[str, Any]
"""Names to trees; at the leaves StoredTensor."""


def _tree(row: Mapping[str, StoredTensor]) -> Tree:
    tree: Tree = {}
    for name, tensor in row.items():
        *path, leaf = name.split(".")
        inner: Any = tree
        for word in path:
            inner = inner.setdefault(word, {})
            if not isinstance(inner, dict):
                raise _NoGenerator(_NO_GENERATOR)
        inner[leaf] = tensor
    return tree


def _in_order(tree: Tree) -> list[tuple[int, Any]]:
    try:
        return sorted(((int(name), layer) for name, layer in tree.items()), key=lambda pair: pair[0])
    except ValueError:
        raise _NoGenerator(_NO_GENERATOR) from None


def _is_layer(layer: Any) -> bool:
    return isinstance(layer, dict) and bool(layer) and all(isinstance(value, StoredTensor) for value in layer.values())


def _convs(layers: Iterable[tuple[int, Any]]) -> list[tuple[int, _Conv]]:
    """Convolutions with their norms, in a row; each with its place. Whatever else holds weights is none of ours."""
    convs: list[tuple[int, _Conv]] = []
    for place, layer in layers:
        if not _is_layer(layer):
            raise _NoGenerator(_NO_GENERATOR)
        weight = layer.get("weight")
        if weight is not None and len(weight.shape) == 4:
            if layer.keys() - {"weight", "bias"}:
                raise _NoGenerator(_NO_GENERATOR)
            convs.append((place, _Conv(weight, layer.get("bias"))))
        elif convs and not convs[-1][1].norm and not layer.keys() - {"weight", "bias", *_RUNNING}:
            convs[-1][1].norm = layer
        else:
            raise _NoGenerator(_NO_GENERATOR)
    return convs


def _unet(tree: Tree) -> _Found:
    """Down-convolutions outermost first and up-convolutions innermost first, out of nested blocks."""
    down: list[_Conv] = []
    up: list[_Conv] = []
    while True:
        layers = _in_order(tree)
        nested = [place for place, layer in layers if isinstance(layer, dict) and "model" in layer]
        if len(nested) > 1:
            raise _NoGenerator(_NO_GENERATOR)
        convs = [conv for _, conv in _convs(pair for pair in layers if pair[0] not in nested)]
        if len(convs) != 2 or convs[0].kernel != 4 or convs[1].kernel != 4:
            raise _NoGenerator("it holds a U-Net whose blocks are not those of the reference program.")
        down.append(convs[0])
        up.insert(0, convs[1])
        if not nested:
            break
        block = dict(layers)[nested[0]]
        if set(block) != {"model"} or not isinstance(block["model"], dict):
            raise _NoGenerator(_NO_GENERATOR)
        tree = block["model"]
    if up[-1].norm or down[0].norm or len(down) < 2:
        raise _NoGenerator("it holds a U-Net whose outermost layers are not those of the reference program.")
    norm, assumed = _norm_of([*down, *up[:-1]])
    encoder = tuple(conv.shape[0] for conv in down)
    decoder = tuple(conv.shape[1] for conv in up[:-1])
    innermost = bool(down[-1].norm)
    skips = up[-1].shape[0] == encoder[0] + decoder[-1]
    spec = _spec(
        kind="unet",
        in_channels=down[0].shape[1],
        out_channels=up[-1].shape[1],
        encoder=encoder,
        decoder=decoder,
        norm=norm,
        norm_innermost=innermost,
        bias=_bias_of([*down, *up[:-1]], norm),
        dropout="reference",
        skips=skips,
    )
    weights: dict[str, StoredTensor] = {}
    for level, conv in enumerate(down):
        weights |= _named(f"down.{level}", f"down_norm.{level}", conv, norm)
    for step, conv in enumerate(up[:-1]):
        weights |= _named(f"up.{step}.conv", f"up_norm.{step}", conv, norm)
    weights |= _named("head.conv", "", up[-1], "none")
    joined = [(f"up.{step}.conv.weight", encoder[-1 - step]) for step in range(1, len(decoder))]
    joined.append(("head.conv.weight", encoder[0]))
    words = f"a U-Net of {len(down)} levels, {encoder[0]} filters in the first, {spec.in_channels} to {spec.out_channels} channels"
    return _Found(spec, weights, tuple(joined) if skips else (), words, assumed)


def _resnet(tree: Tree) -> _Found:
    layers = _in_order(tree)
    blocks = [(place, layer) for place, layer in layers if not _is_layer(layer)]
    places = {place for place, _ in blocks}
    convs = [conv for _, conv in _convs(pair for pair in layers if pair[0] not in places)]
    if len(convs) < 2 or convs[0].kernel != 7 or convs[-1].kernel != 7:
        raise _NoGenerator(_other_than_generator(convs))
    if len(convs) != 6 or not blocks or any(conv.kernel != 3 for conv in convs[1:-1]) or convs[-1].norm:
        raise _NoGenerator("it holds a ResNet whose layers are not those of the reference program.")
    inner = [_block(layer) for _, layer in blocks]
    dropout = {has_dropout for _, _, has_dropout in inner}
    if len(dropout) != 1:
        raise _NoGenerator("it holds a ResNet whose blocks differ.")
    all_normed = [*convs[:-1], *(conv for first, second, _ in inner for conv in (first, second))]
    norm, assumed = _norm_of(all_normed)
    encoder = tuple(conv.shape[0] for conv in convs[:3])
    is_transposed = convs[3].shape[:2] == (encoder[2], encoder[1])
    spec = _spec(
        kind="resnet",
        in_channels=convs[0].shape[1],
        out_channels=convs[-1].shape[0],
        encoder=encoder,
        blocks=len(inner),
        norm=norm,
        bias=_bias_of(all_normed, norm),
        dropout="reference" if dropout == {True} else "none",
        up="transposed" if is_transposed else "resize",
    )
    weights = _named("conv_in", "norm_in", convs[0], norm)
    for level in range(2):
        weights |= _named(f"down.{level}", f"down_norm.{level}", convs[1 + level], norm)
        weights |= _named(f"up.{level}" if is_transposed else f"up.{level}.conv", f"up_norm.{level}", convs[3 + level], norm)
    for index, (first, second, _) in enumerate(inner):
        weights |= _named(f"blocks.{index}.conv1", f"blocks.{index}.norm1", first, norm)
        weights |= _named(f"blocks.{index}.conv2", f"blocks.{index}.norm2", second, norm)
    weights |= _named("head", "", convs[-1], "none")
    channels = f"{spec.in_channels} to {spec.out_channels} channels"
    words = f"a ResNet of {len(inner)} blocks, {encoder[0]} filters in the first layer, {channels}"
    return _Found(spec, weights, (), words, (*assumed, "Its blocks mirror at the border, as the reference program's own."))


def _block(layer: Any) -> tuple[_Conv, _Conv, bool]:
    """Both convolutions of a residual block, and whether there is dropout between them: it takes a place and has no weights."""
    while isinstance(layer, dict) and len(layer) == 1 and not _is_layer(layer) and not next(iter(layer)).isdigit():
        layer = next(iter(layer.values()))  # conv_block, block: whatever it is called
    if not isinstance(layer, dict):
        raise _NoGenerator(_NO_GENERATOR)
    convs = _convs(_in_order(layer))
    if len(convs) != 2 or any(conv.kernel != 3 for _, conv in convs):
        raise _NoGenerator("it holds a ResNet whose blocks are not those of the reference program.")
    (first_place, first), (second_place, second) = convs
    gap = second_place - first_place
    if first_place == 0:
        raise _NoGenerator("it holds a ResNet whose blocks pad with zeros, which this program cannot do.")
    if first_place != 1 or gap not in (4, 5):  # conv, norm, ReLU, (dropout,) pad, conv
        raise _NoGenerator("it holds a ResNet whose blocks are not those of the reference program.")
    return first, second, gap == 5


def _other_than_generator(convs: list[_Conv]) -> str:
    """What a row of layers is that is no ResNet."""
    if len(convs) >= 3 and convs[-1].shape[0] == 1 and all(conv.kernel in (1, 4) for conv in convs):
        return (
            "it holds a discriminator, which judges pictures and makes none. "
            "The generator of the same training is in the file that ends in _net_G.pth."
        )
    return _NO_GENERATOR


def _norm_of(convs: list[_Conv]) -> tuple[NormName, tuple[str, ...]]:
    """The norm of a network, and what had to be assumed about it."""
    norms = [conv.norm for conv in convs if conv.norm]
    keys = frozenset(key for norm in norms for key in norm)
    has_bias = any(conv.bias is not None for conv in convs)
    if not norms:
        # Instance norm has no weights of its own, but needs the convolutions' biases; without norms there are none of both.
        return ("instance", ()) if has_bias else ("none", ())
    if "weight" not in keys:
        return "instance", ("It stores averages beside instance norms, which were never used: they are left out.",)
    if not {"running_mean", "running_var"} <= keys:
        return "instance_affine", ("Its norms have weights and no averages: taken for instance norms with weights.",)
    if has_bias and "num_batches_tracked" in keys:
        # Batch norm makes biases superfluous, and the reference program has had none beside it for longer than counters exist.
        return "instance_affine", ("Its convolutions have biases beside its norms: taken for instance norms with weights.",)
    if "num_batches_tracked" not in keys:
        return "batch", ("The counters of its batch norms are missing, as in files from before 2018; they are not needed.",)
    return "batch", ()


def _bias_of(convs: list[_Conv], norm: NormName) -> Literal["reference", "all"]:
    has = {conv.bias is not None for conv in convs}
    if len(has) == 2:
        raise _NoGenerator("it holds a network of which only some convolutions have biases.")
    return "all" if has == {True} and norm != "instance" else "reference"


def _named(conv_name: str, norm_name: str, conv: _Conv, norm: NormName) -> dict[str, StoredTensor]:
    weights = {f"{conv_name}.weight": conv.weight}
    if conv.bias is not None:
        weights[f"{conv_name}.bias"] = conv.bias
    kept: tuple[str, ...] = {"batch": ("weight", "bias", *_RUNNING), "instance_affine": ("weight", "bias")}.get(norm, ())
    weights |= {f"{norm_name}.{key}": conv.norm[key] for key in kept if key in conv.norm}
    return weights


def _spec(**values: Any) -> GeneratorSpec:  # Any: the fields of GeneratorSpec
    try:
        return GeneratorSpec(**values)
    except ConfigError as error:
        raise _NoGenerator(f"its network cannot be used here. {error}") from error


def _check_shapes(found: _Found, file: Path) -> None:
    from training.contract.networks import weight_shapes  # imports torch

    shapes = weight_shapes(found.spec)
    given = {name: tensor.shape for name, tensor in found.weights.items()}
    for name, shape in shapes.items():
        if not name.endswith("num_batches_tracked") and given.get(name) != shape:
            raise ModelError(
                f"{file.name} is not imported: it looks like {found.words}, but its weights contradict each other "
                f"({name} should be {_shown(shape)} and is {_shown(given.get(name))})."
            )
    if given.keys() - shapes.keys():
        raise ModelError(f"{file.name} is not imported: it looks like {found.words}, but holds more than such a network has.")


def _shown(shape: tuple[int, ...] | None) -> str:
    return "missing" if shape is None else " x ".join(map(str, shape)) or "a number"


def _in_our_order(weights: dict[str, NDArray[Any]], found: _Found, order: SkipOrder) -> dict[str, NDArray[Any]]:  # Any: as stored
    if order == "skip-first":
        return weights
    if not found.joined:
        raise ModelError("A network without skip connections has no order of them. Leave --skip-order out.")
    turned = {name: np.concatenate([weights[name][-skip:], weights[name][:-skip]]) for name, skip in found.joined}
    return weights | turned


def _check_numbers(weights: Mapping[str, NDArray[Any]], file: Path) -> None:  # Any: as stored
    if not all(bool(np.isfinite(value).all()) for value in weights.values()):
        raise ModelError(f"{file.name} is not imported: some of its weights are not numbers. Its training had failed.")


def _complete(weights: Mapping[str, NDArray[Any]], spec: GeneratorSpec) -> Weights:  # Any: as stored
    """As a model file holds them: 16 or 32 bit; a counter beside all running statistics."""
    complete: Weights = {}
    for name, value in weights.items():
        if name.endswith("num_batches_tracked"):
            complete[name] = np.asarray(value, np.int64).reshape(())
        else:
            complete[name] = value if value.dtype == np.float16 else np.asarray(value, np.float32)
    if spec.has_running_statistics:
        for name in [name for name in complete if name.endswith("running_mean")]:
            complete.setdefault(name.replace("running_mean", "num_batches_tracked"), np.zeros((), np.int64))
    return complete


def _encodings(spec: GeneratorSpec, file: Path) -> tuple[EncodingName, EncodingName]:
    if (spec.in_channels, spec.out_channels) == (1, 2):  # the reference program's own colour model
        return "lab_l", "lab_ab"
    if spec.in_channels not in _ENCODINGS or spec.out_channels not in _ENCODINGS:
        raise ModelError(
            f"{file.name} is not imported: its network takes {spec.in_channels} and gives {spec.out_channels} channels, and "
            "pictures have 1 to 4."
        )
    return _ENCODINGS[spec.in_channels], _ENCODINGS[spec.out_channels]


def _assumed(spec: GeneratorSpec, request: Request) -> Iterator[str]:
    if request.size:
        yield f"It was trained on pictures of {request.size} pixels, to which others are fitted (--size)."
    if spec.kind == "unet" and spec.skips:
        older = "before" if request.skip_order == "decoder-first" else "after"
        yield f"It is from {older} September 2017, when the order of joined features changed (--skip-order)."
    if spec.norm == "batch":
        yield "Norms take their statistics from the picture, as the reference program does (or --statistics running)."
    if spec.kind == "unet" and spec.dropout != "none":
        yield "It was trained with dropout, which its file does not tell: it matters for variations only."


def _card(file: Path, where: str, found: _Found, request: Request, assumed: tuple[str, ...]) -> ModelCard:
    entering, leaving = _encodings(found.spec, file)
    rule = SizeRule("fit" if request.size else "native", request.size or TRAINED_SIZE, found.spec.multiple)
    return ModelCard(
        name=request.name or _name_of(file),
        task="colorize" if leaving == "lab_ab" else "pairs",
        generator=found.spec,
        encoding_in=entering,
        encoding_out=leaving,
        statistics="image",
        size_rule=rule,
        direction=request.direction,
        provenance={
            "program": f"P2P Desktop {__version__}",
            "imported_from": file.name.encode("utf-8", "replace").decode(),
            "part": where,
            "recognised": found.words,
            "assumed": list(assumed),
        },
    )


def _name_of(file: Path) -> str:
    """`facades_label2photo/latest_net_G.pth` is facades_label2photo; other files are called as they are."""
    stem = file.stem
    return file.resolve().parent.name if re.fullmatch(r"(latest|\d+|iter_\d+)_net_G(_[AB])?", stem) else stem
