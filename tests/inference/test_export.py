"""Exported files do what torch does: every kind of network, at sizes and batches that nobody traced."""

import errno
import json
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from p2p_desktop.inference import export, openvino_runtime
from p2p_desktop.inference.export import ExportError, ExportOrder, export_model
from p2p_desktop.inference.export_check import views
from p2p_desktop.inference.exported_card import describe, layout
from p2p_desktop.inference.openvino_runtime import NetworkFile
from p2p_desktop.paths import resources
from tests.models_for_tests import small_card, write_small_model
from tests.picture_files import photo, write_photo
from training.contract.encodings import DEPTH_IN_MILLIMETRES, ENCODINGS, DepthScale, encoding_named
from training.contract.errors import ConfigError, ModelError
from training.contract.model_file import file_digest, read_card
from training.contract.networks import load_generator
from training.contract.progress import Cancelled, Token
from training.contract.spec import resnet, unet

FORMATS = {"onnx": ".onnx", "openvino": ".xml"}

SPECS = {
    "running": (unet(3, 3, 3, width=8, dropout="none"), "running"),
    "image": (unet(3, 3, 3, width=8, dropout="none"), "image"),
    "instance": (unet(3, 3, 3, width=8, norm="instance", dropout="none"), "image"),
    "instance-affine": (unet(3, 3, 3, width=8, norm="instance_affine", norm_innermost=True, dropout="none"), "image"),
    "group": (unet(3, 3, 3, width=32, norm="group", up="resize", dropout="none"), "image"),
    "global": (unet(3, 3, 3, width=8, norm="none", bias="all", global_vector=True, dropout="none"), "image"),
    "residual": (unet(3, 3, 3, width=8, norm="none", bias="all", output="residual", dropout="none"), "image"),
    "folded": (unet(3, 3, 3, width=8, fold=2, norm="none", bias="all", output="residual", dropout="none"), "image"),
    "dropout": (unet(3, 3, 5, width=4, dropout="paper"), "running"),
    "no-skips": (unet(3, 1, 3, width=8, skips=False, skip_activation="leaky", dropout="none"), "image"),
    "stem-and-blocks": (
        unet(3, 3, 3, width=8, norm="none", bias="all", head="conv3", decoder=(16, 8, 8), stem=4, blocks=1, dropout="none"),
        "image",
    ),
    "resnet": (resnet(3, 3, 2, width=8, norm="instance"), "image"),
    "resnet-resize": (resnet(3, 3, 2, width=8, up="resize", global_vector=True), "running"),
}
SIZES = [(1, 64, 64), (3, 32, 160), (1, 160, 96)]  # batch, height, width; multiples of all of these networks
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="names are text there")
NEAR = 0.05 / 127.5  # of a grey level


def quiet(event):
    pass


def write(path, kind="running", **changes):
    spec, statistics = SPECS[kind]
    encodings = ("rgb8", "rgb8" if spec.out_channels == 3 else "grey8")
    return write_small_model(path, small_card(path.stem, spec, encodings, statistics=statistics, **changes), gain=3.0)


@pytest.fixture(scope="session")
def two_pictures():
    return sorted((resources() / "examples").glob("*.jpg"))[:2]


@pytest.fixture
def exported(tmp_path, two_pictures):
    """Export a model file, compared on one picture, which costs less."""

    def exported(model, format_="onnx", name="made", **changes):
        order = ExportOrder(model, format_, tmp_path / f"{name}{FORMATS[format_]}", **changes)
        return export_model(order, two_pictures[:1], quiet, Token())

    return exported


def in_torch(model, statistics, x):
    with torch.inference_mode():
        return load_generator(model, statistics)[1](torch.from_numpy(x)).numpy()


def in_onnxruntime(path, x):
    (y,) = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(["output"], {"input": x})
    return y


def noise(batch, channels, height, width):
    return np.random.default_rng(0).uniform(-1, 1, (batch, channels, height, width)).astype(np.float32)


MOST_SPECS = [pytest.param(kind, marks=pytest.mark.slow) if kind == "resnet" else kind for kind in SPECS]


