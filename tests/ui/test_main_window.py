"""The window round the pages: its size, and the places that have no page yet."""

import pytest
from PySide6.QtWidgets import QLabel

from p2p_desktop.ui.placeholder_page import live_page, train_page


@pytest.mark.parametrize("make", [live_page, train_page], ids=["live", "train"])
@pytest.mark.parametrize("size", [(1124, 772), (832, 572)], ids=["usual", "smallest"])
def test_a_place_that_is_not_there_yet_says_its_whole_sentence(look, qtbot, make, size):
    page = make(look, None)
    qtbot.addWidget(page)
    page.resize(*size)
    page.show()
    for words in page.findChildren(QLabel):
        if words.wordWrap():
            assert words.height() >= words.heightForWidth(words.width())
