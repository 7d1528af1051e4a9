"""Numbers as people say them."""

import pytest

from p2p_desktop.convert.natural_order import natural_order
from p2p_desktop.ui import plain_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a second"),
        (3.2, "about 3 s"),
        (59, "about 55 s"),
        (61, "about 1 min"),
        (170, "about 3 min"),
        (3599, "about 1 h"),
        (3700, "about 1 h"),
        (8700, "about 2 h 25 min"),
        (86399, "about 1 d"),
        (90000, "about 1 d 1 h"),
    ],
)
def test_a_time_to_wait_is_rounded(seconds, words):
    assert plain_words.duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.31, "0.31 s"),
        (0.999, "1.0 s"),
        (9.97, "10 s"),
        (59.7, "1 min 0 s"),
        (61, "1 min 1 s"),
        (322, "5 min 22 s"),
        (3599.6, "1 h 0 min"),
        (3700, "1 h 1 min"),
    ],
)
def test_a_time_that_has_passed_is_exact(seconds, words):
    assert plain_words.exact_duration(seconds) == words


@pytest.mark.parametrize(
    ("num_bytes", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_345, "12 kB"),
        (999_600, "1.0 MB"),
        (1_100_000, "1.1 MB"),
        (9_990_000, "10 MB"),
        (1_500_000_000, "1.5 GB"),
        (61_000_000_000, "61 GB"),
    ],
)
def test_sizes(num_bytes, words):
    assert plain_words.size(num_bytes) == words


@pytest.mark.parametrize(
    ("per_second", "words"),
    [
        (3.14, "3.1 a second"),
        (12.4, "12 a second"),
        (1, "1 a second"),
        (0.05, "3 a minute"),
        (0.001, "3.6 an hour"),
        (0, "0 an hour"),
    ],
)
def test_rates(per_second, words):
    assert plain_words.rate(per_second) == words


def test_counts():
    assert plain_words.count(999) == "999"
    assert plain_words.count(50_000) == "50,000"


def test_names_are_ordered_as_people_count_whatever_their_case():
    in_order = ["2.jpg", "10.jpg", "a.jpg", "img1.jpg", "IMG2.jpg", "Img2b.jpg", "img10.jpg", "\u00b2.jpg"]
    assert sorted({*in_order}, key=natural_order) == in_order
