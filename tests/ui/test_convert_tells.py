"""What Convert says while one drops, searches and chooses: driven as a person would, offscreen."""

import pytest

from tests.ui.test_convert_page import note, save_photo


@pytest.fixture
def holiday(tmp_path):
    folder = tmp_path / "Holiday"
    for number in range(6):
        save_photo(folder / f"{number}.jpg", seed=number)
    return folder


def test_what_does_not_exist_is_named_and_no_folder_of_results(driver, holiday, tmp_path):
    gone = tmp_path / "gone"
    driver.drop([holiday, gone])
    driver.wait_listed(7)
    assert note(driver) == f"{gone} does not exist. Was it moved or renamed?"
    assert driver.text("convert_output_hint").startswith("Results go to Holiday sharp.")
    driver.convert()
    assert driver.counts["done"] == 6
    assert driver.window._session.output_folders == [tmp_path / "Holiday sharp"]


def test_two_paths_that_do_not_exist_are_both_named_and_told_once(driver, holiday, tmp_path):
    driver.drop([holiday, tmp_path / "gone", tmp_path / "lost"])
    driver.wait_listed(8)
    assert note(driver) == f"2 of what was dropped do not exist: {tmp_path / 'gone'}, {tmp_path / 'lost'}."
    driver.drop([save_photo(tmp_path / "later.png")])
    driver.wait_listed(9)
    assert note(driver) == ""
