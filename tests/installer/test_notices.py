import re
import shutil
import sys
import sysconfig
from importlib.metadata import distribution
from pathlib import Path

import pytest

from resources.installer.contents import Content
from resources.installer.licence_texts import FACTS, MICROSOFT_TERMS, TEXTS, texts_of_distribution, texts_of_package
from resources.installer.notices import write_notices
from resources.installer.owners import debian_packages


@pytest.fixture
def write(site, tmp_path):
    """Write the notices of what is given; the report and the text come back."""

    def run(contents=(), root=tmp_path / "checkout"):
        target = tmp_path / "THIRD-PARTY-NOTICES.txt"
        report = write_notices(contents, target, search=site.search, root=root)
        return report, target.read_text(encoding="utf-8")

    return run


def told(report):
    return {package.name: package for package in report.packages}


def test_a_module_brings_the_texts_of_its_distribution(site, write):
    page = "License-Expression: MIT\nProject-URL: Homepage, https://example.org/one"
    site.install("one", {"one/a.py": "", "one-1.0.dist-info/licenses/LICENSE": "Words of one."}, page)
    site.install("other", {"other/a.py": "", "other-1.0.dist-info/licenses/LICENSE": "Words of the other."})

    report, text = write([site.content("one/a.py")])

    assert told(report)["one"] == ("one", "1.0", "MIT", 1)
    assert "other" not in told(report)
    assert "Words of one." in text
    assert "https://example.org/one" in text
    assert report.lacking == []


def test_every_kind_of_licence_file_is_found(site, write):
    files = {
        "one/a.py": "",
        "one/NOTICE": "text A",
        "one/data/COPYING.LESSER": "text B",
        "one/LICENSE-3RD-PARTY.txt": "text C",
        "one-1.0.dist-info/LICENSE": "text D",
        "one-1.0.dist-info/AUTHORITY.txt": "text E",
        "one-1.0.dist-info/licenses/third_party/zip/words.txt": "text F",
        "one/licenses.py": "no text",
    }
    site.install("one", files, "License-File: AUTHORITY.txt")

    report, text = write([site.content("one/a.py")])

    assert told(report)["one"].num_texts == 6
    assert [letter for letter in "ABCDEF" if f"text {letter}" not in text] == []
    assert "no text" not in text


def test_a_text_stands_once_whoever_brings_it(site, write):
    site.install("one", {"one/a.py": "", "one-1.0.dist-info/LICENSE": "The same\nwords."})
    site.install("two", {"two/a.py": "", "two-1.0.dist-info/LICENSE": "The same\r\n  words.\r\n"})

    _, text = write([site.content("one/a.py"), site.content("two/a.py")])

    assert len(re.findall(r"The same\s+words", text)) == 1
    numbers = re.findall(r"^(?:one|two) 1\.0\n.*\n  Texts: (\[\d+\])$", text, re.MULTILINE)
    assert len(numbers) == 2
    assert len(set(numbers)) == 1


def test_the_contents_list_comes_first_and_names_every_text(site, write):
    site.install("one", {"one/a.py": "", "one-1.0.dist-info/LICENSE": "Words of one."})

    _, text = write([site.content("one/a.py")])

    top = text[: text.index("=====")]
    listed = re.findall(r"^    (\[\d+\] .+)$", top, re.MULTILINE)
    assert [title for title in listed if f"\n{title}\n=====" not in text] == []
    assert any("one: LICENSE" in title for title in listed)


def test_a_distribution_without_a_text_is_lacking(site, write):
    site.install("bare", {"bare/a.py": ""}, "License-Expression: MIT")

    report, _ = write([site.content("bare/a.py")])

    assert report.lacking == ["bare 1.0"]
    assert str(report).endswith("; without one: bare 1.0.")


def test_a_file_that_nobody_owns_is_lacking(site, write, tmp_path):
    stray = tmp_path / "stray.so"
    stray.touch()
    forgotten = site.folder / "forgotten.py"
    forgotten.touch()

    report, _ = write([Content(Path("_internal/stray.so"), stray), Content(Path("_internal/forgotten.pyc"), forgotten)])

    assert len(report.lacking) == 2
    assert all(any(str(file) in line for line in report.lacking) for file in (stray, forgotten))


def test_what_windows_has_of_visual_c_is_nobodys_and_comes_with_its_terms(write):
    library = Path("C:/Windows/System32/MSVCP140.dll") if sys.platform == "win32" else Path("/Windows/System32/MSVCP140.dll")

    report, text = write([Content(Path("_internal/MSVCP140.dll"), library)])

    assert report.lacking == []
    assert "distributable code" in text
    assert "sources.debian.org" not in text


def test_without_pyinstallers_text_the_boot_loader_is_lacking(write, site):
    shutil.rmtree(site.folder)

    report, _ = write()

    assert report.lacking == ["PyInstaller's boot loader"]


def test_a_link_asks_for_nothing(write):
    report, _ = write([Content(Path("_internal/liba.so"), Path("lib/liba.so"))])

    assert report.lacking == []


