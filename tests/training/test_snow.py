"""Winter that is made of summer."""

import cv2
import numpy as np

from training.snow import winter


def meadow(seed=0):
    """Green below, blue above, grey rock at the right."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((96, 128, 3), np.float32)
    picture[:40] = (120, 170, 230)
    picture[40:] = (70, 140, 50)
    picture[20:96, 100:] = (128, 126, 124)
    texture = cv2.resize(rng.standard_normal((48, 64)).astype(np.float32), (128, 96))[..., None]
    return np.clip(picture + 18 * texture, 0, 255).astype(np.uint8)


def many():
    summer = meadow()
    return summer, [winter(summer, np.random.default_rng(seed)) for seed in range(12)]


def test_what_was_green_is_white_or_brown_and_no_longer_green():
    summer, winters = many()

    def greenness(picture):
        red, green, blue = np.moveaxis(picture[60:, :90].astype(float), 2, 0)
        return float((green - (red + blue) / 2).mean())

    assert greenness(summer) > 60
    assert all(greenness(picture) < 25 for picture in winters)
    brightness = [picture[60:, :90].mean() for picture in winters]
    assert np.mean(brightness) > summer[60:, :90].mean() + 30


def test_winter_light_is_paler_and_colder():
    summer, winters = many()

    def saturation(picture):
        return float(np.ptp(picture.astype(int), axis=2).mean())

    assert all(saturation(picture) < 0.7 * saturation(summer) for picture in winters)
    rock = [picture[40:, 105:].reshape(-1, 3).mean(0) for picture in winters]
    assert all(colour[2] > colour[0] for colour in rock)


def test_things_stay_where_they_are():
    """The lines of the picture survive, or the pair would teach to invent."""
    summer, winters = many()

    def lines(picture):
        return cv2.Laplacian(picture[45:, :95].mean(2), -1).ravel()

    assert all(picture.shape == summer.shape for picture in winters)
    assert np.mean([np.corrcoef(lines(summer), lines(picture))[0, 1] for picture in winters]) > 0.5


def test_the_same_numbers_make_the_same_winter_and_others_another():
    summer = meadow()
    first, again, other = (winter(summer, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 3
