"""A made-up place where distributions are installed, and parts of a program taken from it."""

from pathlib import Path

import pytest

from resources.installer.contents import Content


class Site:
    """Installed distributions in a folder, as pip leaves them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "site-packages"
        self.search = [str(self.folder)]

    def install(self, name: str, files: dict[str, str], metadata: str = "") -> None:
        """Write the files of a distribution and its record."""
        info = f"{name}-1.0.dist-info"
        written = {**files, f"{info}/METADATA": f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{metadata}\n"}
        written[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*written, f"{info}/RECORD"])
        for file, text in written.items():
            place = self.folder / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")

    def content(self, file: str) -> Content:
        """Return an installed file as it is inside the program."""
        return Content(Path("_internal") / file, self.folder / file)


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    made.install(
        "pyinstaller",
        {"PyInstaller/__init__.py": "", "pyinstaller-1.0.dist-info/licenses/COPYING.txt": "The GPL, and the exception."},
    )
    return made