@pytest.mark.parametrize("kind", MOST_SPECS)
def test_an_onnx_file_gives_what_torch_gives_at_any_size(tmp_path, exported, kind):
    model = write(tmp_path / "m.safetensors", kind)
    path = exported(model).files[0]
    onnx.checker.check_model(path, full_check=True)
    for size in SIZES:
        x = noise(size[0], 3, *size[1:])
        expected = in_torch(model, SPECS[kind][1], x)
        assert np.abs(in_onnxruntime(path, x) - expected).max() < NEAR
        assert np.abs(NetworkFile(path)(x) - expected).max() < NEAR
        assert np.abs(expected - x[:, : expected.shape[1]]).mean() > 0.01  # the network does something


@pytest.mark.parametrize("kind", MOST_SPECS)
def test_an_openvino_file_gives_what_torch_gives_at_any_size(tmp_path, exported, kind):
    model = write(tmp_path / "m.safetensors", kind)
    made = exported(model, "openvino")
    assert [file.name for file in made.files] == ["made.xml", "made.bin"]
    network = NetworkFile(made.files[0])
    for size in SIZES:
        x = noise(size[0], 3, *size[1:])
        assert np.abs(network(x) - in_torch(model, SPECS[kind][1], x)).max() < NEAR


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("statistics", ["image", "running"])
def test_statistics_are_baked_as_chosen(tmp_path, exported, format_, statistics):
    model = write(tmp_path / "m.safetensors", "running")
    made = exported(model, format_, statistics=statistics)
    x = noise(2, 3, 64, 64) * np.float32([1.0, 0.2])[:, None, None, None]  # each picture by itself, whatever it travels with
    result = NetworkFile(made.files[0])(x)
    other = {"image": "running", "running": "image"}[statistics]
    assert made.about["statistics"] == statistics
    assert np.abs(result - in_torch(model, statistics, x)).max() < NEAR
    assert np.abs(result - in_torch(model, other, x)).max() > 0.1


def test_by_default_the_statistics_are_those_of_the_card(tmp_path, exported):
    model = write(tmp_path / "m.safetensors", "image")
    assert exported(model).about["statistics"] == "image"
    assert exported(write(tmp_path / "n.safetensors", "residual"), name="n").about["statistics"] == "none"


def test_statistics_that_a_model_lacks_are_a_sentence(tmp_path, exported):
    with pytest.raises(ConfigError, match="no running statistics"):
        exported(write(tmp_path / "m.safetensors", "instance"), statistics="running")


@pytest.mark.parametrize(
    "pair",
    [
        ("lab_l", "lab_ab"),
        ("rgb16", "depth16"),
        ("filled_depth16", "depth16"),
        ("surface_depth16", "depth16"),
        ("rgb_depth16", "depth16"),
    ],
)
def test_models_of_other_encodings_are_compared_on_the_same_pictures(tmp_path, exported, pair):
    made = exported(write_small_model(tmp_path / "m.safetensors", small_card("m", None, pair, "fit"), gain=1.0))
    assert made.comparison.num_pictures == 1
    assert made.comparison.worst < 0.05
    assert (made.about["encoding_in"], made.about["encoding_out"]) == pair
    assert made.about["depth_range_m"] == "10.0" if pair[1] == "depth16" else "depth_range_m" not in made.about


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_says_how_it_is_laid_out_and_can_be_looked_at(encoding):
    channels = encoding_named(encoding).channels
    spec = unet(channels, 1, 3, width=4)
    card = small_card("m", spec, (encoding, "grey8"))
    assert f"[N, {channels}, H, W]" in layout(encoding, DEPTH_IN_MILLIMETRES)
    small, large = views(photo(90, 120), card.frame)
    assert (small.shape[:2], large.shape[:2]) == ((2, channels), (1, channels))
    assert small.shape[2:] != large.shape[2:]
    assert large.shape[2] != large.shape[3]
    for x in (small, large):
        assert x.dtype == np.float32
        assert -1 <= x.min() < x.max() <= 1
        assert all(side % 8 == 0 for side in x.shape[2:])
    assert np.array_equal(small[0], small[1][..., ::-1])


def test_a_depth_scale_is_part_of_what_a_file_says():
    assert "metres * 2 / 80 - 1" in layout("depth16", DepthScale(1 / 256, 80.0))


