"""The installer for Windows."""

import os
import shutil
from pathlib import Path

from resources.installer.archives import make_zip
from resources.installer.build import Build, run

_USUAL_COMPILERS = (r"Inno Setup 6\ISCC.exe", r"Inno Setup 7\ISCC.exe")

_VERSION = """VSVersionInfo(
  ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F, flags=0, OS=0x40004, fileType=1, subtype=0, date=(0, 0)),
  kids=[
    StringFileInfo([StringTable("040904B0", [
      StringStruct("CompanyName", "The makers of P2P Desktop"),
      StringStruct("FileDescription", "P2P Desktop"),
      StringStruct("FileVersion", "{version}"),
      StringStruct("LegalCopyright", "Apache License 2.0"),
      StringStruct("ProductName", "P2P Desktop"),
      StringStruct("ProductVersion", "{version}"),
    ])]),
    VarFileInfo([VarStruct("Translation", [0x0409, 1200])]),
  ],
)
"""


def write_version(build: Build, file: Path) -> None:
    """What the properties of the executables tell, as the freezer reads it."""
    file.write_text(_VERSION.format(numbers=(*build.numbers, 0), version=build.version), encoding="utf-8")


def make_setup(build: Build) -> Path:
    """Compile the installer; a zip where Inno Setup's compiler is not found."""
    compiler = _compiler()
    if compiler is None:
        build.say("Inno Setup is not installed here (ISCC.exe is not found): the program is packed as a zip.")
        return make_zip(build)
    values = {
        "Version": build.version,
        "Numbers": ".".join(map(str, build.numbers)),
        "Source": build.frozen,
        "Icon": build.work / "icons" / "icon.ico",
        "Output": build.output,
        "Name": build.label,
    }
    script = build.installers / "windows" / "setup.iss"
    run([compiler, *(f"/D{name}={value}" for name, value in values.items()), script], log=build.work / "inno.log")
    return build.output / f"{build.label}.exe"


def _compiler() -> Path | None:
    found = shutil.which("ISCC")
    if found:
        return Path(found)
    folders = [Path(os.environ[name]) for name in ("ProgramFiles(x86)", "ProgramFiles") if name in os.environ]
    return next((folder / name for folder in folders for name in _USUAL_COMPILERS if (folder / name).exists()), None)
