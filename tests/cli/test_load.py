import subprocess
import sys

import numpy as np
import pytest
import typer

import p2p_desktop
from p2p_desktop.__main__ import wants_window
from p2p_desktop.cli import COMMANDS
from p2p_desktop.cli.app import make_app
from p2p_desktop.paths import resources, user_paths
from p2p_desktop.settings import Settings
from tests.models_for_tests import write_small_model
from tests.picture_files import photo, write_photo
from training.contract.errors import ConfigError, ModelError
from training.contract.pictures import read_picture


def test_load_does_what_convert_does(tmp_path, p2p):
    source = write_photo(tmp_path / "a.png", photo(70, 90))
    assert p2p("convert", source, "-o", tmp_path / "out", "-m", "deblur").code == 0
    with p2p_desktop.load("deblur") as translate:
        assert np.array_equal(translate(read_picture(source).pixels), read_picture(tmp_path / "out" / "a.png").pixels)


def test_load_takes_a_path_and_refuses_the_unknown(tmp_path):
    with p2p_desktop.load(str(write_small_model(tmp_path / "m.safetensors"))) as translate:
        assert translate(photo()).shape == photo().shape
    with pytest.raises(ModelError, match="no model named"):
        p2p_desktop.load("nothing of the kind")


def test_importing_the_package_costs_nothing():
    code = "import sys, p2p_desktop; print([name for name in ('torch', 'openvino', 'cv2', 'numpy') if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("place", ["package", "checkout", "frozen"])
def test_resources_are_found_in_every_kind_of_installation(tmp_path, place):
    package = tmp_path / "code" / "p2p_desktop"
    expected = {
        "package": package / "resources",
        "checkout": tmp_path / "code" / "resources",
        "frozen": tmp_path / "frozen" / "resources",
    }[place]
    (expected / "models").mkdir(parents=True)
    assert resources(package, str(tmp_path / "frozen")) == expected


def test_the_names_of_all_commands_are_in_one_place():
    assert set(typer.main.get_command(make_app()).commands) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_one_where_a_folder_is_called_like_it(tmp_path, monkeypatch, name):
    (tmp_path / name).mkdir()
    (tmp_path / "check").mkdir()
    monkeypatch.chdir(tmp_path)
    assert not wants_window([name])
    assert not wants_window([name, "check"])
    assert wants_window([f"./{name}"])


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], True),
        (["Trip"], True),
        (["Trip", "missing.jpg"], True),  # the window tells what is missing
        (["missing.jpg", "Trip"], False),
        (["Trip", "-o", "out"], False),
        (["--help"], False),
        ([""], False),
        (["x" * 300], False),
        (["convrt", "Trip"], False),
    ],
)
def test_files_and_folders_mean_the_window(tmp_path, monkeypatch, words, wanted):
    (tmp_path / "Trip").mkdir()
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    assert wants_window(words) == wanted


def test_missing_resources_are_a_sentence(tmp_path):
    with pytest.raises(ConfigError, match="Install it again"):
        resources(tmp_path / "p2p_desktop")


def test_one_variable_moves_everything(user_home):
    paths = user_paths()
    assert all(str(path).startswith(str(user_home)) for path in (paths.data, paths.config, paths.cache, paths.logs))


def test_settings_survive_the_trip_and_bad_ones_give_defaults(tmp_path):
    path = tmp_path / "deep" / "settings.json"
    Settings(device="cpu", memory_mb=512).write(path)
    assert Settings.read(path) == Settings(device="cpu", memory_mb=512)
    path.write_text('{"device": 7, "memory_mb": 256, "from_the_future": true}')
    assert Settings.read(path) == Settings(memory_mb=256)
    path.write_text("{")
    assert Settings.read(path) == Settings()
    assert path.read_text() == "{"  # a person may mend it
