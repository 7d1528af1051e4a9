import pytest
import torch

from p2p_desktop.models.library import Library, file_name
from tests.models.reference_networks import UNet
from tests.models_for_tests import small_card, write_small_model
from tests.picture_files import write_photo
from training.contract.errors import ModelError


@pytest.fixture
def library(tmp_path):
    write_small_model(tmp_path / "shipped" / "deblur.safetensors", small_card("deblur"))
    return Library(tmp_path / "shipped", tmp_path / "added", tmp_path / "removed")


def test_models_are_added_under_their_own_name(tmp_path, library):
    path = library.add(write_small_model(tmp_path / "download.safetensors", small_card("My: model/1")))
    assert path.name == "My- model-1.safetensors"
    assert library.find("My- model-1") == path


def test_a_name_that_is_taken_gets_a_number(tmp_path, library):
    first = library.add(write_small_model(tmp_path / "a.safetensors", small_card("deblur"), seed=1))
    second = library.add(write_small_model(tmp_path / "b.safetensors", small_card("Deblur"), seed=2))
    assert (first.stem, second.stem) == ("deblur-2", "Deblur-3")


def test_the_same_file_again_is_found_and_not_copied(tmp_path, library):
    source = write_small_model(tmp_path / "a.safetensors", small_card("new"), seed=1)
    assert library.add(source) == library.add(source)
    assert len(library.models()) == 2


def test_what_is_no_model_is_not_added(tmp_path, library):
    (tmp_path / "a.safetensors").write_text("no model at all")
    with pytest.raises(ModelError, match="not a model file"):
        library.add(tmp_path / "a.safetensors")
    assert not (tmp_path / "added").exists()


def test_removed_models_are_kept_elsewhere(tmp_path, library):
    library.add(write_small_model(tmp_path / "a.safetensors", small_card("new")))
    assert library.remove("new") == tmp_path / "removed" / "new.safetensors"
    assert [model.name for model in library.models()] == ["deblur"]
    library.add(tmp_path / "a.safetensors")
    assert library.remove("new").name == "new-2.safetensors"


def test_shipped_and_unknown_models_cannot_be_removed(library):
    with pytest.raises(ModelError, match="came with the program"):
        library.remove("deblur")
    with pytest.raises(ModelError, match="no model named"):
        library.remove("x")


def test_damaged_models_are_listed_with_their_problem(tmp_path, library):
    (tmp_path / "shipped" / "broken.safetensors").write_bytes(b"")
    broken, good = library.models()
    assert broken.card is None
    assert "not a model file" in broken.problem
    assert good.problem == ""


def test_unknown_names_tell_the_known_ones(library):
    with pytest.raises(ModelError, match=r"no model named 'x'. Models at hand: deblur"):
        library.find("x")
    with pytest.raises(ModelError, match="does not exist"):
        library.find("folder/x.safetensors")


@pytest.mark.parametrize(
    ("name", "expected"), [("  a. ", "a"), ("///", "-"), ("", "model"), ("é" * 300, "é" * 100), ("a\nb", "a-b")]
)
def test_names_become_file_names(name, expected):
    assert file_name(name) == expected


@pytest.mark.slow
def test_the_commands_work_together(tmp_path, p2p):
    source = write_small_model(tmp_path / "a.safetensors", small_card("new", metrics={"psnr": 27.0}, identity={"psnr": 26.0}))
    assert p2p("models", "add", source).out == "Added as new.\n"
    assert p2p("models", "add", source).out == "You already have this model: new.\n"
    listed = {line["name"]: line for line in p2p("models", "list", "--json").lines}
    assert listed["new"]["origin"] == "added"
    assert listed["deblur"]["origin"] == "shipped"
    shown = p2p("models", "show", "new").out
    assert "psnr 27, doing nothing 26" in shown
    assert p2p("models", "show", "new", "--json").lines[0]["size_rule"]["mode"] == "native"
    assert p2p("models", "compile", "new").code == 0
    assert p2p("models", "remove", "new").code == 0
    assert p2p("models", "remove", "new").code == 1
    assert p2p("models", "show", "new").code == 1


@pytest.mark.slow
def test_weights_of_the_reference_program_are_imported_and_can_be_used(tmp_path, p2p):
    network = UNet(3, 3, 5, 4, "batch")
    torch.save(network.state_dict(), tmp_path / "day2night.pth")
    told = p2p("models", "import", tmp_path / "day2night.pth", "--size", "64", "--json").lines[-1]
    assert told["type"] == "imported"
    assert told["name"] == "day2night"
    assert "U-Net of 5 levels" in told["recognised"]
    write_photo(tmp_path / "in.png")
    assert p2p("convert", tmp_path / "in.png", "-o", tmp_path / "out.png", "-m", "day2night").code == 0
    assert (tmp_path / "out.png").exists()


def test_what_is_no_generator_is_not_imported(tmp_path, p2p):
    (tmp_path / "bad.pth").write_bytes(b"no")
    run = p2p("models", "import", tmp_path / "bad.pth")
    assert run.code == 1
    assert "bad.pth" in run.err
    assert p2p("models", "import", tmp_path / "bad.pth", "--direction", "up").code == 2
