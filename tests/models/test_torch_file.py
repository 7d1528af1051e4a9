"""What PyTorch files hold is read without PyTorch, and nothing that they name is ever called."""

import io
import os
import pickle
import random
import resource
import struct
import sys
import zipfile
from argparse import Namespace
from collections import OrderedDict, defaultdict

import numpy as np
import pytest
import torch

from p2p_desktop.models.torch_file import TorchFile, tensors_in
from training.contract.errors import ModelError

LAYOUTS = pytest.mark.parametrize("layout", ["archive", "row of pickles"])


def save(content, path, layout="archive"):
    torch.save(content, path, _use_new_zipfile_serialization=layout == "archive")
    return path


def read(path):
    """Every tensor of a file by the words that lead to it."""
    with TorchFile(path) as opened:
        return {
            ".".join((*where, name)): opened.read(tensor)
            for where, tensors in tensors_in(opened.content)
            for name, tensor in tensors.items()
        }


@LAYOUTS
@pytest.mark.parametrize("kind", ["float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"])
def test_numbers_of_every_kind_come_back(tmp_path, layout, kind):
    tensor = (torch.arange(-12, 12).reshape(2, 3, 4) * 3).to(getattr(torch, kind))
    found = read(save({"a": tensor, "b": torch.zeros((), dtype=tensor.dtype)}, tmp_path / "x.pth", layout))
    assert np.array_equal(found["a"], tensor.numpy())
    assert found["b"].shape == ()


@LAYOUTS
def test_short_floats_become_floats(tmp_path, layout):
    tensor = torch.randn(5, 7).bfloat16()
    found = read(save({"a": tensor}, tmp_path / "x.pth", layout))
    assert np.array_equal(found["a"], tensor.float().numpy())


@LAYOUTS
def test_views_turned_and_shared_tensors_come_back(tmp_path, layout):
    base = torch.arange(48.0).reshape(6, 8)
    content = {"turned": base.t(), "part": base[2:4, 3:7], "whole": base, "empty": base[:0], "one": base[5, 7]}
    found = read(save(content, tmp_path / "x.pth", layout))
    for name, tensor in content.items():
        assert np.array_equal(found[name], tensor.numpy()), name


@LAYOUTS
def test_what_trainings_keep_beside_the_weights_is_read_over(tmp_path, layout):
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.rand(2, 3, 8, 8)).sum().backward()
    optimizer.step()
    content = {
        "epoch": 7,
        "net": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "opt": Namespace(name="mine", betas=(0.5, 0.999), size=torch.Size([1, 2])),
        "parameters": OrderedDict(network.named_parameters()),
        "loss": np.float64(0.5),
        "history": defaultdict(list, {"g": [1.0]}),
        "kind": torch.float32,
    }
    found = read(save(content, tmp_path / "x.pth", layout))
    assert np.array_equal(found["net.0.weight"], network[0].weight.detach().numpy())
    assert np.array_equal(found["parameters.0.weight"], network[0].weight.detach().numpy())


class Bomb:
    """Whoever unpickles it makes a folder."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


class Remembering(Bomb):
    """Its state is a call."""

    def __reduce__(self):
        return Namespace, (), {"a": Bomb(self.path)}


def call_of(path):
    """The ways that pickles have of calling os.mkdir(path), by hand."""
    name = str(path).encode()
    text = b"\x8c" + bytes([len(name)]) + name
    word = lambda value: b"\x8c" + bytes([len(value)]) + value  # noqa: E731
    return {
        "GLOBAL and REDUCE": b"\x80\x02cposix\nmkdir\n" + b"(" + text + b"tR.",
        "STACK_GLOBAL": b"\x80\x04" + word(b"posix") + word(b"mkdir") + b"\x93" + text + b"\x85R.",
        "INST": b"(" + text + b"iposix\nmkdir\n.",
        "OBJ": b"(cposix\nmkdir\n" + text + b"o.",
        "NEWOBJ": b"\x80\x02cposix\nmkdir\n" + text + b"\x85\x81.",
        "NEWOBJ_EX": b"\x80\x04cposix\nmkdir\n" + text + b"\x85}\x92.",
        "EXT1": b"\x80\x02\x82\x01" + text + b"\x85R.",
        "EXT2": b"\x80\x02\x83\x01\x00" + text + b"\x85R.",
        "EXT4": b"\x80\x02\x84\x01\x00\x00\x00" + text + b"\x85R.",
        "builtins.eval": b"cbuiltins\neval\n(" + word(b"__import__('os').mkdir('" + name + b"')") + b"tR.",
        "getattr": b"cbuiltins\ngetattr\n(cos\nsystem\n" + word(b"__call__") + b"tR.",
        "dotted": b"\x80\x04" + word(b"os") + word(b"path.os.mkdir") + b"\x93" + text + b"\x85R.",
        "an allowed name of another module": b"cos\nOrderedDict\n(tR.",
        "a result called": b"ccollections\nOrderedDict\n)R" + text + b"\x85R.",
        "text PERSID": b"Pposix.mkdir\n.",
        "state": b"\x80\x02cargparse\nNamespace\n)\x81cposix\nmkdir\n" + text + b"\x85Rb.",
        "BYTEARRAY8": b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b".",
        "NEXT_BUFFER": b"\x80\x05\x97.",
    }


ROUTES = list(call_of("x"))


def archive_of(path, pickled, **entries):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        for name, data in entries.items():
            archive.writestr(f"archive/data/{name}", data)
    return path


@pytest.mark.parametrize("route", ROUTES)
@LAYOUTS
def test_no_way_of_calling_a_function_calls_it(tmp_path, layout, route):
    target, path = tmp_path / "made", tmp_path / "x.pth"
    evil = call_of(target)[route]
    if layout == "archive":
        archive_of(path, evil)
    else:
        path.write_bytes(pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({}, 2) + evil)
    with pytest.raises(ModelError, match=r"Nothing of it was run|damaged"):
        TorchFile(path)
    assert not target.exists()


@pytest.mark.parametrize("bomb", [Bomb, Remembering])
@pytest.mark.parametrize("protocol", range(6))
def test_objects_that_call_when_they_are_unpickled_do_not(tmp_path, bomb, protocol):
    target = tmp_path / "made"
    path = archive_of(tmp_path / "x.pth", pickle.dumps({"model": bomb(target)}, protocol))
    with pytest.raises(ModelError):
        TorchFile(path)
    assert not target.exists()


def test_a_whole_network_is_told_apart_and_how_to_save_it(tmp_path):
    path = save(torch.nn.Conv2d(3, 3, 3), tmp_path / "x.pth")
    with pytest.raises(ModelError, match="state_dict"):
        TorchFile(path)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x80\x02.", b"hello", b"\x89PNG\r\n", bytes(4096), b"\x80\x02" + b"(" * 100]
)
def test_what_is_no_such_file_is_said_to_be_none(tmp_path, content):
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"x\.pth"):
        TorchFile(path)


def test_missing_files_and_folders_are_said_to_be_so(tmp_path):
    for path in (tmp_path / "no.pth", tmp_path):
        with pytest.raises(ModelError, match="cannot be read"):
            TorchFile(path)


@LAYOUTS
def test_a_truncated_file_says_so(tmp_path, layout):
    whole = save({"a": torch.randn(64, 64)}, tmp_path / "x.pth", layout).read_bytes()
    for share in (0.1, 0.5, 0.9, 0.999):
        (tmp_path / "x.pth").write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(ModelError):
            read(tmp_path / "x.pth")


def test_compressed_archives_are_refused_before_they_unfold(tmp_path):
    path = tmp_path / "x.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))
        archive.writestr("archive/data/0", bytes(100_000_000))
    with pytest.raises(ModelError, match="compressed"):
        TorchFile(path)


def rebuilt(items, shape, stride=None, offset=0):
    """The pickle of one tensor, as PyTorch writes it, with any numbers."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            return ("storage", torch.FloatStorage, "0", "cpu", items) if thing == "here" else None

    class Rebuilt:
        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, ("here", offset, shape, stride or (1,) * len(shape), False, OrderedDict())

    file = io.BytesIO()
    Pickler(file, 2).dump({"a": Rebuilt()})
    return file.getvalue()