def test_an_onnx_file_says_what_it_is(tmp_path, exported):
    provenance = {"licence": "CC BY-SA 4.0", "data": "photos \N{SNOWMAN}"}
    model = write(tmp_path / "m.safetensors", "running", task="facades", labels="output", provenance=provenance)
    made = exported(model)
    file = onnx.load(made.files[0])
    said = {entry.key.removeprefix("p2p."): entry.value for entry in file.metadata_props}
    assert said == made.about
    assert said == describe(read_card(model), "running", file_digest(model))
    wanted = {"task": "facades", "multiple": "8", "smallest_side": "16", "statistics": "running", "licence": "CC BY-SA 4.0"}
    assert wanted.items() <= said.items()
    assert said["labels"] == "output"
    assert json.loads(said["provenance"]) == provenance
    assert file.producer_name == "P2P Desktop"
    assert [(entry.domain, entry.version) for entry in file.opset_import] == [("", 17)]
    assert file.ir_version <= 8
    (entering,), (leaving,) = file.graph.input, file.graph.output
    shapes = [[axis.dim_param or axis.dim_value for axis in port.type.tensor_type.shape.dim] for port in (entering, leaving)]
    assert shapes == [["batch", 3, "height", "width"]] * 2


def test_an_openvino_file_says_what_it_is(tmp_path, exported):
    made = exported(write(tmp_path / "m.safetensors", "running", provenance={"data": "<&> \"'\n\N{SNOWMAN}"}), "openvino")
    file = openvino_runtime._core.read_model(made.files[0])
    assert {key: file.get_rt_info(["p2p", key]).astype(str) for key in made.about} == made.about
    assert (file.input("input").partial_shape.to_string(), file.output("output").partial_shape.rank.get_length()) == (
        "[?,3,?,?]",
        4,
    )


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_tells_nothing_of_this_computer(tmp_path, exported, format_):
    made = exported(write(tmp_path / "m.safetensors"), format_)
    for file in made.files:
        content = file.read_bytes()
        assert str(tmp_path).encode() not in content
        assert b"site-packages" not in content
        assert str(Path(export.__file__).parents[2]).encode() not in content


