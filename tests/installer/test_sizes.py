import random
from pathlib import Path

import pytest

from resources.installer.contents import Content
from resources.installer.sizes import LARGE, STRIDE, measure, packed_size, size_table


@pytest.fixture
def frozen(site, tmp_path):
    """A frozen program: a library of a distribution, a model of ours, an executable, and a link that counts nothing."""
    site.install("one", {"one/lib.so": ""})
    root = tmp_path / "checkout"
    folder = tmp_path / "dist"
    sources = {
        "_internal/one/lib.so": (site.folder / "one/lib.so", LARGE + 1),
        "_internal/one/small.so": (tmp_path / "unknown.so", 7),
        "_internal/resources/models/a.safetensors": (root / "resources/models/a.safetensors", 3000),
        "_internal/resources/clips/a.mp4": (root / "resources/clips/a.mp4", 200),
        "p2p-desktop": (tmp_path / "build/p2p-desktop", 10_000),
    }
    for path, (_, num_bytes) in sources.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(bytes(num_bytes))
    (folder / "_internal/lib.so").symlink_to("one/lib.so")
    contents = [Content(Path(path), source) for path, (source, _) in sources.items()]
    return folder, contents, site.search, root


def test_every_file_counts_once_to_its_owner_the_largest_first(frozen):
    sizes = [(size.name, size.num_bytes, size.num_files) for size in measure(*frozen)]

    assert sizes == [
        ("one", LARGE + 1, 1),
        ("Python archive PYZ", 10_000, 1),
        ("models", 3000, 1),
        ("program itself", 200, 1),
        ("whose is not known", 7, 1),
    ]


def test_large_files_are_named(frozen):
    large = {size.name: size.large for size in measure(*frozen)}

    assert large["one"] == [("_internal/one/lib.so", LARGE + 1)]
    assert large["models"] == []


def test_a_file_that_the_list_does_not_have_is_told(frozen):
    folder, contents, *rest = frozen
    (folder / "_internal" / "left.bin").write_bytes(bytes(50))

    unknown = next(size for size in measure(folder, contents, *rest) if size.name == "whose is not known")

    assert unknown.num_bytes == 57


def test_an_application_for_macos_has_two_folders(frozen):
    folder, contents, *rest = frozen
    for name, part in (("Frameworks", "one"), ("Resources", "resources")):
        (folder / name).mkdir()
        (folder / "_internal" / part).rename(folder / name / part)

    sizes = {size.name: size.num_bytes for size in measure(folder, contents, *rest)}

    assert sizes["one"] == LARGE + 1
    assert sizes["models"] == 3000


def test_the_table_ends_with_the_total(frozen):
    lines = size_table(*frozen).splitlines()

    assert lines[1].split()[0] == "3.0"
    assert lines[-2].split() == ["3.0", "0.0", "5", "total"]
    assert "estimated" in lines[-1]


def test_an_empty_folder_has_a_table(tmp_path):
    assert "total" in size_table(tmp_path, [], search=[])


def test_packed_size_is_of_the_whole_file_though_samples_are_read(tmp_path):
    noise, zeros = tmp_path / "noise", tmp_path / "zeros"
    noise.write_bytes(random.Random(0).randbytes(2 * STRIDE))
    zeros.write_bytes(bytes(2 * STRIDE))
    (tmp_path / "empty").touch()

    assert packed_size(noise) == pytest.approx(2 * STRIDE, rel=0.01)
    assert packed_size(zeros) < 2 * STRIDE / 100
    assert packed_size(tmp_path / "empty") == 0
