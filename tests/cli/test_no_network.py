"""Nothing leaves the computer (design 6): importing openvino phones home unless it is kept from it, and only where CI is unset."""

import os
import subprocess
import sys

import pytest

from tests.live.clips import write_clip
from tests.models_for_tests import write_small_model
from tests.picture_files import write_photo

GUARDED = """
import socket, sys
def refused(*arguments, **options):
    print("NETWORK", arguments, file=sys.stderr, flush=True)
    raise OSError("no network here")
for name in ("getaddrinfo", "gethostbyname", "create_connection"):
    setattr(socket, name, refused)
socket.socket.connect = refused
socket.socket.connect_ex = refused
socket.socket.sendto = refused
from p2p_desktop.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def files_below(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def run_guarded(tmp_path, *words):
    """Run a command with an empty HOME, CI unset, and every way into the network closed and watched."""
    home, ours = tmp_path / "home", tmp_path / "ours"
    home.mkdir(exist_ok=True)
    environment = {key: value for key, value in os.environ.items() if key not in ("CI", "GITHUB_ACTIONS", "BUILD_ID")}
    environment |= {"HOME": str(home), "USERPROFILE": str(home), "P2P_DESKTOP_HOME": str(ours)}
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        environment.pop(name, None)
    result = subprocess.run(
        [sys.executable, "-c", GUARDED, *words], env=environment, cwd=home, capture_output=True, text=True, timeout=240, check=False
    )
    return result, home


def test_a_conversion_asks_no_network_and_writes_nowhere_else(tmp_path):
    write_photo(tmp_path / "in" / "a.png")
    model = write_small_model(tmp_path / "m.safetensors")
    before = files_below(tmp_path)
    for runtime in ("openvino", "torch"):
        out = tmp_path / f"out-{runtime}"
        result, home = run_guarded(
            tmp_path, "convert", str(tmp_path / "in"), "-o", str(out), "-m", str(model), "--runtime", runtime, "--device", "cpu"
        )
        assert result.returncode == 0, result.stderr
        assert "NETWORK" not in result.stderr
        assert [path.name for path in files_below(out)] == ["a.png"]
    assert files_below(home) == []
    added = set(files_below(tmp_path)) - set(before)
    assert {path.relative_to(tmp_path).parts[0] for path in added} == {"ours", "out-openvino", "out-torch"}


def test_watching_a_video_asks_no_network_and_writes_nowhere_else(tmp_path):
    model = write_small_model(tmp_path / "m.safetensors")
    clip = write_clip(tmp_path / "clip.mp4", 10)
    result, home = run_guarded(
        tmp_path, "live", "--camera", str(clip), "-m", str(model), "--device", "cpu", "--record", str(tmp_path / "out.mp4")
    )
    assert result.returncode == 0, result.stderr
    assert "NETWORK" not in result.stderr
    assert files_below(home) == []
    assert {path.name for path in tmp_path.iterdir()} == {"m.safetensors", "clip.mp4", "out.mp4", "home", "ours"}


@pytest.mark.slow
def test_an_export_asks_no_network_and_writes_nowhere_else(tmp_path):
    model = write_small_model(tmp_path / "m.safetensors")
    for format_, name in (("onnx", "a.onnx"), ("openvino", "a.xml")):
        result, home = run_guarded(tmp_path, "models", "export", str(model), "--to", format_, "-o", str(tmp_path / name))
        assert result.returncode == 0, result.stderr
        assert "NETWORK" not in result.stderr
    assert files_below(home) == []
    found = {path.relative_to(tmp_path).parts[0] for path in files_below(tmp_path)}
    assert found == {"m.safetensors", "a.onnx", "a.xml", "a.bin", "ours"}


def test_the_guard_would_notice(tmp_path):
    """The test above must be able to fail."""
    code = GUARDED.replace("from p2p_desktop.__main__ import main", "socket.getaddrinfo('example.org', 80)")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert "NETWORK" in result.stderr
    assert result.returncode != 0


def test_openvino_is_imported_without_its_telemetry(tmp_path):
    code = (
        "import p2p_desktop.inference.openvino_runtime, sys\n"
        "assert 'openvino' in sys.modules\n"
        "assert sys.modules['openvino_telemetry'] is None\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
