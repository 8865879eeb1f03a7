"""Processes are killed at random moments of their work; nothing of the recording stays anywhere.

Sound, text and name of every recording are marked (`marks`), and after every kill the marks are
searched in all places where something may have been written (`household`). The ordinary tests take
a few moments, the soaks 200; KILLS_SEED says which.
"""

from __future__ import annotations

import os
import stat
import sys
import time
import zipfile

import pytest
import traces
from marked_engine import LEAKS, LEAKS_UNSEEN
from visits import FORMATS, PHASES, RealVisits, Visits, moments

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into Linux's /proc")

soak = pytest.mark.soak


@pytest.fixture(scope="module")
def neighbors(make_household):
    """Two, so that one starts again while the other is visited."""
    pair = Visits(make_household()), Visits(make_household())
    pair[1].household.start()
    yield pair
    assert [trace for visits in pair for trace in visits.quit()] == []


@pytest.fixture(scope="module")
def real_neighbors(make_household):
    """The same with the bundled model."""
    made = [make_household(engine="sottovoce-base", loader="load_real") for _ in range(2)]
    made[1].start()
    pair = [RealVisits(household) for household in made]
    yield pair
    assert [trace for visits in pair for trace in visits.quit()] == []


def killed(neighbors, phase, n):
    """What stayed after so many kills."""
    before = sum(visits.in_phase[phase] for visits in neighbors)
    found = []
    for moment in moments(phase, n):
        traced = neighbors[moment.number % 2].kill(moment)
        print(moment, *traced, flush=True)
        found += traced
    print(sum(visits.in_phase[phase] for visits in neighbors) - before, "within the phase")
    return found


@pytest.mark.parametrize(
    ("phase", "n"),
    [("model", 3), ("save", 1), *[pytest.param(phase, 32, marks=soak) for phase in PHASES]],
)
def test_a_kill_leaves_nothing(neighbors, phase, n):
    assert killed(neighbors, phase, n) == []


@soak
@pytest.mark.parametrize("phase", PHASES)
def test_a_kill_leaves_nothing_of_what_the_bundled_model_hears(real_neighbors, phase):
    assert killed(real_neighbors, phase, 8) == []


@pytest.mark.parametrize("engine", [LEAKS, pytest.param(LEAKS_UNSEEN, marks=soak)])
def test_a_leak_is_found(make_household, engine):
    """The control: an engine that leaves what it hears in a temporary file."""
    visits = Visits(make_household(engine=engine))
    moment = moments("model", 1)[0]
    with visits.at(moment):
        visits.household.until_told("leaked")
        found = visits.household.strike("server", moment.marks.needles)
        found += visits.household.search(moment.marks.needles)
    named = [trace for trace in found if "/temporary/sottovoce-" in trace]
    unnamed = [trace for trace in found if trace.endswith("(deleted)")]
    assert len(unnamed if engine == LEAKS_UNSEEN else named) > 0, found


@pytest.mark.parametrize("n", [2, pytest.param(20, marks=soak)])
def test_a_killed_command_leaves_the_old_file_or_the_whole_new_one(make_household, n):
    """And where it was asked to save, at most a draft, which the next save takes away."""
    household = make_household()
    texts, n_drafts = household.aside / "texts", 0
    texts.mkdir()
    for moment in moments("save", n):
        marks, rng = moment.marks, moment.rng
        source = household.aside / marks.name
        source.write_bytes(marks.recording(1.5, 0.6, 1.5))
        target = texts / f"talk.{rng.choice(FORMATS)}"
        target.write_text("old")
        household.listen_anew()
        command = household.command("transcribe", source, "--output", target)
        household.until_told("saving" if rng.random() < 0.7 else "heard")
        time.sleep(rng.uniform(0.0, 0.03))
        found = household.strike_command(command, marks.unnamed)
        assert found + household.search(marks.needles) == []
        after, drafts = target.read_bytes(), [path for path in texts.iterdir() if path != target]
        assert {stat.S_IMODE(draft.stat().st_mode) for draft in drafts} <= {0o600}
        n_drafts += len(drafts)
        again = household.command("transcribe", source, "--output", target)
        assert again.communicate()[0] == ""
        assert os.listdir(texts) == [target.name]
        assert traces.holds(target.read_bytes(), marks.unnamed)
        if after != b"old" and target.suffix != ".docx":
            assert sorted(after.splitlines()) == sorted(target.read_bytes().splitlines())
        elif after != b"old":
            assert zipfile.is_zipfile(target)
        target.unlink()
    print(n, "kills,", n_drafts, "drafts")
