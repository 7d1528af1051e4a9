"""docs/export.md: its code is run as it stands, and gives the program's picture."""

import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from p2p_desktop import load
from p2p_desktop.inference.export import SUFFIXES, ExportOrder, export_model
from p2p_desktop.inference.exported_card import describe
from p2p_desktop.paths import resources
from tests.models_for_tests import small_card
from training.contract.pictures import read_picture
from training.contract.progress import Token

TEXT = (Path(__file__).parents[2] / "docs" / "export.md").read_text(encoding="utf-8")
EXAMPLE = resources() / "examples" / "old-college.jpg"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the code of the page has been run: the model in both formats, a picture whose sides are no multiples, results."""
    folder = tmp_path_factory.mktemp("doc")
    for format_, suffix in SUFFIXES.items():
        order = ExportOrder(resources() / "models" / "deblur.safetensors", format_, folder / f"deblur{suffix}")
        export_model(order, [EXAMPLE], lambda event: None, Token())
    picture = cv2.imread(str(EXAMPLE))[:501, :333]
    cv2.imwrite(str(folder / "photo.png"), picture)
    shutil.move(folder / "photo.png", folder / "photo.jpg")  # read by its content: nothing is lost on the way
    return folder


def test_the_code_of_the_page_gives_the_picture_of_the_program(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/export.md", "exec"), names)  # the page's own words, not a copy of them
    assert capsys.readouterr().out == "CC BY-SA 4.0\n"
    rgb = read_picture(folder / "photo.jpg").pixels
    with load("deblur", device="cpu") as translate:
        expected = translate(rgb).astype(int)
    for name in ("with-onnxruntime.png", "with-openvino.png"):
        made = read_picture(folder / name).pixels
        assert made.shape == rgb.shape
        difference = np.abs(made - expected)
        assert difference.max() <= 1
        assert (difference > 0).mean() < 1e-3
    assert np.abs(expected - rgb).mean() > 0.5  # the model did something


def test_every_entry_is_told():
    card = small_card("m", encodings=("rgb8", "depth16"), provenance={"licence": "CC0"}, palette=((1,),))
    entries = describe(card, "image", "0")
    told = {name for line in TEXT.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert told == set(entries)
