"""The list of pictures: states, numbers, filters, search, order; and the view on it."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QPushButton

from p2p_desktop.convert.events import PictureBegun, PictureDone
from p2p_desktop.convert.looking import Measured, Unreadable
from p2p_desktop.convert.plan import FoundPicture, Unlooked
from p2p_desktop.ui.convert_session import ConvertSession
from p2p_desktop.ui.filter_bar import FilterBar
from p2p_desktop.ui.queue_model import NAME, SIZE, STATE, TIME, QueueModel
from p2p_desktop.ui.queue_painter import broken
from p2p_desktop.ui.queue_view import QueueView
from p2p_desktop.ui.theme import HEADER_HEIGHT, ROW_HEIGHT
from p2p_desktop.ui.thumbnail_source import ThumbnailSource
from p2p_desktop.workers.conversion import Conversion
from tests.convert.fakes import save_picture
from tests.deadlines import soon

FOLDER = Path("/photos/Day 1")


def found(*names: str) -> tuple[FoundPicture, ...]:
    return tuple(FoundPicture(FOLDER, name) for name in names)


@pytest.fixture
def queue(qtbot):
    queue = QueueModel()
    queue._tester = QAbstractItemModelTester(queue, QAbstractItemModelTester.FailureReportingMode.Fatal)
    queue.take_listing([found(*(f"{number}.jpg" for number in range(10)))])
    return queue


def shown(queue) -> list[str]:
    return [queue.index(row, NAME).data() for row in range(queue.rowCount())]


def done(name: str, state: str = "converted", reason: str = "") -> PictureDone:
    return PictureDone(FOLDER / name, Path("/out") / name, state, reason, 0.31)


def test_states_follow_what_is_told_and_are_counted(queue):
    queue.take_events([PictureBegun(FOLDER / "0.jpg"), PictureBegun(FOLDER / "1.jpg"), done("0.jpg")])
    queue.take_events([done("2.jpg", "skipped"), done("3.jpg", "failed", "It is cut off. Copy it again.")])
    assert queue.counts == {"waiting": 6, "working": 1, "done": 1, "skipped": 1, "failed": 1}
    assert [queue.index(row, STATE).data() for row in range(4)] == [
        "Done",
        "Working",
        "Already done",
        "It is cut off. Copy it again.",
    ]
    queue.nothing_works()
    assert queue.counts["waiting"] == 7


def test_a_time_says_what_of_it_counts(queue):
    queue.take_events([done("0.jpg")])
    assert queue.index(0, TIME).data() == "0.31 s"
    for said in (
        queue.index(0, TIME).data(Qt.ItemDataRole.ToolTipRole),
        queue.headerData(TIME, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole),
    ):
        assert "Waiting is left out." in said
    assert "0.jpg" in queue.index(0, NAME).data(Qt.ItemDataRole.ToolTipRole)


def test_filters_show_their_rows_and_keep_up_while_work_goes_on(queue):
    queue.show_only("waiting")
    queue.take_events([PictureBegun(FOLDER / "4.jpg"), done("5.jpg")])
    assert shown(queue) == [f"{number}.jpg" for number in (0, 1, 2, 3, 4, 6, 7, 8, 9)]
    queue.show_only("done")
    queue.take_events([done("9.jpg"), done("1.jpg")])
    assert shown(queue) == ["1.jpg", "5.jpg", "9.jpg"]
    queue.wait_again([queue.row_of(FOLDER / "5.jpg")])
    assert shown(queue) == ["1.jpg", "9.jpg"]


def test_many_changes_at_once_are_right_too(queue):
    queue.take_listing([found(*(f"x{number}.jpg" for number in range(300)))])
    queue.show_only("failed")
    queue.take_events([done(f"x{number}.jpg", "failed", "No.") for number in range(0, 300, 2)])
    assert shown(queue) == [f"x{number}.jpg" for number in range(0, 300, 2)]


def test_search_looks_at_names_and_folders(queue):
    queue.take_listing([(FoundPicture(Path("/photos/Beach"), "SEA.png"),)])
    queue.search("sea")
    assert shown(queue) == ["SEA.png"]
    queue.search("beach")
    assert shown(queue) == ["SEA.png"]
    queue.search("")
    assert len(shown(queue)) == 11


@pytest.mark.parametrize("order", [Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder])
def test_what_comes_into_an_ordered_list_finds_its_place(queue, order):
    queue.take_listing([tuple(Measured(FOLDER / f"{number}.jpg", 10 * (number * 7 % 10 + 1), 10, 1000) for number in range(10))])
    queue.sort(SIZE, order)
    queue.show_only("done")
    inserted = []
    queue.rowsInserted.connect(lambda _, first, last: inserted.append((first, last)))
    for number in (4, 0, 9, 2, 7):
        queue.take_events([done(f"{number}.jpg")])
    heights = [queue.row_of(FOLDER / name).height for name in shown(queue)]
    assert heights == sorted(heights, reverse=order == Qt.SortOrder.DescendingOrder)
    assert len(heights) == len(inserted) == 5  # one by one: the list was never made anew
    queue.wait_again([queue.row_of(FOLDER / "9.jpg")])
    assert "9.jpg" not in shown(queue)
    assert len(shown(queue)) == 4


def test_very_many_changes_at_once_are_shown(queue, qtbot):
    queue.take_listing([tuple(FoundPicture(FOLDER, f"m{number}.jpg") for number in range(3000))])
    queue.take_events([done(f"m{number}.jpg") for number in range(3000)])
    queue.show_only("waiting")
    assert len(shown(queue)) == 10
    with qtbot.waitSignal(queue.dataChanged):
        queue.wait_again()
    assert len(shown(queue)) == 3010
    assert queue.counts == {"waiting": 3010, "working": 0, "done": 0, "skipped": 0, "failed": 0}


def test_columns_order_the_list_and_give_it_back(queue):
    queue.take_listing([tuple(Measured(FOLDER / f"{number}.jpg", 10 * (10 - number), 10, 1000) for number in range(10))])
    queue.sort(SIZE)
    assert shown(queue) == [f"{number}.jpg" for number in reversed(range(10))]
    queue.take_listing([found("late.jpg")])
    assert shown(queue)[0] == "late.jpg"  # of unknown size
    queue.take_events([done("3.jpg")])
    assert queue.row_of(FOLDER / "3.jpg").state == "done"
    queue.sort(-1)
    assert shown(queue)[-1] == "late.jpg"


def test_what_is_found_twice_is_one_row(queue):
    queue.take_listing([found("0.jpg", "0.jpg"), found("1.jpg")])
    assert len(queue) == 10


def test_what_cannot_be_read_fails_before_any_work(queue):
    queue.take_listing([(Unreadable(FOLDER / "0.jpg", "0.jpg is empty.", 0), Unlooked(Path("/gone"), "/gone does not exist."))])
    assert queue.counts["failed"] == 2
    assert queue.row_of(Path("/gone")).reason == "/gone does not exist."


def test_megapixels_that_wait_are_known(queue):
    queue.take_listing([tuple(Measured(FOLDER / f"{number}.jpg", 1000, 2000, 1) for number in range(10))])
    assert queue.tally.megapixels_ahead == pytest.approx(20)
    queue.take_events([done("0.jpg"), PictureBegun(FOLDER / "1.jpg")])
    assert queue.tally.megapixels_ahead == pytest.approx(18)
    queue.remove([queue.row_of(FOLDER / "2.jpg"), queue.row_of(FOLDER / "1.jpg")])  # the second is being worked on
    assert queue.tally.megapixels_ahead == pytest.approx(16)
    assert len(queue) == 9


@pytest.fixture
def view(qtbot, look, queue):
    thumbnails = ThumbnailSource(72, 100)
    thumbnails.get_ready()
    view = QueueView(look, queue, thumbnails)
    qtbot.addWidget(view)
    view.resize(800, 300)
    view.show()
    yield view
    thumbnails.close(soon())


def test_the_selected_row_is_told_by_mouse_and_keys(qtbot, view):
    selected: list = []
    view.picture_selected.connect(lambda row: selected.append(row.name))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, 60))
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_End)
    assert selected == ["1.jpg", "2.jpg", "9.jpg"]


def test_what_is_selected_stays_so_when_the_filter_changes(view, queue):
    view.select(queue.row_of(FOLDER / "7.jpg"))
    queue.take_events([done("1.jpg")])
    queue.show_only("waiting")
    assert view.current.name == "7.jpg"
    queue.show_only("all")
    assert view.current.name == "7.jpg"


def test_failed_rows_have_words_that_can_be_clicked(qtbot, view, queue):
    queue.take_events([done("3.jpg", "failed", "It is cut off. Copy it again.")])
    queue.show_only("failed")
    view.grab()
    row = view._row_rect(queue.index(0, NAME))
    places = view._painter._link_places(row)
    with qtbot.waitSignal(view.retry_asked) as retry:
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=places["retry"].center())
    assert retry.args == [[queue.row_of(FOLDER / "3.jpg")]]
    with qtbot.waitSignal(view.show_file_asked) as show:
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=places["show_file"].center())
    assert show.args == [FOLDER / "3.jpg"]


def ink(widget, left, right, top, bottom):
    """The first column of pixels with anything dark in it."""
    picture = widget.grab().toImage()
    return next(x for x in range(left, right) if any(picture.pixelColor(x, y).lightness() < 170 for y in range(top, bottom)))


def test_headers_stand_above_what_is_in_their_columns(view, queue):
    queue.take_listing([tuple(Measured(FOLDER / f"{number}.jpg", 1000, 2000, 1) for number in range(10))])
    header = view.horizontalHeader()
    left = header.sectionViewportPosition(SIZE)
    room = left, left + header.sectionSize(SIZE)
    assert abs(ink(header, *room, 4, HEADER_HEIGHT - 4) - ink(view.viewport(), *room, 4, ROW_HEIGHT - 4)) <= 1


def test_a_reason_too_long_for_a_line_is_written_on_two_in_the_same_type(look):
    metrics = QFontMetrics(look.theme.font("body"))
    reason = "huge.png claims to be 60000 x 60000 pixels, more than the 300 megapixels that are read."
    first, second = broken(reason, metrics, metrics.horizontalAdvance(reason) * 2 // 3)
    assert f"{first} {second}" == reason
    assert second
    assert metrics.horizontalAdvance(first) <= metrics.horizontalAdvance(reason) * 2 // 3
    assert broken("unbreakable", metrics, 1) == ("unbreakable", "")


def test_every_state_is_painted_in_both_themes_and_widths(view, queue, look):
    events = [PictureBegun(FOLDER / "0.jpg"), done("1.jpg"), done("2.jpg", "skipped"), done("3.jpg", "failed", "It is cut off.")]
    queue.take_events(events)
    for theme in ("light", "dark"):
        look.theme.follow(theme)
        for narrow in (False, True):
            view.set_narrow(narrow)
            assert not view.grab().isNull()


def test_thumbnails_are_made_for_what_is_seen_only(qtbot, look, tmp_path):
    for number in range(60):
        save_picture(tmp_path / f"{number:02}.png", seed=number)
    queue = QueueModel()
    queue.take_listing([tuple(FoundPicture(tmp_path, f"{number:02}.png") for number in range(60))])
    thumbnails = ThumbnailSource(72, 100)
    view = QueueView(look, queue, thumbnails)
    qtbot.addWidget(view)
    arrived: list = []
    thumbnails.arrived.connect(lambda path: arrived.append(path.name))
    view.resize(800, 300)
    view.show()
    view.grab()
    thumbnails.get_ready()
    qtbot.waitUntil(lambda: len(arrived) >= 5 and thumbnails._store.is_idle, timeout=20_000)
    assert "00.png" in arrived
    assert len(arrived) < 20
    thumbnails.close(soon())


def test_the_filter_bar_counts_and_copies(qtbot, look, queue):
    bar = FilterBar(look, queue)
    qtbot.addWidget(bar)
    bar.show()
    queue.take_events([done("0.jpg"), done("3.jpg", "failed", "It is cut off.")])
    chips = {key: bar.findChild(QPushButton, f"filter_{key}") for key in ("all", "waiting", "done", "failed")}
    assert [chip.text().split()[-1] for chip in chips.values()] == ["10", "8", "1", "1"]
    QTest.mouseClick(chips["failed"], Qt.MouseButton.LeftButton)
    assert shown(queue) == ["3.jpg"]
    QTest.mouseClick(bar.findChild(QPushButton, "copy_failed"), Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == f"{FOLDER / '3.jpg'}\tIt is cut off."
    bar.open_search()
    QTest.keyClicks(QApplication.focusWidget() or bar._field, "9.j")
    assert shown(queue) == []
    QTest.keyClick(bar._field, Qt.Key.Key_Escape)
    assert shown(queue) == ["3.jpg"]


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("3.jpg is cut off half way. Copy it again.", "It is cut off half way. Copy it again."),
        (f"{FOLDER / '3.jpg'} does not exist any more.", "It does not exist any more."),
        (
            f"There is not enough memory for {FOLDER / '3.jpg'}. Close other programs.",
            "There is not enough memory for it. Close other programs.",
        ),
        (f"{FOLDER / '3.jpg.bak'} is in the way.", f"{FOLDER / '3.jpg.bak'} is in the way."),
        ("33.jpg is another one.", "33.jpg is another one."),
    ],
)
def test_a_reason_does_not_repeat_the_name_that_stands_beside_it(queue, reason, shown):
    queue.take_events([done("3.jpg", "failed", reason)])
    assert queue.index(3, STATE).data() == shown
    assert queue.index(3, NAME).data(Qt.ItemDataRole.ToolTipRole) == f"{FOLDER / '3.jpg'}\n{shown}"


def test_pixels_ahead_are_known_however_few_sizes_are_and_without_what_has_failed(queue):
    session = ConvertSession(queue, Conversion(lambda: None, lambda: None), lambda *_: None, lambda _: "sharp")
    queue.take_listing([(Measured(FOLDER / "0.jpg", 4000, 6000, 1), Measured(FOLDER / "1.jpg", 1000, 1000, 1))])
    queue.take_events([done("2.jpg", "failed", "It is gone."), done("1.jpg", "failed", "It is cut off.")])
    assert session.megapixels_left() == pytest.approx(24 + 7 * 12.5)  # as known, and seven of the mean
    queue.take_listing([tuple(Measured(FOLDER / f"{number}.jpg", 1000, 1000, 1) for number in range(3, 10))])
    assert session.megapixels_left() == pytest.approx(24 + 7)
    queue.take_events([PictureBegun(FOLDER / "0.jpg")])
    assert (session.megapixels_left(), session.megapixels_at_work()) == (pytest.approx(31), pytest.approx(24))


def test_names_are_ordered_as_people_count(view, queue):
    queue.take_listing([found("Img10.jpg", "img2.jpg", "IMG1.jpg", "10.jpg")])
    header = view.horizontalHeader()
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(40, HEADER_HEIGHT // 2))
    assert shown(queue) == [*(f"{number}.jpg" for number in range(11)), "IMG1.jpg", "img2.jpg", "Img10.jpg"]
