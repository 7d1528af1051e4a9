"""What a Debian package depends on, read from the libraries of this computer."""

import _ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from resources.installer import debian, elf
from resources.installer.build import Build, BuildError

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not shutil.which("dpkg-query") or not shutil.which("objdump"),
    reason="Debian's tools and binutils are not here",
)


def a_library() -> Path:
    """A library of this very Python that is linked with the system's C library."""
    return Path(_ctypes.__file__)


def test_what_a_library_is_linked_with_is_read():
    needs = elf.needs_of(a_library())
    assert "libc.so.6" in needs.libraries
    assert any(library == "libc.so.6" and version.startswith("GLIBC_2.") for library, version in needs.versions)
    assert "libc.so.6" in elf.linked_with([a_library(), Path(__file__)])


def test_what_is_no_library_needs_nothing(tmp_path):
    file = tmp_path / "text.so"
    file.write_text("INPUT(libother.so)")
    assert elf.needs_of(file) == elf.Needs(frozenset(), frozenset())


def test_packages_of_the_system_are_named_with_their_least_version(tmp_path):
    shutil.copy(a_library(), tmp_path)
    found = debian.dependencies(tmp_path.iterdir())
    libc = next(line for line in found if line.startswith("libc6"))
    assert libc.startswith("libc6 (>= 2.")
    satisfied = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libc6"], capture_output=True, text=True, check=True).stdout
    assert subprocess.run(["dpkg", "--compare-versions", satisfied, "ge", libc[10:-1]], check=False).returncode == 0


def test_what_is_brought_along_is_no_dependency(tmp_path):
    shutil.copy(a_library(), tmp_path)
    shutil.copy(a_library(), tmp_path / "libffi.so.8")  # whatever is inside: it goes by the name that is asked for
    assert not any(line.startswith("libffi") for line in debian.dependencies(tmp_path.iterdir()))


def test_a_library_that_is_nowhere_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(debian, "_system_libraries", dict)
    shutil.copy(a_library(), tmp_path)
    with pytest.raises(BuildError, match=r"linked with .*libc\.so\.6"):
        debian.dependencies(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("version", "of_debian"), [("0.2.0", "0.2.0"), ("0.2.0rc1", "0.2.0~rc1"), ("0.2.0.dev3", "0.2.0~dev3"), ("1.0a2", "1.0~a2")]
)
def test_a_pre_release_comes_before_its_release(version, of_debian):
    assert debian.debian_version(version) == of_debian


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="dpkg-deb is not here")
def test_a_package_holds_the_program_and_what_a_desktop_looks_for(tmp_path):
    root = Path(__file__).parents[2]
    build = Build(tmp_path, tmp_path / "dist", "1.2.3", "cpu")
    build.output.mkdir()
    shutil.copytree(root / "resources" / "installer", build.installers)
    shutil.copy(root / "CHANGELOG.md", tmp_path)
    (build.frozen / "_internal").mkdir(parents=True)
    shutil.copy(a_library(), build.frozen / "_internal")
    (build.frozen / "p2p-desktop").write_text("#!/bin/sh\n")
    (build.frozen / "p2p-desktop").chmod(0o755)
    (build.frozen / "link").symlink_to("p2p-desktop")
    (build.work / "icons").mkdir()
    for side in debian._ICON_SIDES:
        (build.work / "icons" / f"{side}.png").write_bytes(b"a picture")

    package = debian.make_deb(build)

    assert package.name == f"{build.label}.deb"
    fields = subprocess.run(["dpkg-deb", "--field", package], capture_output=True, text=True, check=True).stdout
    assert "Version: 1.2.3" in fields
    assert "Depends: libc6 (>= 2." in fields
    assert "xkb-data" in fields
    listed = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout
    assert "root/root" in listed
    for line in (
        "./opt/p2p-desktop/p2p-desktop\n",
        "p2p-desktop/link -> p2p-desktop",
        "./usr/share/applications/p2p-desktop.desktop",
    ):
        assert line in listed
    assert "./usr/bin/p2p-desktop -> /opt/p2p-desktop/p2p-desktop" in listed
    unpacked = tmp_path / "unpacked"
    subprocess.run(["dpkg-deb", "--raw-extract", package, unpacked], check=True)
    assert subprocess.run(["md5sum", "--quiet", "-c", "DEBIAN/md5sums"], cwd=unpacked, check=False).returncode == 0
    said = subprocess.run(["sh", unpacked / "DEBIAN" / "postrm", "remove"], capture_output=True, text=True, check=True).stdout
    assert ".local/share/p2p-desktop" in said
    upgraded = subprocess.run(["sh", unpacked / "DEBIAN" / "postrm", "upgrade"], capture_output=True, text=True, check=True)
    assert not upgraded.stdout
