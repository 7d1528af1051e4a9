"""Models get other names, go and come back; what lies about in the folders does no harm."""

import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from p2p_desktop.models.library import Library, file_name
from tests.models_for_tests import random_generator, small_card, weights_of, write_small_model
from training.contract.errors import ModelError
from training.contract.model_file import write_model


@pytest.fixture
def library(tmp_path):
    """One shipped model, deblur, and one added, mine."""
    write_small_model(tmp_path / "shipped" / "deblur.safetensors")
    library = Library(tmp_path / "shipped", tmp_path / "data" / "added", tmp_path / "data" / "removed")
    library.add(write_small_model(tmp_path / "mine.safetensors"))
    return library


def names(library):
    return [model.name for model in library.models()]


def test_a_new_name_is_the_files_and_nothing_in_it_changes(library):
    before = library.find("mine").read_bytes()
    path = library.rename("mine", "  Night to day ")
    assert path == library.added / "Night to day.safetensors"
    assert path.read_bytes() == before
    assert names(library) == ["deblur", "Night to day"]


def test_a_name_may_change_its_letters_case_or_stay(library):
    assert library.rename("mine", "Mine").stem == "Mine"
    assert library.rename("Mine", "Mine").stem == "Mine"
    assert names(library) == ["deblur", "Mine"]


@pytest.mark.parametrize("taken", ["other", "OTHER", "Deblur"])
def test_a_name_that_is_taken_is_refused(tmp_path, library, taken):
    library.add(write_small_model(tmp_path / "other.safetensors", seed=1))
    with pytest.raises(ModelError, match=rf"model named {taken} already\. Choose another name\."):
        library.rename("mine", taken)
    assert names(library) == ["deblur", "mine", "other"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "needs a name"),
        ("  ", "needs a name"),
        ("../up", r"\.\./up cannot be the name of a file on every system\. -up can\."),
        ("what?", r"what- can\."),
        (".", r"model can\."),
        ("nul", r"model nul can\."),
        ("Con.sharp", r"model Con\.sharp can\."),
        ("x" * 201, "too long"),
    ],
)
def test_a_name_that_no_file_can_have_is_refused(library, name, sentence):
    with pytest.raises(ModelError, match=sentence):
        library.rename("mine", name)
    assert names(library) == ["deblur", "mine"]


def test_only_models_that_were_added_get_another_name(library):
    with pytest.raises(ModelError, match="deblur came with the program and cannot be renamed"):
        library.rename("deblur", "sharp")
    with pytest.raises(ModelError, match="no model named 'x'"):
        library.rename("x", "y")


def test_a_model_that_was_removed_comes_back(library):
    before = library.find("mine").read_bytes()
    where = library.remove("mine")
    assert names(library) == ["deblur"]
    assert library.restore(where).read_bytes() == before
    assert names(library) == ["deblur", "mine"]
    assert not where.exists()


def test_a_model_comes_back_beside_one_that_took_its_name(tmp_path, library):
    where = library.remove("mine")
    library.add(write_small_model(tmp_path / "other.safetensors", small_card("mine"), seed=1))
    assert library.restore(where).stem == "mine-2"
    assert names(library) == ["deblur", "mine", "mine-2"]


def test_what_is_gone_for_good_cannot_be_brought_back(library):
    where = library.remove("mine")
    where.unlink()
    with pytest.raises(ModelError, match="The model mine could not be brought back: No such file"):
        library.restore(where)


def test_many_that_add_at_a_time_do_not_meet(tmp_path, library):
    sources = [write_small_model(tmp_path / f"new{seed}.safetensors", seed=seed) for seed in range(8)]
    threads = [threading.Thread(target=library.add, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for source in sources:
        assert library.find(source.stem).read_bytes() == source.read_bytes()
    assert not list(library.added.glob(".*"))


def test_a_folder_that_is_none_hides_no_other_models(library):
    added = library.added / "mine.safetensors"
    assert [model.name for model in replace(library, added=added).models()] == ["deblur"]


def test_a_folder_with_the_name_of_a_model_is_a_damaged_model(library):
    (library.added / "odd.safetensors").mkdir()
    odd = library.models()[-1]
    assert (odd.name, odd.card) == ("odd", None)
    assert "cannot be read" in odd.problem


def test_a_model_that_was_cut_is_neither_added_nor_shown_as_good(tmp_path, library):
    whole = write_small_model(tmp_path / "night.safetensors").read_bytes()
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"cut\.safetensors is damaged: parts of it are missing\. Copy or download it again\."):
        library.add(cut)
    assert [path.name for path in library.added.iterdir()] == ["mine.safetensors"]
    cut.rename(library.added / "mine.safetensors")  # as if its disk had lost the end of it
    mine = library.models()[1]
    assert (mine.name, mine.card) == ("mine", None)
    assert "parts of it are missing" in mine.problem


def test_a_model_whose_weights_are_no_numbers_is_not_added_and_leaves_nothing(tmp_path, library):
    card = small_card("night")
    weights = {name: value.copy() for name, value in weights_of(random_generator(card.generator)).items()}
    next(iter(weights.values())).flat[-1] = float("nan")
    write_model(tmp_path / "night.safetensors", card, weights)
    with pytest.raises(ModelError, match=r"^night\.safetensors is damaged: some of its weights are not numbers"):
        library.add(tmp_path / "night.safetensors")
    assert [path.name for path in library.added.iterdir()] == ["mine.safetensors"]


def test_models_are_checked_without_torch(tmp_path):
    code = (
        "import sys; from pathlib import Path; from p2p_desktop.models.library import Library; folder = Path(sys.argv[1]);"
        "library = Library(folder / 'shipped', folder / 'added', folder / 'removed'); library.add(folder / 'm.safetensors');"
        "print(library.models()[0].problem, 'torch' in sys.modules)"
    )
    write_small_model(tmp_path / "m.safetensors")
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("aux", "model aux"), ("COM1.x", "model COM1.x"), ("console", "console"), ("a\ud800b", "a-b"), ("x" * 198 + ". y", "x" * 198)],
)
def test_names_become_file_names_that_every_system_takes(name, expected):
    assert file_name(name) == expected
