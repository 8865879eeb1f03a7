"""The project file: what was kept comes back, and to nobody else."""

import hashlib
import json
import random
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from asr_core import passphrase as passphrase_module
from asr_core import project as project_module
from asr_core.editing.quotes import Quote
from asr_core.errors import AsrError
from asr_core.passphrase import Lock
from asr_core.project import Project, ProjectError, opened, sealed
from asr_core.result import Language, Segment, Transcript, Word

CANARY = "Kingfisher"
PASSPHRASE = "four words of mine"
WORDS = (Word("你", 0.5, 1.0, 0.8, ("您", CANARY)), Word(CANARY, 1.0, 2.0, 0.7))
TRANSCRIPT = Transcript(
    f"{CANARY}.m4a",
    71.5,
    (
        Segment(0.5, 2.0, "zh", f"你 {CANARY}", 0.9, WORDS, CANARY, True),
        Segment(2.0, 3.0, "en", "Two\nlines.", 0.5),
    ),
    Language(0.5, 0.5, 0.0, "mixed"),
    "sottovoce-base",
    "joint",
    (f"{CANARY} left.",),
    {"device": "cpu", "seconds": 1.5},
)
PROJECT = Project(TRANSCRIPT, (Quote(CANARY, 1.0, 2.0, CANARY, True),), f"{CANARY} = P1")


@pytest.fixture
def quick(monkeypatch):
    """The cheapest key that is still accepted; the format is the same."""
    monkeypatch.setattr(passphrase_module, "_LOG2_N", 14)


def test_what_was_kept_comes_back():
    data = sealed(PROJECT, PASSPHRASE)
    assert data[10:13] == bytes([17, 8, 1])  # what the real file costs somebody who guesses
    assert opened(data, PASSPHRASE) == PROJECT


@pytest.mark.usefixtures("quick")
def test_no_word_of_it_is_in_the_file_and_no_two_files_are_alike():
    one, other = sealed(PROJECT, PASSPHRASE), sealed(PROJECT, PASSPHRASE)
    for text in (CANARY, "你", "transcript", "m4a", PASSPHRASE):
        assert text.encode() not in one
    assert one[13:] != other[13:]
    assert one[13:29] != other[13:29]


@pytest.mark.usefixtures("quick")
def test_a_wrong_passphrase_is_a_sentence():
    data = sealed(PROJECT, PASSPHRASE)
    for wrong in ("", "Four words of mine", PASSPHRASE + " "):
        with pytest.raises(ProjectError, match=r"The passphrase is wrong\."):
            opened(data, wrong)


@pytest.mark.usefixtures("quick")
def test_the_same_letters_open_it_whichever_keyboard_typed_them():
    assert opened(sealed(PROJECT, "ge\u0301nies réels"), "génies re\u0301els") == PROJECT


@pytest.mark.usefixtures("quick")
def test_a_flipped_bit_anywhere_is_refused():
    data = sealed(PROJECT, PASSPHRASE)
    rng = random.Random(3)
    for place in [*range(60), *(rng.randrange(len(data)) for _ in range(200)), len(data) - 1]:
        broken = bytearray(data)
        broken[place] ^= 1 << rng.randrange(8)
        with pytest.raises(ProjectError, match=r"damaged|no Sottovoce project"):
            opened(bytes(broken), PASSPHRASE)


@pytest.mark.usefixtures("quick")
def test_a_change_with_a_digest_to_match_is_refused_by_the_cipher():
    data = sealed(PROJECT, PASSPHRASE)
    for place in (13, 29, 41, 60, len(data) - 33):  # salt, nonce, body, tag
        broken = bytearray(data[:-32])
        broken[place] ^= 1
        with pytest.raises(ProjectError, match="The passphrase is wrong"):
            opened(with_digest(bytes(broken)), PASSPHRASE)


def with_digest(data):
    return data + hashlib.sha256(data).digest()


