"""Archives of the frozen program that need no installation, and the check sums of all packages."""

import hashlib
import shutil
import sys
import tarfile
from pathlib import Path

from resources.installer.build import Build, run

PACKAGES = (".deb", ".tar.zst", ".exe", ".zip", ".dmg")
"""Endings of what is given to people."""
_LEVEL = 15  # of zstandard; above it a build waits many minutes for the last percents
_WINDOW_LOG = 27  # 128 MB: the most that `tar --zstd` unpacks without being told so


def make_tar(build: Build) -> Path:
    """A .tar.zst that runs from wherever it is unpacked."""
    import zstandard  # of the extra `dev`

    target = build.output / f"{build.label}.tar.zst"
    parameters = zstandard.ZstdCompressionParameters.from_level(_LEVEL, window_log=_WINDOW_LOG, threads=-1)
    compressor = zstandard.ZstdCompressor(compression_params=parameters)
    with (
        target.open("wb") as opened,
        compressor.stream_writer(opened) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        tar.add(build.frozen, f"p2p-desktop-{build.version}", filter=_owned_by_root)
    return target


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def make_zip(build: Build) -> Path:
    """A .zip for Windows, or of the application for macOS, whose links and rights `ditto` keeps."""
    target = build.output / f"{build.label}.zip"
    if sys.platform == "darwin":
        run(["ditto", "-c", "-k", "--keepParent", build.frozen.parents[1], target], log=build.work / "ditto.log")
    else:
        shutil.make_archive(str(target.with_suffix("")), "zip", build.frozen.parent, build.frozen.name)
    return target


def write_sums(folder: Path, version: str) -> Path:
    """SHA256SUMS of all packages of a version that lie in `folder`, as `sha256sum --check` reads it: of both variants, say."""
    lines = []
    for file in sorted(file for file in folder.glob(f"p2p-desktop-{version}-*") if file.name.endswith(PACKAGES)):
        with file.open("rb") as opened:
            lines.append(f"{hashlib.file_digest(opened, 'sha256').hexdigest()}  {file.name}\n")
    target = folder / "SHA256SUMS"
    target.write_text("".join(lines), encoding="utf-8", newline="\n")
    return target
