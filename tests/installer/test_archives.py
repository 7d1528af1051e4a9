"""Archives that need no installation, and their check sums."""

import hashlib
import io
import sys
import tarfile
from pathlib import Path

import pytest

from resources.installer.archives import make_tar, make_zip, write_sums
from resources.installer.build import Build, BuildError, run
from resources.installer.windows_package import write_version

zstandard = pytest.importorskip("zstandard")
frozen_folder_only = pytest.mark.skipif(sys.platform == "darwin", reason="there the application is packed")


@pytest.fixture
def build(tmp_path) -> Build:
    made = Build(tmp_path, tmp_path / "dist", "1.2.3", "cpu")
    made.output.mkdir()
    (made.frozen / "_internal").mkdir(parents=True)
    (made.frozen / "p2p-desktop").write_bytes(b"the program")
    (made.frozen / "p2p-desktop").chmod(0o755)
    (made.frozen / "_internal" / "ü.so").write_bytes(b"\0" * 100_000)
    return made


@frozen_folder_only
def test_a_tar_holds_everything_under_one_folder(build):
    target = make_tar(build)
    data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(target.read_bytes())).read()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        program = tar.getmember("p2p-desktop-1.2.3/p2p-desktop")
        assert program.mode & 0o777 == 0o755
        assert (program.uid, program.uname) == (0, "root")
        assert tar.getmember("p2p-desktop-1.2.3/_internal/ü.so").size == 100_000


@frozen_folder_only
def test_a_zip_holds_the_folder(build):
    assert make_zip(build).stat().st_size > 100


def test_sums_are_those_of_all_packages_of_the_version(tmp_path):
    cpu, cuda = "p2p-desktop-1.2.3-linux-x86_64-cpu.deb", "p2p-desktop-1.2.3-linux-x86_64-cuda.tar.zst"
    others = ("p2p-desktop-1.2.2-linux-x86_64-cpu.deb", "p2p-desktop-1.2.3-linux-x86_64-cpu.log", "other-1.2.3-x.deb")
    for name in (cuda, cpu, *others):
        (tmp_path / name).write_text(name)
    lines = write_sums(tmp_path, "1.2.3").read_text().splitlines()
    assert lines == [f"{hashlib.sha256(name.encode()).hexdigest()}  {name}" for name in (cpu, cuda)]


def test_a_tool_that_fails_is_told_with_its_last_words(tmp_path):
    with pytest.raises(BuildError, match="no such thing"):
        run([sys.executable, "-c", "raise SystemExit('no such thing')"], log=tmp_path / "log")
    with pytest.raises(BuildError, match="cannot be run"):
        run([tmp_path / "missing"], log=tmp_path / "log")


@pytest.mark.parametrize("version", ["1.2.3", "1.2.3rc1"])
def test_what_windows_tells_of_the_program_is_readable_by_the_freezer(tmp_path, version):
    write_version(Build(tmp_path, tmp_path, version, "cpu"), tmp_path / "version.txt")
    said = (tmp_path / "version.txt").read_text(encoding="utf-8")
    kinds = ("VSVersionInfo", "FixedFileInfo", "StringFileInfo", "StringTable", "StringStruct", "VarFileInfo", "VarStruct")
    names = {kind: lambda *values, **named: (values, named) for kind in kinds}
    read = eval(said, names)[1]  # our own text, as PyInstaller reads it
    assert read["ffi"][1]["filevers"] == (1, 2, 3, 0)


def test_labels_name_version_system_and_variant():
    label = Build(Path(), Path(), "1.2.3", "cuda").label
    assert label.startswith("p2p-desktop-1.2.3-")
    assert label.endswith("-cuda")