@pytest.mark.parametrize(
    "costs", [(30, 8, 1), (18, 255, 1), (18, 8, 255), (0, 8, 1), (17, 0, 1), (17, 8, 0)]
)
def test_a_file_cannot_ask_for_more_memory_or_less_care_than_we_bear(costs, monkeypatch):
    monkeypatch.setattr(passphrase_module, "Scrypt", None)  # it must not come so far
    data = with_digest(b"SOTTOVOCE" + bytes([1, *costs]) + bytes(100))
    with pytest.raises(ProjectError, match="damaged"):
        opened(data, PASSPHRASE)


@pytest.mark.usefixtures("quick")
def test_a_newer_format_and_another_file_are_sentences():
    data = sealed(PROJECT, PASSPHRASE)
    newer = with_digest(data[:9] + b"\x02" + data[10:-32])
    with pytest.raises(ProjectError, match="newer Sottovoce"):
        opened(newer, PASSPHRASE)
    for other in (b"", b"RIFF....WAVE", b"sottovoce", json.dumps({"version": 1}).encode()):
        with pytest.raises(ProjectError, match="no Sottovoce project"):
            opened(other, PASSPHRASE)


@pytest.mark.usefixtures("quick")
def test_a_file_that_ends_early_is_damaged():
    data = sealed(PROJECT, PASSPHRASE)
    for length in (9, 10, 41, 42, 80, len(data) - 1):
        with pytest.raises(ProjectError, match="damaged"):
            opened(data[:length], PASSPHRASE)


@pytest.mark.usefixtures("quick")
def test_any_bytes_are_refused_with_a_sentence():
    rng = random.Random(7)
    for _ in range(500):
        data = b"SOTTOVOCE" * rng.randint(0, 1) + rng.randbytes(rng.randint(0, 200))
        with pytest.raises(AsrError):
            opened(data, PASSPHRASE)


def sealed_text(text):
    """A file whose maker knows the passphrase and put something else in."""
    head = b"SOTTOVOCE" + bytes([1, 14, 1, 1]) + bytes(28)
    key = Lock(14, 1, 1, bytes(16)).key(PASSPHRASE)
    return with_digest(head + AESGCM(key).encrypt(bytes(12), text, head))


@pytest.mark.parametrize(
    "text",
    [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"transcript": 1e400}', b'"\\ud800"'],
)
def test_what_is_no_project_inside_is_damaged(text):
    with pytest.raises(ProjectError, match="damaged"):
        opened(sealed_text(text), PASSPHRASE)


def test_hostile_values_inside_are_refused_or_harmless():
    good = project_module._written(PROJECT).decode()
    rng = random.Random(11)
    bad = ["null", "-1", "1e400", "1" + "0" * 400, '"\\ud800"', "[]", "{}", "true", '"x"', "NaN"]
    n_refused = 0
    for _ in range(120):
        data = json.loads(good)
        place, key = data, rng.choice(list(data))
        while isinstance(place[key], dict | list) and place[key] and rng.random() < 0.9:
            place = place[key]
            key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
        place[key] = "@@"
        text = json.dumps(data, ensure_ascii=False).replace('"@@"', rng.choice(bad))
        try:
            found = opened(sealed_text(text.encode()), PASSPHRASE)
        except ProjectError:
            n_refused += 1
            continue
        assert isinstance(found, Project)
        found.transcript.text.encode()
    assert n_refused > 40


def test_a_name_that_steers_is_shown_without_its_signs():
    data = json.loads(project_module._written(PROJECT))
    data["transcript"]["name"] = "../..\u202e/a\x00b.m4a"
    found = opened(sealed_text(json.dumps(data).encode()), PASSPHRASE)
    assert found.transcript.name == "ab.m4a"


def test_half_characters_of_a_recognizer_do_no_harm(quick):
    odd = replace(TRANSCRIPT, segments=(Segment(0, 1, "en", "a\ud800", 0.5),))
    assert opened(sealed(Project(odd), PASSPHRASE), PASSPHRASE).transcript.text == "a?"


@pytest.mark.parametrize("passphrase", ["", "1234567", "  a b  "])
def test_a_short_passphrase_is_refused(passphrase):
    with pytest.raises(AsrError, match=r"too short\. Use at least 8 characters\."):
        sealed(PROJECT, passphrase)
