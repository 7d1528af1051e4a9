import shutil
import sys
import tempfile
from dataclasses import replace
from itertools import islice

import cv2
import numpy as np
import pytest
import torch

from tests.training.runs import save, scene, tiny_config, write_photos
from training.contract.config import recommended
from training.contract.encodings import encode
from training.contract.errors import PairingError
from training.contract.framing import fit_size
from training.contract.pairing import PairFiles, fingerprint
from training.contract.pictures import read_picture
from training.dataset import EndlessBatches, TrainingPairs, batches
from training.held_out import full_set
from training.reading import pairs_of_run


def take(pairs, config, count, first_step=0):
    return list(islice(batches(pairs, config, first_step), count))


def same(first, second):
    return all(
        torch.equal(a.input_NCHW, b.input_NCHW) and torch.equal(a.target_NCHW, b.target_NCHW) and a.damaged == b.damaged
        for a, b in zip(first, second, strict=True)
    )


def pairs_in(config, paths):
    return TrainingPairs(config, [PairFiles(path.stem, path, None) for path in paths], "photos")


def pairs_of(folder, **changes):
    config = tiny_config(folder, **changes)
    return pairs_in(config, sorted(folder.iterdir())), config


def colour_config(folder, **changes):
    return tiny_config(folder, task="colorize", **changes)


def test_a_split_by_the_owner_is_kept(tmp_path):
    write_photos(tmp_path / "train", 4)
    write_photos(tmp_path / "val", 2, seed=1)
    write_photos(tmp_path / "test", 2, seed=2)
    split = pairs_of_run(tiny_config(tmp_path), tmp_path / "run")
    assert {pair.a.parent.name for pair in split.train} == {"train"}
    assert {pair.a.parent.name for pair in split.held_out} == {"val"}
    assert (len(split.train), len(split.held_out)) == (4, 2)


def test_copies_of_one_picture_fall_on_one_side(tmp_path):
    write_photos(tmp_path, 20)
    for path in list(tmp_path.iterdir()):
        shutil.copy(path, path.with_name(f"copy of {path.name}"))
    for seed in range(5):
        split = pairs_of_run(tiny_config(tmp_path, seed=seed), tmp_path / "run")
        sides = [{pair.a.read_bytes() for pair in side} for side in (split.train, split.held_out)]
        assert len(split.train) + len(split.held_out) == 40
        assert len(sides[1]) == 2
        assert not sides[0] & sides[1]


def test_a_split_depends_on_contents_and_seed_not_on_names(tmp_path):
    write_photos(tmp_path / "a", 20)
    write_photos(tmp_path / "b", 20)
    for path in list((tmp_path / "b").iterdir()):
        path.rename(path.with_name(f"{200 - int(path.stem.removeprefix('photo-'))}.png"))
    held_out = [
        {pair.a.read_bytes() for pair in pairs_of_run(tiny_config(tmp_path / folder, seed=seed), tmp_path / "run").held_out}
        for folder, seed in (("a", 0), ("b", 0), ("a", 1))
    ]
    assert held_out[0] == held_out[1] != held_out[2]


def test_held_out_pictures_are_bounded_and_spread(tmp_path):
    write_photos(tmp_path / "train", 1)
    write_photos(tmp_path / "val", 9, seed=1)
    split = pairs_of_run(tiny_config(tmp_path, validation_pairs=3), tmp_path / "run")
    assert [pair.name for pair in split.held_out] == ["photo-0", "photo-3", "photo-6"]


def test_what_a_run_has_drawn_is_nothing_to_learn_from(tmp_path):
    write_photos(tmp_path)
    run = tmp_path / "run"
    before = pairs_of_run(tiny_config(tmp_path), run)
    write_photos(run / "samples" / "step-1", seed=9)
    assert pairs_of_run(tiny_config(tmp_path), run) == before


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_pictures_are_refused(tmp_path, count):
    write_photos(tmp_path, count)
    with pytest.raises(PairingError, match="too few pictures"):
        pairs_of_run(tiny_config(tmp_path), tmp_path / "run")


def test_copies_of_a_single_picture_are_too_few(tmp_path):
    write_photos(tmp_path, 1)
    shutil.copy(tmp_path / "photo-0.png", tmp_path / "again.png")
    with pytest.raises(PairingError, match="too few pictures"):
        pairs_of_run(tiny_config(tmp_path), tmp_path / "run")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(PairingError, match="nowhere does not exist"):
        pairs_of_run(tiny_config(tmp_path / "nowhere"), tmp_path / "run")


