"""The packages themselves, on this computer: built, unpacked where nobody expects it, installed where there is no Python.

Some twenty minutes (`pytest -m installer`). P2P_DIST names a folder of packages that were built before.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from resources.installer.contents import never_shipped
from training.contract.version import __version__

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "resources" / "examples"
PAGES = ("convert", "live", "train", "models", "settings")
SMALL_RUN = ("--preset", "quick", "--set", "steps=2", "--set", "crop_size=64", "--set", "batch_size=2")

pytestmark = [
    pytest.mark.installer,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="written for Linux; elsewhere see docs/release.md"),
]


@pytest.fixture(scope="session")
def dist(tmp_path_factory) -> Path:
    built = os.environ.get("P2P_DIST")
    if built:
        return Path(built)
    output = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "build_installer.py", "--output", str(output)], cwd=ROOT, check=True)
    return output


@pytest.fixture(scope="session")
def unpacked(dist, tmp_path_factory) -> Path:
    import zstandard

    place = tmp_path_factory.mktemp("unpacked") / "Meine Programme, 写真 ö"
    place.mkdir()
    with next(dist.glob("*.tar.zst")).open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as stream:
        subprocess.run(["tar", "-xf", "-"], cwd=place, input=stream.read(), check=True)
    return next(place.iterdir())


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), "LANG": "C.UTF-8"}


def test_the_log_says_that_all_parts_passed_and_whose_the_bytes_are(dist):
    log = next(dist.glob("*.log")).read_text(encoding="utf-8")
    assert "All parts passed." in log
    assert "failed" not in log
    assert "; without one: nothing." in log
    for part in ("test window", "test trainer", "test live", "test network", "test deblur", "torch", "total"):
        assert part in log
    for name in PAGES:
        picture = cv2.imread(str(dist / "pages" / f"{name}.png"))
        assert picture is not None, name
        assert picture.std() > 1, name


def test_sums_are_those_of_the_packages_and_no_package_is_too_large(dist):
    lines = [line.split("  ") for line in (dist / "SHA256SUMS").read_text().splitlines()]
    assert len(lines) == len([*dist.glob(f"*-{__version__}-*.tar.zst"), *dist.glob(f"*-{__version__}-*.deb")])
    for digest, name in lines:
        assert hashlib.sha256((dist / name).read_bytes()).hexdigest() == digest
        if name.removesuffix(".deb").removesuffix(".tar.zst").endswith("-cpu"):
            assert (dist / name).stat().st_size <= 320_000_000


def test_notices_lie_beside_the_program(unpacked):
    notices = (unpacked / "THIRD-PARTY-NOTICES.txt").read_text(encoding="utf-8")
    for name in ("torch", "openvino", "PySide6", "GNU LESSER GENERAL PUBLIC LICENSE", "Phosphor", "Python"):
        assert name in notices
    inside = [file.relative_to(unpacked / "_internal").as_posix() for file in (unpacked / "_internal").rglob("*")]
    assert never_shipped(inside) == []


def test_unpacked_in_an_odd_place_it_converts_and_trains(unpacked, environment, tmp_path):
    program = unpacked / "p2p-desktop"
    before = _listing(unpacked)
    out = tmp_path / "Ergebnis ü"
    subprocess.run([program, "convert", EXAMPLES, "-o", out, "-m", "deblur"], env=environment, check=True, cwd=tmp_path)
    assert {file.name for file in out.iterdir()} == {file.name for file in EXAMPLES.glob("*.jpg")}
    run = tmp_path / "Lauf"
    command = [program, "train", "--task", "deblur", "--data", EXAMPLES, "--out", run, *SMALL_RUN]
    subprocess.run(command, env=environment, check=True, cwd=tmp_path)
    assert (run / "models" / "best.safetensors").stat().st_size > 100_000
    assert _listing(unpacked) == before


def _listing(folder: Path) -> dict[str, int]:
    return {str(file): file.lstat().st_size for file in folder.rglob("*")}


@pytest.fixture(scope="session")
def display():
    """A virtual X11 display. Its socket is an abstract one, too, which is there in a root of its own as well."""
    if not shutil.which("Xvfb"):
        pytest.skip("there is no virtual display")
    number = f":{90 + os.getpid() % 9}"
    command = ["Xvfb", number, "-screen", "0", "1280x860x24", "-nolisten", "tcp", "-ac"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        until = time.monotonic() + 20
        while not Path(f"/tmp/.X11-unix/X{number[1:]}").exists() and time.monotonic() < until:
            time.sleep(0.1)
        yield number
        server.terminate()


def test_each_page_opens_on_a_display(unpacked, environment, display, tmp_path):
    command = [unpacked / "p2p-desktop-console", "window-check", "--save", tmp_path / "pages"]
    answer = subprocess.run(
        command, env=environment | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}, capture_output=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert b'"platform": "xcb"' in answer.stdout
    assert {file.stem for file in (tmp_path / "pages").glob("*.png")} == set(PAGES)


@pytest.fixture(scope="session")
def bare_root(tmp_path_factory):
    """A minimal Debian, without Python."""
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        pytest.skip("a Debian root takes debootstrap, and root")
    root = tmp_path_factory.mktemp("root")
    codename = subprocess.run(
        ["sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME"], capture_output=True, text=True, check=True
    ).stdout
    subprocess.run(["debootstrap", "--variant=minbase", codename.strip(), root], check=True, stdout=subprocess.DEVNULL)
    assert not list((root / "usr" / "bin").glob("python*"))
    for folder in ("proc", "dev"):
        subprocess.run(["mount", "--bind", f"/{folder}", root / folder], check=True)
    shutil.copytree("/etc/apt/apt.conf.d", root / "etc/apt/apt.conf.d", dirs_exist_ok=True)
    try:
        yield root
    finally:
        for folder in ("proc", "dev"):
            subprocess.run(["umount", root / folder], check=True)


def test_the_package_is_installed_used_and_removed_where_there_is_no_python(dist, bare_root, display):
    variables = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", f"DISPLAY={display}"]

    def inside(command: str) -> str:
        words = ["chroot", bare_root, "env", "-i", *variables, "sh", "-ec", command]
        answer = subprocess.run(words, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    shutil.copy(next(dist.glob("*.deb")), bare_root / "tmp" / "p2p.deb")
    shutil.copytree(EXAMPLES, bare_root / "tmp" / "examples")
    inside("apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends /tmp/p2p.deb")
    inside("p2p-desktop convert /tmp/examples -o /tmp/out -m deblur")
    assert len(list((bare_root / "tmp" / "out").iterdir())) == len(list(EXAMPLES.glob("*.jpg")))
    inside(f"p2p-desktop train --task deblur --data /tmp/examples --out /tmp/run {' '.join(SMALL_RUN)}")
    pages = inside("QT_QPA_PLATFORM=xcb /opt/p2p-desktop/p2p-desktop-console window-check --save /tmp/pages")
    assert '"platform": "xcb"' in pages
    assert {file.stem for file in (bare_root / "tmp" / "pages").glob("*.png")} == set(PAGES)
    assert not list((bare_root / "usr" / "bin").glob("python*"))
    kept = bare_root / "root/.local/share/p2p-desktop/journal.sqlite3"
    assert kept.exists()
    said = inside("apt-get remove -y p2p-desktop")
    assert "What people made with it stays" in said
    assert kept.exists()
    assert not (bare_root / "opt" / "p2p-desktop").exists()
