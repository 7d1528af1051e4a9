"""The settings file: what a person chose survives, whatever happens to the file."""

import json
import os
from dataclasses import asdict

import psutil
import pytest

from p2p_desktop.settings import FORMAT_VERSION, Settings

CHOSEN = Settings(
    device="cuda:1",
    runtime="torch",
    memory_mb=512,
    threads=1,
    theme="dark",
    surround="black",
    output="/pictures/out",
    models_folder="/pictures/models",
    keep_metadata=False,
    keep_awake=False,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "config" / "settings.json"


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def put_aside(path):
    return list(path.parent.glob("settings.json.*.unusable"))


@pytest.mark.skipif(os.name == "nt", reason="the folders of CHOSEN are those of other systems")
def test_every_value_survives_the_trip(path):
    assert all(value != getattr(Settings(), key) for key, value in asdict(CHOSEN).items())
    CHOSEN.write(path)
    assert Settings.read_and_tell(path) == (CHOSEN, "")


def test_no_file_is_no_problem(path):
    assert Settings.read_and_tell(path) == (Settings(), "")


@pytest.mark.parametrize("text", ["{", "", "[1, 2]", '"settings"', "[" * 100_000, "\udcff"], ids=range(6))
def test_a_damaged_file_is_told_and_outlives_the_next_write(path, text):
    put(path, "").write_bytes(text.encode("utf-8", "surrogateescape"))
    before = path.read_bytes()
    settings, problem = Settings.read_and_tell(path)
    assert settings == Settings()
    assert str(path) in problem
    assert "damaged" in problem
    assert path.read_bytes() == before  # a person may mend it
    Settings(theme="dark").write(path)
    assert [aside.read_bytes() for aside in put_aside(path)] == [before]
    assert Settings.read_and_tell(path) == (Settings(theme="dark"), "")


def test_a_newer_file_is_used_as_far_as_it_is_known_and_kept_beside(path):
    newer = {"version": FORMAT_VERSION + 1, "theme": "sepia", "keep_awake": False, "haptics": {"strength": 3}}
    put(path, json.dumps(newer))
    settings, problem = Settings.read_and_tell(path)
    assert settings == Settings(keep_awake=False)
    assert "newer version" in problem
    Settings(keep_awake=False, threads=1).write(path)
    Settings(keep_awake=False).write(path)
    assert [json.loads(aside.read_text()) for aside in put_aside(path)] == [newer]  # once, not at every write
    written = json.loads(path.read_text())
    assert written["haptics"] == {"strength": 3}
    assert written["theme"] == "system"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("theme", "pink"),
        ("theme", 1),
        ("surround", "green"),
        ("runtime", "tensorflow"),
        ("device", ""),
        ("device", "cuda:x"),
        ("threads", -1),
        ("threads", (os.cpu_count() or 1) + 1),
        ("threads", True),
        ("threads", 1.0),
        ("memory_mb", -1),
        ("memory_mb", (psutil.virtual_memory().total >> 20) + 1),
        ("memory_mb", 10**30),
        ("output", "somewhere/relative"),
        ("output", "/bad\0name"),
        ("models_folder", None),
        ("keep_metadata", 0),
        ("keep_awake", "yes"),
    ],
)
def test_a_value_out_of_range_costs_only_itself(path, key, value):
    put(path, json.dumps({"version": FORMAT_VERSION, "theme": "dark", "keep_awake": False} | {key: value}))
    expected = {"theme": "dark", "keep_awake": False} | {key: getattr(Settings(), key)}
    assert Settings.read_and_tell(path) == (Settings(**expected), "")


def test_what_did_not_change_is_not_written(path):
    Settings(theme="dark").write(path)
    os.utime(path, ns=(1, 1))
    Settings(theme="dark").write(path)
    assert path.stat().st_mtime_ns == 1
    Settings(theme="light").write(path)
    assert path.stat().st_mtime_ns != 1
    assert [file.name for file in path.parent.iterdir()] == ["settings.json"]


def test_what_cannot_be_read_is_not_written_over(path):
    path.mkdir(parents=True)  # stands for a file that this user may not read, which root always may
    (path / "kept").touch()
    settings, problem = Settings.read_and_tell(path)
    assert settings == Settings()
    assert "cannot be read" in problem
    with pytest.raises(IsADirectoryError):
        Settings(theme="dark").write(path)
    assert (path / "kept").exists()
