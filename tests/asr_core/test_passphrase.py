"""Passphrases: how hard they are to guess, and the key they make."""

import pytest

from asr_core.passphrase import LOCK_SIZE, Lock, strength

PASSPHRASE = "four words of mine"


def test_a_lock_comes_back_and_makes_the_same_key():
    lock = Lock(log2_n=14)
    assert Lock.unpack(lock.pack()) == lock
    assert len(lock.pack()) == LOCK_SIZE
    assert Lock.unpack(lock.pack()).key(PASSPHRASE) == lock.key(PASSPHRASE)


def test_no_two_locks_make_the_same_key():
    assert Lock(log2_n=14).key(PASSPHRASE) != Lock(log2_n=14).key(PASSPHRASE)


def test_a_new_lock_costs_what_it_should():
    lock = Lock()
    assert (lock.log2_n, lock.r, lock.p) == (17, 8, 1)
    assert lock.is_bearable
    assert not Lock(log2_n=30).is_bearable
    assert not Lock(log2_n=1).is_bearable


def test_short_is_said_as_it_is():
    assert strength("  a b  ") == "short"


@pytest.mark.parametrize(
    ("passphrase", "said"),
    [
        ("aaaaaaaaaaaaaaaa", "weak"),
        ("password", "weak"),
        ("1111 1111 1111", "weak"),
        ("correct horse battery staple", "fair"),
        ("correct horse battery staple river", "good"),
        ("kX7#mQ2!vB9$tz4%", "good"),
        ("床前明月光疑是", "short"),
        ("青山绿水红砖白瓦", "fair"),
    ],
)
def test_how_hard_it_is_to_guess_is_said_in_words(passphrase, said):
    assert strength(passphrase) == said
