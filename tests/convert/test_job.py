"""A folder in, the same folder out: the whole job, on real files."""

import os
import sys
import threading
import traceback

import cv2
import numpy as np
import pytest

from p2p_desktop.convert.job import ConvertSettings, PictureBegun, PictureDone, Planned, Summary, UnloadedModel
from tests.convert.fakes import Inverter, is_negative, leave_behind, save_picture, tree
from training.contract.errors import ConfigError, P2PError
from training.contract.pictures import read_picture
from training.contract.progress import Cancelled, Token


def states(desk) -> dict[str, str]:
    return {row.source.name: row.state for row in desk.rows}


def outputs(desk) -> dict[str, str | None]:
    return {row.source.name: row.output and row.output.relative_to(desk.out).as_posix() for row in desk.rows}


def test_a_folder_comes_back_translated(desk):
    sources = [save_picture(desk.photos / name, seed=seed) for seed, name in enumerate(["a.png", "x/b.png", "x/y/c.bmp"])]
    summary = desk.convert()
    assert desk.made() == ["a.png", "x/b.png", "x/y/c.bmp"]
    assert all(is_negative(desk.out / source.relative_to(desk.photos), source) for source in sources)
    assert (summary.converted, summary.skipped, summary.failed) == (3, 0, 0)
    assert (summary.device, summary.runtime) == ("cpu", "fake")


def test_events_tell_the_plan_first_and_the_summary_last(desk):
    save_picture(desk.photos / "a.png")
    (desk.photos / "b.png").touch()
    (desk.photos / "c.NEF").touch()
    (desk.photos / "d.txt").touch()
    summary = desk.convert()
    assert desk.events[0] == Planned(2, 1, {"NEF": 1})
    assert [type(event) for event in desk.events[1:] if not isinstance(event, PictureBegun)] == [PictureDone, PictureDone, Summary]
    assert desk.events[-1] is summary
    assert (summary.converted, summary.failed, summary.ignored, summary.raw) == (1, 1, 1, {"NEF": 1})
    assert desk.row("a.png").seconds > 0
    assert summary.seconds >= summary.converted / summary.pictures_per_second > 0


def test_a_picture_begins_before_it_ends_and_only_if_there_is_something_to_do(desk):
    first = save_picture(desk.photos / "a.png")
    (desk.photos / "empty.png").touch()
    desk.convert()
    begun = [event.source for event in desk.events if isinstance(event, PictureBegun)]
    assert begun == [first]
    assert desk.events.index(PictureBegun(first)) < desk.events.index(desk.row("a.png"))
    desk.events.clear()
    desk.convert()
    assert not [event for event in desk.events if isinstance(event, PictureBegun)]


def test_only_some_are_converted_under_the_names_they_would_have_had(desk):
    save_picture(desk.photos / "a.png", seed=1)
    second = save_picture(desk.photos / "a.bmp", seed=2)
    (desk.photos / "empty.png").touch()
    summary = desk.convert(format="png", only={desk.photos / "a.png"})
    assert desk.made() == ["a-2.png"]
    assert (summary.converted, summary.failed) == (1, 0)
    assert next(event for event in desk.events if isinstance(event, Planned)).total == 1
    assert is_negative(desk.out / "a-2.png", desk.photos / "a.png")
    desk.convert(format="png", only={second, desk.photos / "empty.png"})
    assert desk.made() == ["a-2.png", "a.png"]
    assert desk.row("empty.png").state == "failed"


