import signal
import threading

import pytest

from training.contract.progress import Cancelled, Token


def test_a_fresh_token_lets_work_go_on():
    token = Token()
    token.check()
    assert not token.cancelled
    assert not token.paused


def test_cancelled_work_raises_at_its_next_check_and_ever_after():
    token = Token()
    token.cancel()
    for _ in range(2):
        with pytest.raises(Cancelled):
            token.check()


def test_paused_work_waits_until_it_is_resumed():
    token = Token()
    token.pause()
    assert token.paused
    threading.Timer(0.1, token.resume).start()
    token.check()
    assert not token.paused


def test_cancelling_wakes_paused_work():
    token = Token()
    token.pause()
    threading.Timer(0.1, token.cancel).start()
    with pytest.raises(Cancelled):
        token.check()
    assert not token.paused


def test_a_cancelled_token_cannot_be_paused():
    token = Token()
    token.cancel()
    token.pause()
    assert not token.paused
    with pytest.raises(Cancelled):
        token.check()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals")
def test_a_signal_handler_may_cancel_at_any_moment():
    token = Token()
    before = signal.signal(signal.SIGALRM, lambda *_: token.cancel())
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(Cancelled):
            _check_for_ever(token)
    finally:
        signal.signal(signal.SIGALRM, before)


def _check_for_ever(token):
    while True:
        token.check()
