"""The journal: every whole record comes back, in its order, to whoever knows the passphrase."""

import random
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from asr_core import settings as settings_module
from asr_core.editing.quotes import Quote
from asr_core.errors import AsrError
from asr_core.journal import Journal, JournalError, Key, delete, load, new_path, read, unfinished
from asr_core.passphrase import Lock
from asr_core.project import Project
from asr_core.result import Language, Segment, Transcript, Word

CANARY = "Kingfisher"
PASSPHRASE = "four words of mine"
HEAD = 12 + 1 + 19 + 16


def segment(n, text=CANARY):
    words = (Word(text, n, n + 0.5, 0.8, ("您",)),)
    return Segment(float(n), n + 1.0, "en", f"{text} {n}.", 0.9, words)


def project(*segments, quotes=(), note=""):
    language = Language(0.5, 0.5, 0.0, "mixed")
    notes = (note,) if note else ()
    transcript = Transcript(
        f"{CANARY}.m4a", float(len(segments)), segments, language, "light", "joint", notes, {"n": 1}
    )
    return Project(transcript, quotes)


S = [segment(n) for n in range(5)]
HISTORY = [
    project(S[0]),
    project(S[0], S[1]),
    project(*S, note="Stopped."),
    project(*S),  # the end of the run
    project(S[0], replace(S[1], text="Corrected.", edited=True), *S[2:]),
    project(S[0], S[3], S[4], quotes=(Quote("Said.", 0.0, 1.0, "Ann", True),)),
    project(segment(9), S[0], S[3], S[4]),
]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A hash in place of scrypt, whose tests are with the passphrase; damage may ask for much."""
    monkeypatch.setattr(
        Lock, "key", lambda lock, passphrase: sha256(lock.pack() + passphrase.encode()).digest()
    )


def records(history, key=None):
    """The bytes of a journal's head, and of each record."""
    journal, found = Journal(key or Key.of(PASSPHRASE)), []
    for project in history:
        found.append(journal.record(project))
        journal.written()
    return [journal.head, found[0].removeprefix(journal.head), *found[1:]]


def test_after_each_record_it_holds_what_was_on_the_desk():
    found = records(HISTORY)
    for n, state in enumerate(HISTORY, start=1):
        assert read(b"".join(found[: n + 1]), PASSPHRASE) == state


def test_any_history_comes_back():
    rng = random.Random(5)
    key = Key.of(PASSPHRASE)
    for _ in range(60):
        history, segments = [], []
        for _ in range(rng.randint(1, 8)):
            at = rng.randint(0, len(segments))
            new = [segment(rng.randrange(3)) for _ in range(rng.randrange(3))]
            segments[at : at + rng.randrange(4)] = new
            history.append(project(*segments, note=rng.choice(("", "a", "b"))))
        journal = Journal(key)
        data = b""
        for state in history:
            data += journal.record(state)
            journal.written()
            assert read(data, PASSPHRASE) == state


def test_what_has_not_changed_is_not_written_again():
    journal = Journal(Key.of(PASSPHRASE))
    assert journal.record(HISTORY[0])
    journal.written()
    assert journal.record(project(S[0])) == b""
    many = project(*(segment(n) for n in range(1000)))
    assert len(journal.record(many)) > 100_000
    journal.written()
    longer = replace(many.transcript, segments=(*many.transcript.segments, segment(1000)))
    assert len(journal.record(Project(longer))) < 1000


def test_a_record_that_was_not_written_is_made_anew_with_another_nonce():
    journal = Journal(Key.of(PASSPHRASE))
    first, again = journal.record(HISTORY[0]), journal.record(HISTORY[0])
    assert first != again
    journal.written()
    assert read(again + journal.record(HISTORY[1]), PASSPHRASE) == HISTORY[1]


def test_the_list_of_pseudonyms_stays_out():
    journal = Journal(Key.of(PASSPHRASE))
    data = journal.record(replace(HISTORY[0], pseudonyms="Ann = P1"))
    journal.written()
    assert read(data, PASSPHRASE) == HISTORY[0]
    assert journal.record(replace(HISTORY[0], pseudonyms="Bob = P2")) == b""


def test_no_word_of_it_is_in_the_file():
    data = b"".join(records(HISTORY))
    for text in (CANARY, "transcript", ".m4a", "Corrected", PASSPHRASE):
        assert text.encode() not in data
        assert text.encode("utf-16-le") not in data


def test_every_nonce_and_every_journal_is_another():
    key = Key.of(PASSPHRASE)
    one, other = records(HISTORY, key), records(HISTORY, key)
    nonces = {record[8:20] for record in (*one[1:], *other[1:])}
    assert len(nonces) == 2 * len(HISTORY)
    assert one[0] != other[0]


def test_cut_at_any_byte_it_holds_the_whole_records_before():
    found = records(HISTORY[:4])
    data = b"".join(found)
    ends = [len(b"".join(found[: n + 1])) for n in range(len(found))]
    for length in range(len(data) + 1):
        n_whole = sum(end <= length for end in ends[1:])
        if n_whole:
            assert read(data[:length], PASSPHRASE) == HISTORY[n_whole - 1]
        else:
            with pytest.raises(JournalError):
                read(data[:length], PASSPHRASE)