@pytest.mark.parametrize(
    "told",
    [
        {"items": 5_000_000_000, "shape": (5_000_000_000,)},
        {"items": 4, "shape": (5_000_000_000,), "stride": (0,)},
        {"items": 4, "shape": (5,)},
        {"items": 4, "shape": (2, 2), "stride": (3, 1)},
        {"items": 4, "shape": (2,), "offset": 3},
        {"items": 4, "shape": (-2,)},
        {"items": 4, "shape": (2,), "stride": (-1,), "offset": 1},
        {"items": 4, "shape": (1,) * 20},
    ],
)
def test_tensors_larger_than_the_file_take_no_memory(tmp_path, told):
    path = archive_of(tmp_path / "x.pth", rebuilt(**told), **{"0": bytes(16)})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError):
        read(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KB


def test_a_description_that_folds_itself_up_does_not_unfold(tmp_path):
    """Each list holds the one before it twice: 2^60 elements in some hundred bytes; and one holds itself."""
    pickled = b"\x80\x02]q\x00" + b"".join(b"(h" + bytes([n]) + b"h" + bytes([n]) + b"lq" + bytes([n + 1]) for n in range(60))
    path = archive_of(tmp_path / "x.pth", pickled + b"]q\xffh\xffa0.")
    assert read(path) == {}


def test_a_dictionary_made_of_one_list_again_and_again_is_refused(tmp_path):
    pairs = pickle.dumps([[number, number] for number in range(20_000)], 2)[:-1]
    pickled = pairs + b"q\xff" + b"ccollections\nOrderedDict\nh\xff\x85R" * 2000 + b"."
    with pytest.raises(ModelError, match="longer"):
        TorchFile(archive_of(tmp_path / "x.pth", pickled))


def mutate(data, rng):
    """Some bytes other than they were: changed, cut out, put in, or moved."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        place = rng.randrange(len(data))
        match rng.randrange(4):
            case 0:
                data[place] = rng.randrange(256)
            case 1:
                del data[place : place + rng.randrange(1, 40)]
            case 2:
                data[place:place] = rng.randbytes(rng.randrange(1, 12))
            case 3:
                data[place : place + 4] = rng.choice((b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"R.b0", b"\x93\x81\x85R"))
        if not data:
            return b""
    return bytes(data)


def try_mutations(tmp_path, layout, number, seed):
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.BatchNorm2d(2))
    whole = save({"net": network.state_dict(), "opt": Namespace(a=1)}, tmp_path / "whole.pth", layout).read_bytes()
    rng, path = random.Random(seed), tmp_path / "x.pth"
    for _ in range(number):
        path.write_bytes(mutate(whole, rng))
        try:
            read(path)
        except ModelError:
            continue


@LAYOUTS
def test_mutated_files_are_read_or_refused(tmp_path, layout):
    try_mutations(tmp_path, layout, 300, seed=1)


@pytest.mark.slow
@LAYOUTS
def test_ten_thousand_mutated_files_are_read_or_refused(tmp_path, layout):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try_mutations(tmp_path, layout, 10_000, seed=2)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KB


def test_reading_needs_no_torch():
    import subprocess

    code = "import sys; import p2p_desktop.models.torch_file; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
