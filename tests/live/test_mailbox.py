"""One place between two threads."""

import threading

from p2p_desktop.live.mailbox import Mailbox


def test_the_newest_wins_and_the_others_are_counted():
    mailbox = Mailbox[int]()
    assert mailbox.take() is None
    assert [mailbox.put(number) for number in (1, 2, 3)] == [True, False, False]
    assert mailbox.take() == 3
    assert mailbox.take() is None
    assert mailbox.num_replaced == 2


def test_whoever_takes_is_told_once_for_however_many_were_put():
    mailbox = Mailbox[int]()
    assert mailbox.put(1)
    assert not mailbox.put(2)
    mailbox.take()
    assert mailbox.put(3)


def test_whoever_waits_gets_it_at_once():
    mailbox, taken = Mailbox[int](), []
    waiting = threading.Thread(target=lambda: taken.append(mailbox.take(30)))
    waiting.start()
    mailbox.put(7)
    waiting.join(20)
    assert taken == [7]


def test_whoever_waits_can_be_woken_to_look_at_other_things():
    mailbox, taken = Mailbox[int](), []
    waiting = threading.Thread(target=lambda: taken.append(mailbox.take(30)))
    waiting.start()
    while waiting.is_alive():
        mailbox.wake()
        waiting.join(0.01)
    assert taken == [None]


def test_what_is_thrown_away_counts_as_replaced():
    mailbox = Mailbox[int]()
    mailbox.put(1)
    mailbox.clear()
    mailbox.clear()
    assert mailbox.take() is None
    assert mailbox.num_replaced == 1


def test_a_fast_hand_and_a_slow_one_lose_nothing_but_what_was_replaced():
    mailbox, taken, is_over = Mailbox[int](), [], threading.Event()

    def take():
        while not is_over.is_set():
            if (item := mailbox.take(0.01)) is not None:
                taken.append(item)
        if (item := mailbox.take()) is not None:
            taken.append(item)

    taker = threading.Thread(target=take)
    taker.start()
    for number in range(1, 20_001):
        mailbox.put(number)
    is_over.set()
    taker.join(20)
    assert taken == sorted(set(taken))
    assert taken[-1] == 20_000
    assert len(taken) + mailbox.num_replaced == 20_000
