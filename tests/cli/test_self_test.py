"""The program's test of itself: each part that does not do what it should is a finding with its own words."""

import json
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from p2p_desktop.cli import self_test as tested
from p2p_desktop.cli.self_test import STORED, Commands, self_test, translate_example, try_model
from p2p_desktop.models.library import Library
from p2p_desktop.network_guard import FORBID_VARIABLE, read_watched
from p2p_desktop.paths import resources


class Saying(Commands):
    """Children that do as a script says."""

    def __init__(self, script: str) -> None:
        self.script = script

    def own(self, *words: str) -> list[str]:
        return [sys.executable, "-c", self.script, *words]


@pytest.fixture
def library(tmp_path):
    return Library(resources() / "models", tmp_path / "added", tmp_path / "removed")


@pytest.fixture
def no_models(tmp_path):
    return Library(tmp_path / "shipped", tmp_path / "added", tmp_path / "removed")


def shipped(library, name):
    return next(model for model in library.models() if model.name == name)


@pytest.fixture
def own_resources(tmp_path, monkeypatch):
    """A copy of what ships, to spoil."""
    copy = tmp_path / "resources"
    for name in (STORED, "examples"):
        shutil.copytree(resources() / name, copy / name)
    monkeypatch.setattr(tested, "resources", lambda: copy)
    return copy


@pytest.mark.parametrize("name", [pytest.param("colorize", marks=pytest.mark.slow), "deblur", "fill-depth"])
def test_stored_pictures_are_what_the_shipped_models_make(library, name, tmp_path):
    """Where a model was exchanged: `python docs/make_self_test.py` makes them anew."""
    stored = cv2.imread(str(resources() / STORED / f"{name}.png"), cv2.IMREAD_UNCHANGED)
    stored = stored[..., ::-1] if stored.ndim == 3 else stored[..., None]
    made = translate_example(shipped(library, name), "torch", tmp_path)
    assert made.dtype == stored.dtype
    assert np.abs(made.astype(int) - stored).max() <= 1


def test_a_model_that_makes_something_else_is_found(library, own_resources, tmp_path):
    file = own_resources / STORED / "deblur.png"
    picture = cv2.imread(str(file))
    picture[40:80] = 255 - picture[40:80]
    cv2.imwrite(str(file), picture)
    with pytest.raises(tested.PartFailed, match=r"differs .* grey levels, in 2\d\.\d% of the values"):
        list(try_model(shipped(library, "deblur"), tmp_path))


def test_a_stored_picture_that_is_missing_is_named(library, own_resources, tmp_path):
    (own_resources / STORED / "deblur.png").unlink()
    with pytest.raises(tested.PartFailed, match=r"deblur\.png"):
        list(try_model(shipped(library, "deblur"), tmp_path))


def test_parts_that_end_badly_are_told_with_their_last_words(no_models):
    found = {finding.subject: finding for finding in self_test(no_models, commands=Saying("raise SystemExit('no plugin here')"))}
    for part in ("test window", "test trainer"):
        assert found[part].state == "failed"
        assert "code 1" in found[part].message
        assert "no plugin here" in found[part].message
        assert found[part].remedy
    assert found["test network"].state == "ok"


def test_a_part_that_says_nothing_of_what_it_did_has_failed(no_models):
    found = {finding.subject: finding for finding in self_test(no_models, commands=Saying(""))}
    assert found["test window"].state == "failed"
    assert found["test trainer"].state == "failed"


def test_a_part_that_cannot_be_started_is_a_finding(no_models):
    class Missing(Commands):
        def own(self, *words: str) -> list[str]:
            return [str(Path("/nowhere/p2p-desktop")), *words]

    found = {finding.subject: finding for finding in self_test(no_models, commands=Missing())}
    assert found["test window"].state == "failed"


def test_a_part_that_hangs_is_ended(no_models, monkeypatch):
    monkeypatch.setattr(tested, "TIME_LIMIT", 0.5)
    found = {finding.subject: finding for finding in self_test(no_models, commands=Saying("import time; time.sleep(600)"))}
    assert "did not end" in found["test window"].message
    assert "did not end" in found["test trainer"].message


def test_whoever_wants_to_use_the_network_is_refused_and_named(no_models):
    script = (
        "import sys; sys.argv = ['x', 'models', 'list']\n"
        "from p2p_desktop.__main__ import main\n"
        "main(['models', 'list'])\n"
        "import socket; socket.getaddrinfo('example.org', 443)"
    )
    found = {finding.subject: finding for finding in self_test(no_models, commands=Saying(script))}
    assert "The network is closed" in found["test window"].message
    assert found["test network"].state == "failed"
    assert "example.org" in found["test network"].message


def test_the_loopback_stays_open(p2p, tmp_path):
    attempts = tmp_path / "attempts"
    ended = p2p("models", "list", **{FORBID_VARIABLE: str(attempts)})
    assert ended.code == 0
    watched = read_watched(attempts)
    assert len(watched.processes) == 1
    assert not watched.attempts


def test_the_window_opens_each_page(p2p):
    ended = p2p("window-check", QT_QPA_PLATFORM="offscreen")
    assert ended.code == 0, ended.err
    lines = [json.loads(line) for line in ended.out.splitlines() if line.startswith("{")]
    assert [line["page"] for line in lines if line["type"] == "page"] == ["convert", "live", "train", "models", "settings"]
    assert 0 < lines[0]["first_paint_ms"] < 60_000


@pytest.mark.slow
def test_pages_are_kept_as_pictures(p2p, tmp_path):
    assert p2p("window-check", "--save", tmp_path / "pages", QT_QPA_PLATFORM="offscreen").code == 0
    pages = [cv2.imread(str(file)) for file in (tmp_path / "pages").glob("*.png")]
    assert len(pages) == 5
    assert all(page.std() > 1 for page in pages)
