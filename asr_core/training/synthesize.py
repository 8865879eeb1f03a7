"""Make synthetic speech to train on: python -m asr_core.training.synthesize, see `--help`.

It writes recordings of up to ten minutes and a manifest, and goes on where it stopped: the seed
decides what comes. It ends after --hours of speech, or soon after a file named `stop` appears in
the output folder.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.errors import AsrError
from asr_core.saving import save_text
from asr_core.training.kokoro import Blend, Kokoro, draw_blend
from asr_core.training.sentences import Sentence, read_pairs, sentences

LONGEST_FILE = 600.0  # seconds
GAP = 0.5  # seconds of silence before each utterance
SHORTEST, LONGEST = 0.6, 28.0  # seconds of an utterance; others are left out
SPEEDS = (0.85, 1.2)

_OPUS_RATE = 48_000
_BIT_RATE = 24_000
_LICENCE = "Apache-2.0"  # of the model and its voices

Say = Callable[[str, Blend, float], NDArray[np.float32]]


@dataclass(slots=True)
class Corpus:
    """A folder of recordings and their manifest, which a seed names; rows count only once saved."""

    folder: Path
    seed: int
    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "audio").mkdir(parents=True, exist_ok=True)
        if self.manifest.exists():
            try:
                lines = self.manifest.read_text(encoding="utf-8").splitlines()
                self.rows = [json.loads(line) for line in lines]
                _ = self.n_drawn, self.n_files, self.seconds
            except (ValueError, KeyError, TypeError) as error:
                raise AsrError(
                    f"{self.manifest} is damaged, so nothing can be added to it. Move it away, or "
                    "choose another folder or seed."
                ) from error

    @property
    def manifest(self) -> Path:
        return self.folder / f"manifest-{self.seed:02}.jsonl"

    @property
    def n_drawn(self) -> int:
        """Sentences that were drawn for what is there, also those that were left out."""
        return int(self.rows[-1]["id"].rpartition("-")[2]) + 1 if self.rows else 0

    @property
    def n_files(self) -> int:
        return len({row["file"] for row in self.rows})

    @property
    def seconds(self) -> float:
        return sum(row["duration_s"] for row in self.rows)

    @property
    def is_stopped(self) -> bool:
        return (self.folder / "stop").exists()

    def check(self, drawn: Iterable[Sentence]) -> None:
        """Make sure that these sentences are the ones it began with.

        Raises:
            AsrError: they are not.
        """
        texts = [sentence.text for sentence in drawn]
        for row in self.rows:
            if texts[int(row["id"].rpartition("-")[2])] != row["text"]:
                raise AsrError(
                    f"{self.manifest.name} was begun with other sentences (with or without --text, "
                    "or by another version). Choose another folder or seed."
                )

    def save(self, pieces: list[NDArray[np.float32]], rows: list[dict[str, Any]]) -> None:
        """Add a recording, then its rows."""
        write_opus(self.folder / rows[0]["file"], np.concatenate(pieces))
        lines = (json.dumps(row, ensure_ascii=False) for row in [*self.rows, *rows])
        save_text(self.manifest, "".join(f"{line}\n" for line in lines))
        self.rows += rows


def fill(corpus: Corpus, drawn: Iterable[Sentence], say: Say, seconds: float) -> None:
    """Speak sentences into the corpus until it has `seconds` of speech, or is to stop.

    Args:
        drawn: all of the stream; what is in the corpus already is passed over.
    """
    stream = iter(drawn)
    corpus.check(itertools.islice(stream, corpus.n_drawn))
    pieces: list[NDArray[np.float32]] = []
    rows: list[dict[str, Any]] = []
    n_samples, spoken = 0, corpus.seconds
    for number, sentence in enumerate(stream, start=corpus.n_drawn):
        if spoken >= seconds or corpus.is_stopped:
            break
        # A generator of its own, so that a sentence has the same speaker however often we stopped.
        rng = random.Random(f"{corpus.seed}/{number}")
        blend, speed = draw_blend(sentence.language, rng), round(rng.uniform(*SPEEDS), 2)
        sound = say(sentence.spoken, blend, speed)
        duration = len(sound) / SAMPLE_RATE
        if not SHORTEST <= duration <= LONGEST:
            continue
        if n_samples / SAMPLE_RATE + GAP + duration > LONGEST_FILE:
            corpus.save(pieces, rows)
            pieces, rows, n_samples = [], [], 0
        silence = np.zeros(round(GAP * SAMPLE_RATE), np.float32)
        start = (n_samples + len(silence)) / SAMPLE_RATE
        pieces += [silence, sound]
        n_samples += len(silence) + len(sound)
        spoken += duration
        rows.append(
            {
                "id": f"synth-{corpus.seed:02}-{number:06}",
                "file": f"audio/synth-{corpus.seed:02}-{corpus.n_files:04}.opus",
                "offset_s": round(start, 4),
                "duration_s": round(duration, 4),
                "text": sentence.text,
                "language": sentence.language,
                "kind": sentence.kind,
                "source": f"kokoro; text: {sentence.source}" if sentence.source else "kokoro",
                "licence": f"{_LICENCE}; text: see source" if sentence.source else _LICENCE,
                "speaker": "+".join(f"{name}:{share:.2f}" for name, share in blend.items()),
                "speed": speed,
                "synthetic": True,
            }
        )
    if rows:
        corpus.save(pieces, rows)


def write_opus(path: Path, sound: NDArray[np.float32]) -> None:
    """Write (N,) of 16 kHz as Opus in Ogg.

    Raises:
        AsrError: it cannot be written.
    """
    try:
        with av.open(str(path), "w", format="ogg") as container:
            stream = container.add_stream("libopus", rate=_OPUS_RATE, layout="mono")
            assert isinstance(stream, AudioStream)
            stream.bit_rate = _BIT_RATE
            samples = (sound.clip(-1, 1) * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            resampler = av.AudioResampler("s16", "mono", _OPUS_RATE, frame_size=960)
            for piece in (*resampler.resample(frame), *resampler.resample(None)):
                piece.pts = None
                container.mux(stream.encode(piece))
            container.mux(stream.encode(None))
    except OSError as error:  # also what FFmpeg reports
        raise AsrError(f"Cannot write {path}: {error.strerror or error}.") from error


def main(arguments: list[str] | None = None) -> int:
    """Run it; 1 if a person must do something first."""
    parser = argparse.ArgumentParser(
        prog="python -m asr_core.training.synthesize",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--voices", type=Path, required=True, help="folder of Kokoro's NAME.bin")
    parser.add_argument("--output", type=Path, required=True, help="folder of the recordings")
    parser.add_argument("--seed", type=int, default=1, help="decides the sentences and speakers")
    parser.add_argument("--hours", type=float, default=1.0, help="of speech, in all")
    parser.add_argument(
        "--text", type=Path, help="sentences besides ours: English, Mandarin, author; tabs between"
    )
    options = parser.parse_args(arguments)
    try:
        pairs = read_pairs(options.text) if options.text else []
        kokoro = Kokoro(options.voices)
        corpus = Corpus(options.output, options.seed)
        already, began = corpus.seconds, time.process_time()
        fill(corpus, sentences(options.seed, pairs), kokoro.say, options.hours * 3600)
    except AsrError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    made, cost = corpus.seconds - already, time.process_time() - began
    print(f"{made / 3600:.2f} h of speech made, {corpus.seconds / 3600:.2f} h in all.")
    if made:
        print(f"{cost / made:.2f} s of processor time a second of speech.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
