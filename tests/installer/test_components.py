import json
from importlib.metadata import distribution, distributions
from pathlib import Path

import pytest

from resources.installer.components import SPDX_TEXTS, chosen_licences, components_of, texts_of
from resources.installer.contents import Content
from resources.installer.notices import write_notices

KNOWN = frozenset({"MIT", "Apache-2.0", "Unicode-3.0"})


def listed(*components):
    return {"one-1.0.dist-info/sboms/one.cdx.json": json.dumps({"bomFormat": "CycloneDX", "components": list(components)})}


def crate(name, expression, **more):
    return {"name": name, "version": "2.1", "licenses": [{"expression": expression}], **more}


@pytest.fixture
def of_one(site):
    def install(*components):
        site.install("one", {"one/a.py": "", "one-1.0.dist-info/LICENSE": "Words of one.", **listed(*components)})
        return next(iter(distributions(name="one", path=site.search)))

    return install


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("MIT", {"MIT"}),
        ("MIT OR Apache-2.0", {"MIT"}),
        ("Unlicense OR MIT", {"MIT"}),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", {"MIT", "Unicode-3.0"}),
        ("Apache-2.0 WITH LLVM-exception", {"Apache-2.0"}),
        ("(Apache-2.0 WITH LLVM-exception) OR GPL-3.0-only", {"Apache-2.0"}),
        ("MIT AND GPL-3.0-only", None),
        ("GPL-3.0-only", None),
        ("MIT AND", None),
        ("(MIT", None),
        ("MIT MIT", None),
    ],
)
def test_of_alternatives_the_first_known_is_kept_to_and_of_parts_all_must_be_known(expression, chosen):
    assert chosen_licences(expression, KNOWN) == chosen


def test_what_was_needed_only_to_build_and_the_distribution_itself_are_left_out(of_one):
    found = of_one(
        crate("memory", "MIT", author="A. Maker"),
        crate("tool", "MIT", scope="excluded"),
        crate("maybe", "GPL-3.0-only", scope="optional"),
        crate("One", "MIT", scope="required"),
    )

    assert [(component.name, component.makers) for component in components_of(found)] == [("memory", "A. Maker")]


def test_lists_name_licences_in_three_ways(of_one):
    found = of_one(
        {"name": "a", "version": "1", "licenses": [{"license": {"id": "MIT"}}, {"license": {"id": "Zlib"}}]},
        {"name": "b", "version": "1", "licenses": [{"license": {"name": "Some words"}}]},
        {"name": "c", "version": "1"},
    )

    assert [component.licence for component in components_of(found)] == ["(MIT) AND (Zlib)", "Some words", ""]


def test_a_component_whose_licence_has_no_text_here_is_lacking(of_one):
    texts, lacking = texts_of(components_of(of_one(crate("free", "MIT"), crate("strange", "Strange-1.0"))))

    assert [text.title for text in texts] == ["MIT.txt"]
    assert lacking == ["strange 2.1 (Strange-1.0)"]


def test_a_list_that_is_none_is_told(site):
    site.install("one", {"one/a.py": "", "one-1.0.dist-info/sboms/one.json": "[1]"})

    with pytest.raises(ValueError, match=r"one\.json cannot be read as a list of components"):
        components_of(next(iter(distributions(name="one", path=site.search))))


def test_the_notices_name_components_and_stop_the_build_where_a_text_is_lacking(site, of_one, tmp_path):
    of_one(crate("memory", "MIT", author="A. Maker"), crate("strange", "Strange-1.0"))
    target = tmp_path / "notices.txt"

    report = write_notices([Content(Path("_internal/one/a.py"), site.folder / "one/a.py")], target, search=site.search)

    text = target.read_text(encoding="utf-8")
    assert "  Compiled with:\n    memory 2.1, MIT, A. Maker\n" in text
    assert "THE SOFTWARE IS PROVIDED" in text
    assert report.lacking == ["strange 2.1 (Strange-1.0)"]


@pytest.mark.parametrize("name", ["safetensors", "pydantic_core", "onnx", "opencv-python-headless", "pillow"])
def test_all_that_is_really_inside_has_its_texts(name):
    components = components_of(distribution(name))
    if not components:
        pytest.skip(f"this version of {name} has no list")

    assert texts_of(components)[1] == []


def test_every_stored_text_is_the_whole_one():
    short = [file.name for file in SPDX_TEXTS.iterdir() if len(file.read_text(encoding="utf-8")) < 600]

    assert list(SPDX_TEXTS.iterdir())
    assert short == []