def test_a_fingerprint_tells_other_pictures_apart(tmp_path):
    write_photos(tmp_path, 6)
    first = fingerprint(pairs_of_run(tiny_config(tmp_path), tmp_path / "run"))
    assert fingerprint(pairs_of_run(tiny_config(tmp_path), tmp_path / "run")) == first
    write_photos(tmp_path, 7)
    assert fingerprint(pairs_of_run(tiny_config(tmp_path), tmp_path / "run")) != first


def test_samples_depend_on_epoch_and_index_alone(photos):
    pairs, config = pairs_of(photos)
    again, _ = pairs_of(photos)
    first = pairs[3, 1]
    _ = pairs[0, 0], pairs[3, 2]
    assert torch.equal(pairs[3, 1].input_CHW, first.input_CHW)
    assert torch.equal(again[3, 1].input_CHW, first.input_CHW)
    assert not torch.equal(pairs[4, 1].input_CHW, first.input_CHW)
    other, _ = pairs_of(photos, seed=config.seed + 1)
    assert not torch.equal(other[3, 1].input_CHW, first.input_CHW)


def test_batches_go_on_where_a_run_was_interrupted(photos):
    pairs, config = pairs_of(photos, batch_size=4)  # across epochs: 6 pictures
    whole = take(pairs, config, 8)
    assert same(take(pairs, config, 5, first_step=3), whole[3:])


def test_workers_change_nothing(photos):
    pairs, config = pairs_of(photos)
    state = torch.get_rng_state()
    alone = take(pairs, config, 5)
    stream = batches(pairs, replace(config, workers=2), 0)
    helped = [next(stream) for _ in range(5)]
    stream.close()
    assert same(alone, helped)
    assert torch.equal(torch.get_rng_state(), state)  # dropout draws from it


