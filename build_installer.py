"""Makes what an ordinary person installs: the frozen program, its own test passed, and packages of it.

    python build_installer.py [--variant cpu|cuda] [--output dist] [--reuse]

Needs the program installed with its extra `dev`. What each system needs besides, and how packages are signed: docs/release.md.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from resources.installer.archives import make_tar, write_sums
from resources.installer.build import Build, BuildError, Variant, run
from resources.installer.contents import read_contents
from resources.installer.debian import make_deb
from resources.installer.macos_package import make_dmg
from resources.installer.sizes import size_table
from resources.installer.trial import SLOWEST_START, compare_starts, picture_pages, try_commands, try_program
from resources.installer.windows_package import make_setup, write_version
from training.contract.version import __version__

ROOT = Path(__file__).resolve().parent
_WITH_SYMBOLS = ("libpython*.so*", "python3*/lib-dynload/*.so", "torch/lib/libtorch*.so")
LARGEST = {"cpu": 320_000_000}  # bytes of a package for Linux


def main(arguments: list[str] | None = None) -> int:
    """Build, and give the exit code: 0 where packages were made and the program in them passed its own test."""
    options = _parser().parse_args(arguments)
    output: Path = options.output.absolute()
    output.mkdir(parents=True, exist_ok=True)
    os.umask(0o022)  # what is packed must be readable by everybody
    try:
        build = Build(ROOT, output, __version__, _variant(options.variant))
    except BuildError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    try:
        _make(build, reuse=options.reuse)
    except BuildError as error:
        build.say(f"\nError: {error}")
        return 1
    finally:
        build.write_log()
    return 0


def _make(build: Build, *, reuse: bool) -> None:
    """All steps. Raises BuildError with the sentence for whoever builds."""
    began = time.monotonic()
    build.work.mkdir(parents=True, exist_ok=True)
    build.say(f"P2P Desktop {build.version}: {build.label}")
    if not reuse:
        _freeze(build)
    contents = read_contents(build.work / "contents.json", build.version)
    if not build.frozen.is_dir():
        raise BuildError(f"There is nothing to use again: {build.frozen} does not exist. Leave out --reuse.")
    build.say("\n" + size_table(build.packed, contents))
    build.say(f"Notices: {(build.work / 'notices.log').read_text(encoding='utf-8')}")
    try_program(build)
    try_commands(build)
    picture_pages(build, build.output / "pages")
    if compare_starts(build) > SLOWEST_START:
        build.say("  This is slower than wanted. On a busy computer the figure says little: measure again with --reuse.")
    _pack(build)
    write_sums(build.output, build.version)
    build.say(f"\nDone in {(time.monotonic() - began) / 60:.0f} minutes. Log: {build.label}.log, pictures of all pages: pages/")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Build the installer of P2P Desktop for this computer's system.")
    parser.add_argument("--variant", choices=("cpu", "cuda"), help="which torch is meant to be inside (default: the installed one)")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where packages go (default: dist)")
    parser.add_argument("--reuse", action="store_true", help="test and pack what was frozen before, after signing it for example")
    return parser


def _variant(wanted: Variant | None) -> Variant:
    """That of the installed torch. Raises BuildError where another is wanted, or a tool is missing."""
    for package in ("pyinstaller", "zstandard", "torch"):
        try:
            version(package)
        except PackageNotFoundError:
            raise BuildError(f"{package} is not installed. Run: pip install -e '.[dev]'") from None
    if sys.platform.startswith("linux") and shutil.which("dpkg-query") is None:
        raise BuildError(
            "On Linux the build needs Debian, Ubuntu or a relative: the licences of its libraries are read from packages."
        )
    question = "import torch; print('cuda' if torch.version.cuda else 'cpu')"
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=False)
    if answer.returncode:
        raise BuildError(f"The installed torch cannot be imported: {answer.stderr.strip()}")
    found: Variant = "cuda" if answer.stdout.strip() == "cuda" else "cpu"
    if wanted not in (None, found):
        raise BuildError(f"The installed torch is the one for {found}, not for {wanted}. docs/release.md says how to change it.")
    return found


def _freeze(build: Build) -> None:
    """Have PyInstaller make the folder that is packed."""
    build.say("\nFreezing; this takes some minutes.")
    icons = [sys.executable, "-m", "resources.installer.icons", build.work / "icons"]
    run(icons, log=build.work / "icons.log", cwd=build.root)
    if sys.platform == "win32":
        write_version(build, build.work / "version.txt")
    shutil.rmtree(build.frozen, ignore_errors=True)
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "INFO"]
    command += ["--distpath", str(build.work), "--workpath", str(build.work / "pyinstaller")]
    spec = build.installers / "frozen.spec"
    environment = os.environ | {"P2P_BUILD": str(build.work), "PYTHONPATH": str(build.root)}
    log = build.work / "pyinstaller.log"
    run([*command, str(spec)], log=log, cwd=build.root, environment=environment)
    if sys.platform.startswith("linux"):
        _strip_symbols(build)
    if sys.platform != "darwin":
        for name in ("LICENSE", "THIRD-PARTY-NOTICES.txt"):  # where a person finds them
            (build.frozen / "_internal" / name).replace(build.frozen / name)


def _strip_symbols(build: Build) -> None:
    """Take out of Python's and torch's libraries what only debuggers read: a hundred megabytes.

    Other wheels are left as they are: theirs are small, and some libraries that were patched for a wheel do not survive it.
    """
    libraries = [file for pattern in _WITH_SYMBOLS for file in (build.frozen / "_internal").glob(pattern) if not file.is_symlink()]
    for library in libraries:
        run(["strip", "--strip-unneeded", library], log=build.work / "strip.log")


def _pack(build: Build) -> None:
    """Make this system's packages, and look at their sizes."""
    build.say("\nPacking:")
    if sys.platform == "win32":
        packages = [make_setup(build)]
    elif sys.platform == "darwin":
        packages = [make_dmg(build)]
    else:
        packages = [make_tar(build), make_deb(build)]
    for package in packages:
        size = package.stat().st_size
        build.say(f"  {package.name}  {size / 1e6:.0f} MB")
        if sys.platform.startswith("linux") and size > LARGEST.get(build.variant, sys.maxsize):
            wanted = LARGEST[build.variant] / 1e6
            raise BuildError(f"{package.name} is larger than {wanted:.0f} MB. The table above says what grew.")


if __name__ == "__main__":
    sys.exit(main())
