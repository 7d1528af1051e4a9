"""A folder of photographs."""

import pytest

from tests.ui.convert_page.hands import save_photo


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "Holiday"
    for number in range(6):
        save_photo(folder / ("Day 1" if number < 3 else "Day 2") / f"{number}.jpg", seed=number)
    return folder