def test_events_come_in_the_callers_thread(desk):
    threads = set()
    for number in range(20):
        save_picture(desk.photos / f"{number}.png")
    desk.convert(report=lambda _: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


def test_a_second_run_skips_everything_and_loads_no_model(desk):
    save_picture(desk.photos / "a.png")
    save_picture(desk.photos / "a.bmp")
    (desk.photos / "empty.png").touch()
    desk.convert(format="png")
    before = {path: path.stat().st_mtime_ns for path in desk.out.iterdir()}
    summary = desk.convert(model=UnloadedModel("1nv3", "running", lambda: pytest.fail("loaded")), format="png")
    assert states(desk) == {"a.png": "skipped", "a.bmp": "skipped", "empty.png": "failed"}
    assert outputs(desk) == {"a.bmp": "a.png", "a.png": "a-2.png", "empty.png": None}
    assert (summary.device, summary.runtime, summary.pictures_per_second) == (None, None, 0.0)
    assert {path: path.stat().st_mtime_ns for path in desk.out.iterdir()} == before


def test_a_model_that_is_loaded_here_is_closed_here(desk):
    save_picture(desk.photos / "a.png")
    loaded, given = Inverter(), Inverter()
    desk.convert(model=UnloadedModel("1nv3", "running", lambda: loaded))
    desk.convert(model=given, existing="rename")
    assert (loaded.closed, given.closed) == (True, False)


@pytest.mark.parametrize(
    "change",
    [
        {"strength": 0.5},
        {"quality": 80},
        {"format": "png"},
        {"keep_metadata": False},
        {"model": Inverter(digest="other")},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_other_settings_make_other_results_beside_the_first(desk, change):
    save_picture(desk.photos / "a.png")
    desk.convert()
    desk.convert(**change)
    assert outputs(desk) == {"a.png": "a-2.png"}
    assert "a.png is another file" in desk.row("a.png").reason
    desk.convert(**change)
    assert (states(desk), outputs(desk)) == ({"a.png": "skipped"}, {"a.png": "a-2.png"})
    desk.convert()
    assert (states(desk), outputs(desk)) == ({"a.png": "skipped"}, {"a.png": "a.png"})


def test_device_runtime_and_batch_make_no_other_results(desk):
    save_picture(desk.photos / "a.png")
    desk.convert(model=Inverter(in_flight=1))
    other = Inverter(in_flight=8)
    other.device, other.runtime = "cuda:0", "torch"
    desk.convert(model=other)
    assert states(desk) == {"a.png": "skipped"}


def test_a_source_that_changed_is_converted_again(desk):
    save_picture(desk.photos / "a.png", seed=1)
    desk.convert()
    save_picture(desk.photos / "a.png", seed=2)
    desk.convert()
    assert outputs(desk) == {"a.png": "a-2.png"}
    assert is_negative(desk.out / "a-2.png", desk.photos / "a.png")


def test_a_result_that_was_removed_is_made_again(desk):
    save_picture(desk.photos / "a.png")
    desk.convert()
    (desk.out / "a.png").unlink()
    desk.convert()
    assert outputs(desk) == {"a.png": "a.png"}


def test_new_pictures_among_converted_ones_leave_those_alone(desk):
    save_picture(desk.photos / "a.jpg")
    save_picture(desk.photos / "a.png")
    desk.convert(format="png")
    save_picture(desk.photos / "a.bmp")  # sorts first, and would have been a.png
    desk.convert(format="png")
    assert states(desk) == {"a.bmp": "converted", "a.jpg": "skipped", "a.png": "skipped"}
    assert outputs(desk) == {"a.bmp": "a-4.png", "a.jpg": "a.png", "a.png": "a-2.png"}  # a-3 is in the plan


@pytest.mark.parametrize(
    ("existing", "state", "output", "kept"),
    [
        ("auto", "converted", "a-2.png", True),
        ("rename", "converted", "a-2.png", True),
        ("skip", "skipped", "a.png", True),
        ("overwrite", "converted", "a.png", False),
    ],
)
def test_a_strangers_file_in_the_way(desk, existing, state, output, kept):
    save_picture(desk.photos / "a.png")
    desk.out.mkdir()
    (desk.out / "a.png").write_bytes(b"theirs")
    desk.convert(existing=existing)
    assert (states(desk), outputs(desk)) == ({"a.png": state}, {"a.png": output})
    assert ((desk.out / "a.png").read_bytes() == b"theirs") == kept
    assert desk.row("a.png").reason or existing == "overwrite"


@pytest.mark.parametrize(
    ("existing", "state", "output"),
    [
        ("auto", "skipped", "a.png"),
        ("skip", "skipped", "a.png"),
        ("rename", "converted", "a-2.png"),
        ("overwrite", "converted", "a.png"),
    ],
)
def test_our_own_result_in_the_way(desk, existing, state, output):
    save_picture(desk.photos / "a.png")
    desk.convert()
    desk.convert(existing=existing)
    assert (states(desk), outputs(desk)) == ({"a.png": state}, {"a.png": output})


@pytest.mark.parametrize(
    ("existing", "state"),
    [("auto", "converted"), ("rename", "converted"), ("skip", "skipped"), ("overwrite", "converted")],
)
def test_a_file_that_appears_meanwhile(desk, existing, state):
    save_picture(desk.photos / "a.png")
    model = Inverter()
    model.on_translate = lambda _: (desk.out / "a.png").write_bytes(b"theirs")
    desk.convert(model=model, existing=existing)
    assert states(desk) == {"a.png": state}
    assert ((desk.out / "a.png").read_bytes() == b"theirs") == (existing != "overwrite")
    assert desk.made() == (["a-2.png", "a.png"] if existing in {"auto", "rename"} else ["a.png"])


@pytest.mark.parametrize("existing", ["auto", "skip", "rename", "overwrite"])
@pytest.mark.parametrize("out", [".", "deep", "new", ".."])
def test_sources_are_never_touched(desk, existing, out):
    for number, name in enumerate(["a.png", "a.bmp", "deep/a.png", "photos/a.png", "b.jpg"]):
        save_picture(desk.photos / name, seed=number)
    (desk.photos / "broken.png").write_bytes(b"no picture")
    # A folder of the sources that is named as OUT is no source, and what is in it may be overwritten.
    before = {name: digest for name, digest in tree(desk.photos).items() if not name.startswith(f"{out}/")}
    for _ in range(2):
        desk.convert(out=desk.photos / out, existing=existing)
        assert before.items() <= tree(desk.photos).items()


def test_out_that_is_the_source_gets_numbered_results_once(desk):
    save_picture(desk.photos / "a.png")
    desk.convert(out=desk.photos)
    desk.convert(out=desk.photos)
    desk.convert(out=desk.photos, model=Inverter(digest="other"))
    assert sorted(tree(desk.photos)) == ["a-2.png", "a-3.png", "a.png"]


def test_numbered_results_among_the_sources_are_replaced_when_that_is_wished(desk):
    source = save_picture(desk.photos / "a.png")
    desk.convert(out=desk.photos, strength=0.5)
    (desk.photos / "a-3.png").write_bytes(b"theirs")
    desk.convert(out=desk.photos, existing="overwrite")
    assert sorted(tree(desk.photos)) == ["a-2.png", "a-3.png", "a.png"]
    assert is_negative(desk.photos / "a-2.png", source)
    assert (desk.photos / "a-3.png").read_bytes() == b"theirs"


def test_results_of_an_earlier_conversion_are_not_converted_with_their_folder(desk):
    save_picture(desk.photos / "May" / "a.png")
    desk.convert([desk.photos / "May"], desk.photos / "May sharp")
    summary = desk.convert([desk.photos], model=Inverter(digest="other"))
    assert desk.made() == ["May/a.png"]
    assert (summary.converted, summary.ignored, summary.earlier_results) == (1, 0, 1)
    assert desk.planned.earlier_results == 1
    desk.convert([desk.photos / "May sharp" / "a.png"])  # who names it means it
    assert states(desk) == {"a.png": "converted"}


def test_a_result_that_was_edited_is_a_picture_like_others(desk):
    save_picture(desk.photos / "a.png", seed=1)
    desk.convert(out=desk.photos)
    save_picture(desk.photos / "a-2.png", seed=2)
    desk.convert()
    assert desk.made() == ["a-2.png", "a.png"]


def test_a_folder_of_nothing_but_results_says_so(desk):
    source = save_picture(desk.photos / "May" / "a.png")
    desk.convert([desk.photos / "May"], desk.photos / "May sharp")
    source.unlink()
    with pytest.raises(P2PError, match=r"1 result of an earlier conversion was passed over"):
        desk.convert()


def test_a_folder_of_results_can_be_converted_further(desk):
    """First sharp, then coloured."""
    save_picture(desk.photos / "a.png")
    desk.convert()
    summary = desk.convert([desk.out], desk.root / "further", model=Inverter(digest="other"))
    assert (summary.converted, summary.earlier_results) == (1, 0)
    assert (desk.root / "further" / "a.png").is_file()


def test_a_result_that_is_named_as_a_source_is_one(desk):
    """`convert *.jpg -o .` a second time finds its own results; `convert result.jpg -m another` means it."""
    save_picture(desk.photos / "a.png")
    everything = [desk.photos / "a.png", desk.photos / "a-2.png"]
    desk.convert(everything[:1], desk.photos)
    desk.convert(everything, desk.photos)
    assert states(desk) == {"a.png": "skipped", "a-2.png": "skipped"}
    desk.convert(everything[1:], desk.photos, model=Inverter(digest="other"))
    assert states(desk) == {"a-2.png": "converted"}


def test_one_picture_goes_to_the_file_that_is_named(desk):
    source = save_picture(desk.photos / "a.bmp")
    desk.convert([source], desk.out / "result.png")
    assert is_negative(desk.out / "result.png", source)
    desk.convert([source], desk.out / "another.png")
    assert desk.made() == ["another.png", "result.png"]
    desk.convert([source], desk.out / "result.png")
    assert states(desk) == {"a.bmp": "skipped"}


def test_a_result_that_its_format_cannot_hold_gets_another(desk):
    """A 16-bit result of a .jpg goes to .png; the next run knows it by that name."""
    source = save_picture(desk.photos / "a.jpg")
    model = Inverter()
    model.translate = lambda picture, **_: read_picture(save_picture(desk.root / "deep.png", sixteen_bit=True))
    desk.convert(model=model)
    assert outputs(desk) == {"a.jpg": "a.png"}
    assert read_picture(desk.out / "a.png").pixels.dtype == np.uint16
    assert "a.png" in desk.row("a.jpg").reason
    desk.convert(model=model)
    assert (states(desk), outputs(desk), source.exists()) == ({"a.jpg": "skipped"}, {"a.jpg": "a.png"}, True)


def test_bad_pictures_are_rows_and_the_others_are_done(desk):
    good = save_picture(desk.photos / "good.png", height=64, width=64)
    (desk.photos / "empty.png").touch()
    (desk.photos / "text.png").write_text("no picture at all")
    (desk.photos / "short.png").write_bytes(good.read_bytes()[:-2000])
    (desk.photos / "gone.png").symlink_to(desk.photos / "nowhere.png")
    desk.convert()
    bad = dict.fromkeys(["empty.png", "text.png", "short.png", "gone.png"], "failed")
    assert states(desk) == bad | {"good.png": "converted"}
    for row in desk.rows:
        assert row.state == "converted" or (row.source.name in row.reason and row.reason.endswith(".") and row.output is None)
    assert desk.made() == ["good.png"]


def test_a_picture_without_enough_memory_is_a_row(desk):
    save_picture(desk.photos / "a.png", width=10)
    save_picture(desk.photos / "b.png", width=20)
    model = Inverter()

    def run_out(picture) -> None:
        if picture.pixels.shape[1] == 20:
            raise MemoryError

    model.on_translate = run_out
    desk.convert(model=model)
    assert states(desk) == {"a.png": "converted", "b.png": "failed"}
    assert "memory" in desk.row("b.png").reason


def test_a_source_that_vanishes_meanwhile_is_a_row(desk):
    for name in ("a.png", "b.png", "z.png"):
        save_picture(desk.photos / name)

    def vanish(event) -> None:
        if isinstance(event, Planned):
            (desk.photos / "z.png").unlink()

    desk.convert(report=vanish)
    assert states(desk) == {"a.png": "converted", "b.png": "converted", "z.png": "failed"}
    assert "is no longer there" in desk.row("z.png").reason


def test_a_folder_that_cannot_be_made_is_a_row(desk):
    save_picture(desk.photos / "a.png")
    save_picture(desk.photos / "x/b.png")
    desk.out.mkdir()
    (desk.out / "x").write_bytes(b"a file where a folder should be")
    desk.convert()
    assert states(desk) == {"a.png": "converted", "b.png": "failed"}
    assert "could not be written" in desk.row("b.png").reason


@pytest.mark.parametrize(
    "name",
    [
        "two\nlines.png",
        " space .png",
        "\u732b\u3068\u72ac.png",
        "\u0645\u0631\u062d\u0628\u0627.png",
        "\u092f\u0942.png",
        "\u043c\u0438\u0440.png",
        "e\u0301.png",
        os.fsdecode(b"caf\xe9.png"),
        "a" * 251 + ".png",
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_odd_names_are_converted_and_found_again(desk, name):
    source = save_picture(desk.photos / name)
    desk.convert()
    assert is_negative(desk.out / name, source)
    desk.convert()
    assert [row.state for row in desk.rows] == ["skipped"]
    desk.convert(existing="rename")
    assert len(desk.made()) == 2


def test_cancelling_stops_within_a_picture_and_keeps_finished_ones(desk):
    for number in range(6):
        save_picture(desk.photos / f"{number}.png")
    token = Token()
    model = Inverter(in_flight=1)

    def hold_the_fifth(_) -> None:
        model.seconds = 60 if len(model.seen) == 5 else 0

    def cancel_after_four(_) -> None:
        if len(desk.rows) == 4:
            token.cancel()

    model.on_translate = hold_the_fifth
    with pytest.raises(Cancelled):
        desk.convert(model=model, token=token, report=cancel_after_four)
    assert desk.made() == sorted(row.output.name for row in desk.rows)
    assert len(desk.rows) == desk.events[-1].converted == 4
    desk.convert()
    assert sorted(row.state for row in desk.rows) == ["converted"] * 2 + ["skipped"] * 4


def test_an_error_of_our_own_ends_the_job_and_shows_where(desk):
    for number in range(20):
        save_picture(desk.photos / f"{number}.png")
    model = Inverter()

    def divide(_) -> None:
        raise ZeroDivisionError

    model.on_translate = divide
    with pytest.raises(ZeroDivisionError) as caught:
        desk.convert(model=model)
    assert "divide" in "".join(traceback.format_tb(caught.tb))
    assert desk.made() == []
    desk.convert()
    assert len(desk.made()) == 20


@pytest.mark.parametrize("folder", [".", "x"])
def test_what_a_run_left_that_was_killed_is_removed(desk, dead, folder):
    """Wherever a run writes: among its results, and in the folder above them all, which it tries before it begins."""
    save_picture(desk.photos / "x/a.png")
    (desk.out / folder).mkdir(parents=True)
    leave_behind(desk.out / folder, dead)
    desk.convert()
    assert desk.made() == ["x/a.png"]


def test_nothing_to_convert_is_a_sentence(desk):
    desk.photos.mkdir()
    with pytest.raises(P2PError, match=r"no picture was found in .*photos\.$"):
        desk.convert()
    (desk.photos / "a.NEF").touch()
    with pytest.raises(P2PError, match=r"1 NEF picture cannot be read yet\.$"):
        desk.convert()
    with pytest.raises(P2PError, match=r"does not exist"):
        desk.convert([desk.root / "gone"])
    assert not desk.out.exists()


def test_an_output_folder_below_a_file_stops_before_the_model_is_loaded(desk):
    save_picture(desk.photos / "a.png")
    desk.out.write_bytes(b"a file")
    with pytest.raises(P2PError, match="Choose another output folder"):
        desk.convert(model=UnloadedModel("1nv3", "running", lambda: pytest.fail("loaded")))


def test_a_model_that_cannot_be_loaded_leaves_nothing_behind(desk):
    save_picture(desk.photos / "a.png")

    def fail():
        raise P2PError("The model is damaged.")

    with pytest.raises(P2PError, match="damaged"):
        desk.convert(model=UnloadedModel("1nv3", "running", fail))
    desk.convert()
    assert states(desk) == {"a.png": "converted"}


def test_strength_mixes_and_keeps_the_source_at_zero(desk):
    source = save_picture(desk.photos / "a.png")
    desk.convert(strength=0.0)
    assert np.array_equal(cv2.imread(str(desk.out / "a.png")), cv2.imread(str(source)))


@pytest.mark.parametrize(
    "wrong",
    [{"quality": 0}, {"quality": 101}, {"strength": -0.1}, {"strength": 1.1}, {"existing": "ask"}, {"format": "gif"}],
    ids=str,
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError, match=r"\.$"):
        ConvertSettings(**wrong)


def test_pictures_beyond_the_memory_budget_go_one_by_one(desk):
    for number in range(6):
        save_picture(desk.photos / f"{number}.png", height=100, width=100)
    model = Inverter(in_flight=4, seconds=0.01)
    desk.convert(model=model, memory_budget=200_000)
    assert model.most_at_once == 1
    model = Inverter(in_flight=4, seconds=0.01)
    desk.convert(model=model, memory_budget=10_000_000, existing="rename")
    assert model.most_at_once > 1


def test_a_pictures_time_is_that_of_its_own_work_and_not_of_its_waiting(desk):
    for number in range(8):
        save_picture(desk.photos / f"{number}.png")
    work_s = 0.2
    summary = desk.convert(model=Inverter(in_flight=1, seconds=work_s))  # all are read at once, and translated one by one
    assert summary.seconds > 8 * work_s
    assert all(work_s <= row.seconds < 4 * work_s for row in desk.rows)


def test_a_pause_does_not_count_as_work_on_the_picture_that_it_meets(desk):
    save_picture(desk.photos / "a.png")
    token, model = Token(), Inverter(seconds=0.1)
    pause_s = 1.0

    def pause(_) -> None:
        token.pause()
        threading.Timer(pause_s, token.resume).start()

    model.on_translate = pause
    summary = desk.convert(model=model, token=token)
    assert summary.seconds > pause_s > desk.row("a.png").seconds > 0