def test_our_own_files_are_not_of_a_third_party_and_their_credits_are_named(write, tmp_path):
    root = tmp_path / "checkout"
    credit = root / "resources" / "clips" / "CREDITS.md"
    credit.parent.mkdir(parents=True)
    credit.touch()
    contents = [
        Content(Path("_internal/resources/clips/CREDITS.md"), credit),
        Content(Path("p2p-desktop"), tmp_path / "build" / "exe"),
    ]

    report, text = write(contents)

    assert report.lacking == []
    assert "_internal/resources/clips/CREDITS.md" in text


def test_pythons_own_modules_and_libraries_bring_pythons_licence(write):
    stdlib = Path(sysconfig.get_path("stdlib"))

    report, text = write([Content(Path("_internal/json/__init__.pyc"), stdlib / "json" / "__init__.py")])

    assert report.lacking == []
    assert told(report)["Python"].version == ".".join(str(number) for number in sys.version_info[:3])
    assert "PYTHON SOFTWARE FOUNDATION LICENSE" in text


def test_a_font_has_a_text_of_its_own_or_is_lacking(site, write):
    licence = {"qtawesome-1.0.dist-info/LICENSE": "Words of qtawesome."}
    site.install("qtawesome", {"qtawesome/fonts/phosphor-1.3.0.ttf": "", "qtawesome/fonts/other.ttf": "", **licence})

    good, text = write([site.content("qtawesome/fonts/phosphor-1.3.0.ttf")])
    bad, _ = write([site.content("qtawesome/fonts/other.ttf")])

    assert good.lacking == []
    assert "Copyright (c) 2020 Phosphor Icons" in text
    assert bad.lacking == ["the font other.ttf of qtawesome"]


def test_qt_comes_with_the_lgpl_and_the_offer_of_its_source(site, write):
    site.install("PySide6_Essentials", {"PySide6/Qt/lib/libQt6Core.so.6": ""})

    report, text = write([site.content("PySide6/Qt/lib/libQt6Core.so.6")])

    assert report.lacking == []
    for words in (
        "GNU LESSER GENERAL PUBLIC LICENSE",
        "GNU GENERAL PUBLIC LICENSE",
        "_internal/PySide6",
        "https://download.qt.io/",
    ):
        assert words in text


def test_the_offers_name_where_ffmpeg_and_libheif_lie(site, write):
    site.install("opencv-python-headless", {"opencv.libs/libavcodec-1.so": "", "opencv_python_headless-1.0.dist-info/LICENSE": "a"})
    site.install("pi_heif", {"pi_heif.libs/libheif-1.so": ""})

    _, text = write([site.content("opencv.libs/libavcodec-1.so"), site.content("pi_heif.libs/libheif-1.so")])

    assert "in _internal/opencv.libs, which may be replaced" in text
    assert "in _internal/pi_heif.libs, which may be replaced" in text
    assert "https://ffmpeg.org/releases/" in text


@pytest.mark.parametrize(
    ("name", "file", "num_texts", "words"),
    [
        ("numpy", "_multiarray_umath", 10, "libscipy_openblas"),
        ("PySide6-Essentials", "QtCore", 2, "GNU LESSER GENERAL PUBLIC LICENSE"),
        ("opencv-python-headless", "cv2/__init__.py", 2, "FFmpeg is redistributed"),
        ("torch", "torch/__init__.py", 50, "Facebook, Inc"),
        ("openvino", "openvino/__init__.py", 3, "Apache License"),
    ],
)
def test_what_is_really_installed_has_its_texts(name, file, num_texts, words):
    found = distribution(name)
    source = next(Path(found.locate_file(entry)) for entry in found.files if file in str(entry))

    texts, lacking = texts_of_distribution(found, [Content(Path(source.name), source)])

    assert lacking == []
    assert len(texts) >= num_texts
    assert any(words in text.text for text in texts)


def test_every_stored_text_is_there_and_every_one_is_used():
    named = {file for fact in FACTS for file in fact.texts}

    assert named | {MICROSOFT_TERMS} == {file.name for file in TEXTS.iterdir() if file.is_file()}


def test_a_debian_package_brings_the_common_licences_to_which_it_refers(tmp_path):
    notes, common = tmp_path / "doc", tmp_path / "common"
    for file, words in (
        (notes / "liba1" / "copyright", f"See {Path('/usr/share/common-licenses/LGPL-2.1')}."),
        (common / "LGPL-2.1", "lesser"),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(words)

    texts, lacking = texts_of_package("liba1", notes, common)

    assert [text.text for text in texts][1:] == ["lesser"]
    assert lacking == []
    assert texts_of_package("libb1", notes, common) == ([], ["the system's package libb1"])


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="needs a Debian system")
def test_a_system_library_is_found_under_both_names_of_its_folder(tmp_path):
    libc = next(file for file in Path("/usr/lib").glob("*-linux-gnu/libc.so.6"))
    stray = tmp_path / "libstray.so"
    stray.touch()

    packages = debian_packages([libc, Path("/lib") / libc.relative_to("/usr/lib"), stray])

    assert set(packages.values()) == {"libc6"}
    assert len(packages) == 2