def test_a_flipped_bit_at_any_byte_loses_what_follows_and_says_so():
    found = records(HISTORY[:3])
    data = b"".join(found)
    ends = [len(b"".join(found[: n + 1])) for n in range(len(found))]
    rng = random.Random(2)
    for place in range(len(data)):
        broken = bytearray(data)
        broken[place] ^= 1 << rng.randrange(8)
        n_whole = sum(end <= place for end in ends[1:])
        if not n_whole:
            with pytest.raises(JournalError):
                read(bytes(broken), PASSPHRASE)
            continue
        got = read(bytes(broken), PASSPHRASE)
        assert got.transcript.segments == HISTORY[n_whole - 1].transcript.segments
        if n_whole < len(HISTORY[:3]) - 1:  # more than the last record is lost
            assert got.transcript.notes[-1].startswith("The autosaved text is damaged")


def test_records_in_another_order_twice_or_missing_are_seen():
    head, *found = records(HISTORY)
    n = len(found)
    for i in range(n - 1):
        for j in range(i + 1, n):
            swapped = list(found)
            swapped[i], swapped[j] = found[j], found[i]
            missing = found[:i] + found[i + 1 :]
            twice = found[: i + 1] + found[i:]
            for order, n_whole in ((swapped, i), (missing, i), (twice, i + 1)):
                data = head + b"".join(order)
                if n_whole == 0:
                    with pytest.raises(JournalError):
                        read(data, PASSPHRASE)
                    continue
                got = read(data, PASSPHRASE)
                state = HISTORY[n_whole - 1]
                assert got.transcript.segments == state.transcript.segments
                if n_whole < len(order) - 1:
                    assert got.transcript.notes != state.transcript.notes


def test_a_record_of_another_journal_with_the_same_key_is_none_of_this_one():
    key = Key.of(PASSPHRASE)
    one, other = records(HISTORY[:3], key), records(HISTORY[:3], key)
    with pytest.raises(JournalError):
        read(b"".join([one[0], *other[1:]]), PASSPHRASE)
    mixed = read(b"".join([one[0], one[1], other[2], one[3]]), PASSPHRASE)
    assert mixed.transcript.segments == HISTORY[0].transcript.segments


def test_a_wrong_passphrase_is_a_sentence():
    data = b"".join(records(HISTORY))
    for wrong in ("", "Four words of mine", PASSPHRASE + " "):
        with pytest.raises(JournalError, match=r"The passphrase is wrong, or "):
            read(data, wrong)


def test_a_short_passphrase_is_refused():
    with pytest.raises(AsrError, match=r"too short\. Use at least 8 characters\."):
        Key.of("1234567")


def test_other_files_are_sentences():
    newer = bytearray(b"".join(records(HISTORY)))
    newer[12] = 2
    with pytest.raises(JournalError, match="newer Sottovoce"):
        read(bytes(newer), PASSPHRASE)
    for other in (b"", b"RIFF....WAVE", b"SOTTOVOCE" + bytes(100)):
        with pytest.raises(JournalError, match="no autosaved text"):
            read(other, PASSPHRASE)


@pytest.mark.parametrize("costs", [(30, 8, 1), (18, 255, 1), (0, 8, 1), (17, 0, 1), (17, 8, 0)])
def test_a_file_cannot_ask_for_more_memory_or_less_care_than_we_bear(costs, monkeypatch):
    monkeypatch.setattr(Lock, "key", None)  # it must not come so far
    with pytest.raises(JournalError, match="damaged"):
        read(b"SOTTOJOURNAL" + bytes([1, *costs]) + bytes(200), PASSPHRASE)


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "{}", "[" * 100_000, '{"transcript": {}}', '{"transcript": 1e400}'),
        '{"transcript": {}, "first": -1, "n_replaced": 0, "segments": []}',
        '{"transcript": {}, "first": 0, "n_replaced": true, "segments": []}',
        '{"transcript": {}, "first": 5, "n_replaced": 0, "segments": []}',
        '{"transcript": {}, "first": 0, "n_replaced": 0, "segments": [3]}',
    ],
)
def test_what_is_no_change_inside_is_damaged(text):
    """Its maker knows the passphrase and put something else in."""
    key = Key.of(PASSPHRASE)
    head = Journal(key).head
    body = bytes(12) + AESGCM(key.secret).encrypt(bytes(12), text.encode(), head + bytes(8))
    length = len(body).to_bytes(4, "big")
    data = head + length + bytes(byte ^ 255 for byte in length) + body
    with pytest.raises(JournalError, match="damaged"):
        read(data, PASSPHRASE)


def test_files_are_found_read_and_deleted(monkeypatch, tmp_path):
    monkeypatch.setattr(settings_module, "settings_file", lambda: tmp_path / "settings.json")
    assert unfinished() == []
    path = new_path()
    path.parent.mkdir()
    path.write_bytes(b"".join(records(HISTORY)))
    (path.parent / "else.txt").touch()
    assert unfinished() == [path]
    assert load(path, PASSPHRASE) == HISTORY[-1]
    delete(path)
    assert unfinished() == []
    with pytest.raises(JournalError, match="cannot be read from the disk"):
        load(path, PASSPHRASE)