@pytest.mark.slow
def test_half_precision_weights_are_computed_in_float32(exported):
    """As shipped models are stored."""
    made = exported(resources() / "models" / "deblur.safetensors")
    weights = onnx.load(made.files[0]).graph.initializer
    assert {weight.data_type for weight in weights} <= {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64}
    assert made.comparison.worst < 0.05


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("format_", FORMATS)
def test_an_exported_file_is_all_that_is_left(tmp_path, two_pictures, format_):
    model = write(tmp_path / "m.safetensors")
    out = tmp_path / "out"
    out.mkdir()
    told = []
    made = export_model(ExportOrder(model, format_, out / f"a.b{FORMATS[format_]}"), two_pictures, told.append, Token())
    assert left_in(out) == sorted(file.name for file in made.files)
    assert made.num_bytes == sum(file.stat().st_size for file in made.files)
    assert [(event.done, event.total) for event in told] == [(0, 2), (0, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_that_differs_is_thrown_away(tmp_path, exported, format_, monkeypatch):
    """The network in the file is another one than torch computes: what a wrong conversion would be."""
    model, other = write(tmp_path / "m.safetensors"), tmp_path / "n.safetensors"
    write_small_model(other, small_card("n", SPECS["running"][0], statistics="running"), seed=1, gain=3.0)
    real = export._write
    monkeypatch.setattr(
        export, "_write", lambda order, generator, made, about: real(order, load_generator(other, "running")[1], made, about)
    )
    with pytest.raises(ExportError, match=r"other values than m does in torch, by up to \d+\.\d\d grey levels"):
        exported(model, format_)
    assert left_in(tmp_path) == ["m.safetensors", "n.safetensors"]


def test_a_network_that_gives_no_numbers_is_not_exported(tmp_path, exported):
    spec = unet(3, 3, 3, width=8, norm="none", bias="all", output="residual", dropout="none")
    write_small_model(tmp_path / "m.safetensors", small_card("m", spec), gain=1e20)
    with pytest.raises(ExportError, match="nan grey levels"):
        exported(tmp_path / "m.safetensors")
    assert left_in(tmp_path) == ["m.safetensors"]


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("steps", range(4))
def test_a_stopped_export_leaves_nothing(tmp_path, two_pictures, format_, steps):
    model, token, out = write(tmp_path / "m.safetensors"), Token(), tmp_path / "out"
    out.mkdir()
    told = []

    def report(event):
        told.append(event)
        if len(told) > steps:
            token.cancel()

    with pytest.raises(Cancelled):
        export_model(ExportOrder(model, format_, out / f"a{FORMATS[format_]}"), two_pictures, report, token)
    assert left_in(out) == []


@pytest.mark.parametrize(("format_", "name"), [("onnx", "a.onnx"), ("openvino", "a.xml"), ("openvino", "a.bin")])
def test_a_file_in_the_way_stays_unless_it_is_to_be_replaced(tmp_path, exported, format_, name):
    model = write(tmp_path / "m.safetensors")
    (tmp_path / name).write_bytes(b"theirs")
    with pytest.raises(ExportError, match=rf"{name} exists already.*--existing overwrite"):
        exported(model, format_, "a")
    assert (tmp_path / name).read_bytes() == b"theirs"
    assert left_in(tmp_path) == sorted([name, "m.safetensors"])
    made = exported(model, format_, "a", overwrite=True)
    assert (tmp_path / name).read_bytes() != b"theirs"
    assert left_in(tmp_path) == sorted([*(file.name for file in made.files), "m.safetensors"])


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path, two_pictures):
    model, out = write(tmp_path / "m.safetensors"), tmp_path / "out"
    out.mkdir()

    def report(event):
        (out / "a.xml").write_bytes(b"theirs")

    with pytest.raises(ExportError, match="exists already"):
        export_model(ExportOrder(model, "openvino", out / "a.xml"), two_pictures, report, Token())
    assert left_in(out) == ["a.xml"]
    assert (out / "a.xml").read_bytes() == b"theirs"


def test_two_files_are_replaced_together_or_not_at_all(tmp_path, exported, monkeypatch):
    for name in ("a.xml", "a.bin"):
        (tmp_path / name).write_bytes(b"theirs " + name.encode())
    real = export.place

    def fails_at_the_second(temporary, target, *, overwrite):
        if temporary.name == "model.xml":
            raise PermissionError(errno.EACCES, "somebody reads it")
        real(temporary, target, overwrite=overwrite)

    monkeypatch.setattr(export, "place", fails_at_the_second)
    with pytest.raises(ExportError, match="cannot be written to"):
        exported(write(tmp_path / "m.safetensors"), "openvino", "a", overwrite=True)
    assert left_in(tmp_path) == ["a.bin", "a.xml", "m.safetensors"]
    assert (tmp_path / "a.xml").read_bytes() == b"theirs a.xml"
    assert (tmp_path / "a.bin").read_bytes() == b"theirs a.bin"


def test_what_a_killed_export_left_goes_after_a_day_and_no_earlier(tmp_path, exported):
    for name, age in (("old", export.ABANDONED_SECONDS + 60), ("new", 60)):
        (tmp_path / f".p2p-export-{name}").mkdir()
        (tmp_path / f".p2p-export-{name}" / "model.onnx").write_bytes(b"half")
        os.utime(tmp_path / f".p2p-export-{name}", (time.time() - age,) * 2)
    exported(write(tmp_path / "m.safetensors"))
    assert left_in(tmp_path) == [".p2p-export-new", "m.safetensors", "made.onnx"]


def test_names_and_folders_that_cannot_be_are_sentences(tmp_path, exported):
    model = write(tmp_path / "m.safetensors")
    for format_, wrong in (("onnx", "a.xml"), ("openvino", "a.onnx"), ("openvino", "a"), ("onnx", ".onnx")):
        with pytest.raises(ConfigError, match=rf"ends in {FORMATS[format_]}"):
            export_model(ExportOrder(model, format_, tmp_path / wrong), [], quiet, Token())
    with pytest.raises(ExportError, match="does not exist"):
        export_model(ExportOrder(model, "onnx", tmp_path / "no" / "a.onnx"), [], quiet, Token())
    (tmp_path / "made.onnx").mkdir()
    with pytest.raises(ExportError, match="is a folder"):
        exported(model, overwrite=True)
    assert left_in(tmp_path) == ["m.safetensors", "made.onnx"]


def test_without_the_package_an_onnx_export_says_how_to_get_it_and_openvino_needs_it_not(tmp_path, exported, monkeypatch):
    model = write(tmp_path / "m.safetensors")
    monkeypatch.setitem(sys.modules, "onnx", None)  # makes its import fail
    with pytest.raises(ExportError, match=r"pip install 'p2p-desktop\[export\]'"):
        exported(model, "onnx")
    assert exported(model, "openvino").comparison.worst < 0.05


def test_without_pictures_nothing_is_exported(tmp_path):
    model = write(tmp_path / "m.safetensors")
    with pytest.raises(ExportError, match="example pictures are missing"):
        export_model(ExportOrder(model, "onnx", tmp_path / "a.onnx"), [], quiet, Token())
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    with pytest.raises(ExportError, match="nothing to compare the exported file on: bad"):
        export_model(ExportOrder(model, "onnx", tmp_path / "a.onnx"), [tmp_path / "bad.jpg"], quiet, Token())
    assert left_in(tmp_path) == ["bad.jpg", "m.safetensors"]


def test_a_damaged_model_is_told_as_such(tmp_path, exported):
    (tmp_path / "m.safetensors").write_bytes(b"{}")
    with pytest.raises(ModelError, match="not a model file"):
        exported(tmp_path / "m.safetensors")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left"), "disk of .* is full"),
        (OSError(errno.EROFS, "Read-only file system"), "cannot be written to"),
        (OSError(errno.EIO, "Input/output error"), "could not be written: Input/output error"),
        (MemoryError(), "GB of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "GB of memory"),
        (RuntimeError("no such operator"), "could not be written as onnx: no such operator"),
    ],
)
def test_what_fails_while_writing_is_a_sentence_and_leaves_nothing(tmp_path, exported, monkeypatch, error, told):
    def fails(*_):
        raise error

    monkeypatch.setattr(export, "write_onnx", fails)
    with pytest.raises(ExportError, match=told):
        exported(write(tmp_path / "m.safetensors"))
    assert left_in(tmp_path) == ["m.safetensors"]