def test_an_epoch_shows_every_picture_once_in_an_order_of_its_own():
    keys = [key for batch in islice(EndlessBatches(num_pairs=6, batch=3, seed=0, first_step=0), 6) for key in batch]
    orders = [[index for number, index in keys if number == epoch] for epoch in range(3)]
    assert all(sorted(order) == list(range(6)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3


def test_a_batch_has_its_size_and_range(photos):
    pairs, config = pairs_of(photos, batch_size=5)
    (batch,) = take(pairs, config, 1)
    assert batch.input_NCHW.shape == batch.target_NCHW.shape == (5, 3, 16, 16)
    assert batch.input_NCHW.dtype == torch.float32
    assert -1 <= batch.input_NCHW.min() < batch.input_NCHW.max() <= 1


def test_input_and_target_are_jittered_and_mirrored_alike(photos):
    config = tiny_config(photos, identity_share=1.0)
    pairs = pairs_in(config, sorted(photos.iterdir()))
    for epoch in range(10):
        pair = pairs[epoch, 0]
        assert torch.equal(pair.input_CHW, pair.target_CHW)


def test_blurred_inputs_stay_in_place(photos):
    pairs, _ = pairs_of(photos, identity_share=0.0, crop_size=24)
    for epoch in range(5):
        pair = pairs[epoch, 1]
        at_home = (pair.input_CHW - pair.target_CHW).abs().mean()
        assert 0 < at_home < (pair.input_CHW - pair.target_CHW.flip(2)).abs().mean()


def test_fitted_pictures_are_enlarged_by_the_papers_jitter_and_cropped(tmp_path):
    ramp = np.tile(np.arange(0, 256, dtype=np.uint8)[:, None, None], (1, 256, 3))  # rows tell where a crop lies
    cv2.imwrite(str(tmp_path / "ramp.png"), ramp)
    pairs = pairs_in(colour_config(tmp_path, crop_size=256, mirror=False), [tmp_path / "ramp.png"])
    enlarged = cv2.resize(ramp, (286, 286), interpolation=cv2.INTER_CUBIC)
    tops = set()
    for epoch in range(40):
        lightness = pairs[epoch, 0].input_CHW[0].numpy()
        fits = [
            top for top in range(31) if np.abs(lightness[:, 0] - encode(enlarged[top : top + 256], "lab_l")[:, 0, 0]).max() < 0.02
        ]
        assert fits
        tops.add(fits[0])
    assert min(tops) < 5
    assert max(tops) > 25


def test_half_of_the_pictures_are_mirrored(tmp_path):
    rgb = np.zeros((16, 16, 3), np.uint8)
    rgb[:, :8] = 255
    cv2.imwrite(str(tmp_path / "half.png"), rgb)
    left_is_bright = [
        pairs_in(colour_config(tmp_path, crop_size=16, load_size=16, mirror=mirror), [tmp_path / "half.png"])[epoch, 0].input_CHW[
            0, 0, 0
        ]
        > 0
        for mirror in (True, False)
        for epoch in range(40)
    ]
    assert 10 <= sum(left_is_bright[:40]) <= 30
    assert all(left_is_bright[40:])


def test_pictures_are_turned_by_all_four_quarters_and_targets_with_them(tmp_path):
    rgb = np.zeros((16, 16, 3), np.uint8)
    rgb[:8, :8] = 255
    cv2.imwrite(str(tmp_path / "corner.png"), rgb)
    bright = {True: set(), False: set()}
    for turn in bright:
        config = colour_config(tmp_path, crop_size=16, load_size=16, mirror=False, turn=turn)
        pairs = pairs_in(config, [tmp_path / "corner.png"])
        for epoch in range(20):
            pair = pairs[epoch, 0]
            corners = pair.input_CHW[0, ::15, ::15].flatten()
            bright[turn].add(int(corners.argmax()))
            assert pair.target_CHW.shape[1:] == pair.input_CHW.shape[1:]
    assert bright[False] == {0}
    assert bright[True] == {0, 1, 2, 3}


def test_turned_depth_keeps_its_mask_in_place(tmp_path):
    depth = np.full((32, 32), 2000, np.uint16)
    depth[:8] = 0
    cv2.imwrite(str(tmp_path / "depth.png"), depth)
    config = recommended("fill-depth", tmp_path, "quick").changed(
        {"turn": "true", "crop_size": "32", "mirror": "false", "shrink": "1"}
    )
    pairs = pairs_in(config, [tmp_path / "depth.png"])
    for epoch in range(8):
        pair = pairs[epoch, 0]
        assert torch.equal(pair.mask_1HW[0], pair.target_CHW[0] > -1)


def test_pictures_smaller_than_the_crop_are_extended(tmp_path):
    write_photos(tmp_path, 1, height=5, width=3)
    pairs, _ = pairs_of(tmp_path, crop_size=16)
    assert pairs[0, 0].target_CHW.shape == (3, 16, 16)


@pytest.mark.parametrize("cache_mb", [0, 100])
def test_a_cache_changes_nothing(photos, cache_mb):
    pairs, config = pairs_of(photos, cache_mb=cache_mb)
    plain, _ = pairs_of(photos)
    assert same(take(pairs, config, 8), take(plain, config, 8))


def test_a_damaged_picture_gives_way_to_the_next(tmp_path):
    write_photos(tmp_path, 3)
    (tmp_path / "photo-1.png").write_bytes((tmp_path / "photo-1.png").read_bytes()[:100])
    pairs, _ = pairs_of(tmp_path)
    pair = pairs[0, 1]
    assert len(pair.damaged) == 1
    assert "photo-1.png" in pair.damaged[0]
    rgb = encode(read_picture(tmp_path / "photo-2.png").pixels, "rgb8")
    assert set(np.unique(pair.target_CHW.numpy())) <= set(np.unique(rgb))


@pytest.mark.skipif(sys.platform == "win32", reason="workers speak through pipes there")
def test_a_temporary_folder_too_deep_for_workers_keeps_nobody_waiting(photos, tmp_path, monkeypatch, caplog):
    pairs, config = pairs_of(photos)
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    stream = batches(pairs, replace(config, workers=1), 0)
    assert same([next(stream)], take(pairs, config, 1))
    stream.close()
    assert "too long for workers" in caplog.text


@pytest.mark.parametrize("workers", [0, 1])
def test_when_no_picture_can_be_read_the_error_is_a_sentence(tmp_path, workers):
    write_photos(tmp_path, 2)
    pairs, config = pairs_of(tmp_path, workers=workers)
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    with pytest.raises(PairingError) as caught:
        next(batches(pairs, config, 0))
    assert str(caught.value).startswith("None of the 2 training pairs can be read any more. photo-0.png ")
    assert "Traceback" not in str(caught.value)


def as_translated(source, config):
    """What the network sees of a source when a picture is measured or converted, before it is padded."""
    frame = config.frame
    height, width = source.shape[:2]
    return frame.encode(frame.shrink(source, fit_size(height, width, frame.rule)))


def held_out_of(config, path):
    (row,) = full_set(config, [PairFiles(path.stem, path, None)], "photos", pytest.fail)
    return row


@pytest.mark.parametrize(("height", "width"), [(96, 128), (128, 96), (128, 128), (72, 128)])
def test_training_sees_a_picture_at_the_scale_at_which_it_is_translated(tmp_path, height, width):
    save(tmp_path / "a.png", scene(3, height, width))
    config = colour_config(tmp_path, crop_size=64, load_size=64, mirror=False)
    seen = pairs_in(config, [tmp_path / "a.png"])[0, 0].input_CHW.numpy()
    translated = as_translated(held_out_of(config, tmp_path / "a.png").source, config).transpose(2, 0, 1)
    assert seen.shape == (1, 64, 64)
    assert np.abs(seen[:, : translated.shape[1], : translated.shape[2]] - translated).max() < 0.03  # grey levels are rounded once


@pytest.mark.parametrize(("height", "width"), [(128, 128), (96, 128), (128, 64)])
def test_fitted_pictures_are_shrunk_at_random_from_their_load_size(tmp_path, height, width):
    """A ramp tells the scale of a crop by its slope: from that of the load size to that at which the long side just fits."""
    ramp = np.broadcast_to(np.linspace(0, 255, height, dtype=np.uint8)[:, None, None], (height, width, 3))
    save(tmp_path / "a.png", np.ascontiguousarray(ramp))
    config = colour_config(tmp_path, crop_size=32, load_size=64, shrink=0.5, mirror=False)
    pairs = pairs_in(config, [tmp_path / "a.png"])
    slopes = []
    for epoch in range(40):
        lightness = pairs[epoch, 0].input_CHW.numpy()[0, :, 0]
        slopes.append(np.median(np.abs(np.diff(lightness))))
    assert max(slopes) / min(slopes) > 1.6  # 2 at the most: load_size over crop_size
    assert all(pairs[epoch, 0].input_CHW.shape == (1, 32, 32) for epoch in range(4))


def test_what_the_short_side_lacks_is_mirrored(tmp_path):
    save(tmp_path / "a.png", scene(3, 96, 128))
    config = colour_config(tmp_path, crop_size=64, load_size=64, mirror=False)
    seen = pairs_in(config, [tmp_path / "a.png"])[0, 0].input_CHW
    assert torch.equal(seen[:, 48:], seen[:, 31:47].flip(1))


def test_colours_are_learned_from_the_grey_that_will_come_in(tmp_path):
    save(tmp_path / "blue.png", np.full((16, 16, 3), (0, 0, 255), np.uint8))
    config = colour_config(tmp_path)
    pair = pairs_in(config, [tmp_path / "blue.png"])[0, 0]
    row = held_out_of(config, tmp_path / "blue.png")
    assert pair.input_CHW.mean() == pytest.approx(float(encode(row.source, "lab_l").mean()), abs=1e-5)  # 10.8, not 32.3
    assert pair.target_CHW.numpy()[:, 0, 0] == pytest.approx(encode(row.target, "lab_ab")[0, 0], abs=1e-5)


@pytest.mark.parametrize("size", [(64, 64), (96, 128), (480, 640)])
def test_drawings_are_as_black_in_training_as_when_they_are_measured(tmp_path, size):
    """Of the same scene, however large: lines that are thinner than a pixel must not vanish on their way in."""
    inks = {"trained": [], "measured": []}
    for number in range(6):
        path = tmp_path / f"{number}.png"
        save(path, cv2.resize(scene(number, 480, 640), size[::-1], interpolation=cv2.INTER_AREA))
        config = tiny_config(tmp_path, task="edges", crop_size=64)
        pairs = pairs_in(config, [path])
        trained = [pairs[epoch, 0].input_CHW.numpy() for epoch in range(8)]
        measured = as_translated(held_out_of(config, path).source, config)
        inks["trained"] += [ink(drawing) for drawing in trained]
        inks["measured"].append(ink(measured))
        assert measured.min() < -0.9  # some of it is black
    trained, measured = (np.mean(inks[side], axis=0) for side in ("trained", "measured"))
    assert measured == pytest.approx(trained, rel=0.4)


def ink(drawing):
    """Shares of dark pixels and of all the black there is."""
    return float((drawing < 0).mean()), float((1 - drawing).mean() / 2)
