"""`p2p-desktop models export` as a person meets it."""

import json
import os
import shutil
import signal
import subprocess
import sys

import onnxruntime
import pytest

from tests.models_for_tests import small_card, write_small_model
from training.contract.spec import unet

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="file systems of one's own are Linux's")


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def model(tmp_path):
    card = small_card("m", unet(3, 3, 3, width=8, dropout="none"), provenance={"licence": "CC BY 4.0"})
    return write_small_model(tmp_path / "m.safetensors", card, gain=3.0)


@pytest.mark.slow
def test_a_shipped_model_is_exported_by_its_name(p2p, out):
    run = p2p("models", "export", "deblur", "--to", "onnx", "-o", out / "deblur.onnx")
    assert (run.code, run.err) == (0, "")
    assert str(out / "deblur.onnx") in run.out
    assert "with torch on 6 pictures at 256 x 256 and 384 x 256 pixels: at most 0.00" in run.out
    assert "multiples of 16" in run.out
    assert "CC BY-SA 4.0" in run.out
    onnxruntime.InferenceSession(out / "deblur.onnx")
    assert left_in(out) == ["deblur.onnx"]


def test_json_tells_progress_and_what_was_made(p2p, out, model):
    run = p2p("models", "export", model, "--to", "openvino", "-o", out / "a.xml", "--statistics", "image", "--json")
    assert run.code == 0, run.err
    *steps, made = run.lines
    assert [(step["type"], step["what"], step["done"], step["total"]) for step in steps] == [
        ("progress", "writing", 0, 6),
        *(("progress", "comparing with torch", done, 6) for done in range(7)),
    ]
    assert (made["type"], made["name"], made["format"], made["path"]) == ("exported", "m", "openvino", str(out / "a.xml"))
    assert made["files"] == [str(out / "a.xml"), str(out / "a.bin")]
    assert made["bytes"] == sum((out / name).stat().st_size for name in ("a.xml", "a.bin"))
    assert made["compared"]["pictures"] == 6
    assert made["compared"]["sizes"] == [[256, 256], [256, 384]]
    assert 0 < made["compared"]["worst_grey_levels"] < 0.05
    assert made["about"]["statistics"] == "image"


def test_what_cannot_be_is_told_with_its_exit_code(p2p, out, model):
    cases = [
        (("no-such", "--to", "onnx", "-o", out / "a.onnx"), 1, "no model named 'no-such'"),
        ((model, "--to", "tensorrt", "-o", out / "a.onnx"), 2, "Choose onnx or openvino"),
        ((model, "--to", "onnx", "-o", out / "a.onnx", "--existing", "rename"), 2, "stop or overwrite"),
        ((model, "--to", "onnx", "-o", out / "no" / "a.onnx"), 1, "does not exist"),
    ]
    for words, code, told in cases:
        run = p2p("models", "export", *words)
        assert (run.code, run.out) == (code, ""), words
        assert told in run.err, words
        assert "Traceback" not in run.err
    assert left_in(out) == []


def test_a_file_in_the_way_is_replaced_only_on_demand(p2p, out, model):
    (out / "a.onnx").write_bytes(b"theirs")
    words = ("models", "export", model, "--to", "onnx", "-o", out / "a.onnx")
    run = p2p(*words)
    assert run.code == 1
    assert "exists already" in run.err
    assert (out / "a.onnx").read_bytes() == b"theirs"
    assert p2p(*words, "--existing", "overwrite").code == 0
    onnxruntime.InferenceSession(out / "a.onnx")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_the_middle_it_leaves_nothing(out, model, number, code):
    words = [
        sys.executable,
        "-m",
        "p2p_desktop",
        "models",
        "export",
        str(model),
        "--to",
        "onnx",
        "-o",
        str(out / "a.onnx"),
        "--json",
    ]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for line in child.stdout:
        if json.loads(line)["what"] == "comparing with torch":
            assert [name[:12] for name in left_in(out)] == [".p2p-export-"]
            child.send_signal(number)
            break
    _, told = child.communicate(timeout=120)
    assert (child.returncode, told) == (code, b"")
    assert left_in(out) == []


def mounted(folder, options):
    """What to put before a command so that `folder` is a file system of its own to it; skip where nobody may."""
    mount = f'mount -t tmpfs -o {options} none {folder} && exec "$@"'
    before = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    if shutil.which("unshare") is None or subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs a mount namespace")
    return before


@linux_only
@pytest.mark.parametrize(("file", "options", "told"), [("a.onnx", "size=64k", "is full"), ("a.xml", "ro", "cannot be written to")])
def test_a_disk_that_takes_nothing_is_a_sentence(out, model, file, options, told):
    to = "onnx" if file == "a.onnx" else "openvino"
    command = [sys.executable, "-m", "p2p_desktop", "models", "export", str(model), "--to", to, "-o", str(out / file)]
    run = subprocess.run(
        [*mounted(out, options), *command], capture_output=True, text=True, timeout=120, check=False, env=os.environ
    )
    assert run.returncode == 1
    assert told in run.stderr
    assert "Traceback" not in run.stderr


@linux_only
@pytest.mark.parametrize("file", ["a.onnx", "a.xml"])
def test_a_disk_that_fills_up_while_it_is_written_is_a_sentence_and_holds_nothing(out, model, file):
    """The room was there when it was asked for."""
    code = (
        "import sys, os\n"
        "from pathlib import Path\n"
        "from p2p_desktop.inference import export\n"
        "from training.contract.progress import Token\n"
        "export._check_room = lambda order, num_bytes: None\n"
        "format_, model, target = sys.argv[1:]\n"
        "try:\n"
        "    export.export_model(export.ExportOrder(Path(model), format_, Path(target)), [], lambda event: None, Token())\n"
        "except export.ExportError as error:\n"
        "    print(error, os.listdir(Path(target).parent))\n"
    )
    to = "onnx" if file == "a.onnx" else "openvino"
    command = [*mounted(out, "size=40k"), sys.executable, "-c", code, to, str(model), str(out / file)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.stdout == f"The disk of {out} is full. Free some space, or choose another folder. []\n", run.stderr