def test_a_picture_of_one_pixel_a_side_can_be_compared_on(tmp_path):
    model = write(tmp_path / "m.safetensors")
    write_photo(tmp_path / "thin.png", photo(1, 700))
    made = export_model(ExportOrder(model, "onnx", tmp_path / "a.onnx"), [tmp_path / "thin.png"], quiet, Token())
    assert made.comparison.sizes == ((16, 256), (16, 384))


def test_a_model_of_more_than_two_gigabytes_is_not_written_as_onnx(tmp_path, exported, monkeypatch):
    monkeypatch.setattr(export, "LARGEST_BYTES", 1000)
    with pytest.raises(ExportError, match="too large for ONNX"):
        exported(write(tmp_path / "m.safetensors"))


def test_a_disk_without_room_for_the_weights_is_told_before_the_work(tmp_path, exported, monkeypatch):
    monkeypatch.setattr(export.shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
    with pytest.raises(ExportError, match=r"is full: m takes \d+ MB"):
        exported(write(tmp_path / "m.safetensors"))


def test_too_little_memory_is_told_before_it_is_taken(tmp_path, exported, monkeypatch):
    monkeypatch.setattr(export.psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))
    with pytest.raises(ExportError, match="GB of memory"):
        exported(write(tmp_path / "m.safetensors"))


def test_texts_that_a_format_could_not_hold_are_made_ones_that_it_can(tmp_path, exported):
    card = small_card("\x00\x01\nn\ufffe", provenance={"licence": "\x7f", "data": "\x02"})
    model = write_small_model(tmp_path / "m.safetensors", card)
    made = exported(model, "openvino")
    assert (made.about["name"], made.about["licence"]) == ("???n?", "?")
    assert openvino_runtime._core.read_model(made.files[0]).get_rt_info(["p2p", "name"]).astype(str) == "???n?"
    halved = small_card("\ud800", provenance={"data": "\udfff"})  # as JSON can say it
    assert all(value.encode("utf-8") for value in describe(halved, "image", "0").values())
    assert "p2p.name" in {entry.key for entry in onnx.load(exported(model).files[0]).metadata_props}


@posix_only
def test_folders_need_no_name_that_is_text(tmp_path, two_pictures):
    model, folder = write(tmp_path / "m.safetensors"), Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    folder.mkdir()
    for format_, suffix in FORMATS.items():
        made = export_model(ExportOrder(model, format_, folder / f"\udcfe{suffix}"), two_pictures[:1], quiet, Token())
        assert all(file.exists() for file in made.files)
