"""The disk image for macOS."""

import shutil
from pathlib import Path

from resources.installer.archives import make_zip
from resources.installer.build import Build, run


def make_dmg(build: Build) -> Path:
    """A disk image with the application beside a link to where it belongs; a zip where hdiutil is not found."""
    if shutil.which("hdiutil") is None:
        build.say("hdiutil is not found: the application is packed as a zip.")
        return make_zip(build)
    application = build.frozen.parents[1]
    folder = build.work / "dmg"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copytree(application, folder / application.name, symlinks=True)
    (folder / "Applications").symlink_to("/Applications")
    target = build.output / f"{build.label}.dmg"
    target.unlink(missing_ok=True)
    command: list[str | Path] = ["hdiutil", "create", "-volname", "P2P Desktop", "-srcfolder", folder, "-format", "ULMO", target]
    run(command, log=build.work / "hdiutil.log")
    return target
