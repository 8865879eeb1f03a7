"""Case and punctuation for bare transcripts: the attention decoder's own, where its words agree."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

from asr_core.errors import AsrError
from asr_core.saving import save_text
from asr_core.text.score import HAN, scored_tokens
from asr_core.text.tidy import joined
from asr_core.training.corpus import Utterance
from asr_core.training.targets import is_sentence, is_tidy, tidied

_LEAST_AGREEMENT = 0.5  # of the words; what was misheard more than that is no guide
_WORD = re.compile(rf"({HAN}|(?:(?!{HAN})[\w'’])+)([^\w\s'’]*)")  # and the marks behind it

Write = Callable[[Sequence[Utterance]], Iterable[tuple[Utterance, str]]]


def restored(bare: str, written: str, language: str) -> str:
    """A bare transcript with the case and punctuation of another transcript of the same sound.

    The words stay those of `bare`. Where the other one has different words it is no guide, and
    where it has few of the same the transcript becomes a plain sentence.
    """
    plain = tidied(bare, language)
    ours, theirs = _WORD.findall(plain), _WORD.findall(written)
    matcher = SequenceMatcher(None, [_key(w) for w, _ in ours], [_key(w) for w, _ in theirs], False)
    pairs = [(a + i, b + i) for a, b, n in matcher.get_matching_blocks() for i in range(n)]
    if len(pairs) < _LEAST_AGREEMENT * len(ours):
        return plain
    words = [word if i else word[:1].lower() + word[1:] for i, (word, _) in enumerate(ours)]
    for a, b in pairs:
        word, marks = theirs[b]
        same_script = word.lower() == ours[a][0].lower()
        words[a] = (word if same_script else words[a]) + marks
    text = joined(words)
    if not re.search(r"[.?!。？！]\W*$", text):
        text = re.sub(r"\W+$", "", text) + ("。" if language == "zh" else ".")
    return text[:1].upper() + text[1:]


def restore(utterances: Sequence[Utterance], write: Write, path: Path) -> list[Utterance]:
    """The same utterances, bare sentences among them restored.

    Args:
        write: the attention decoder's transcripts, in any order.
        path: keeps the restored texts, so that a run that goes on learns from the same ones.

    Raises:
        AsrError: the file was damaged.
    """
    bare = [u for u in utterances if not is_tidy(u.text) and is_sentence(u.text, u.language)]
    if not bare:
        return list(utterances)
    texts = kept_texts(
        path, lambda: {u.id: restored(u.text, text, u.language) for u, text in write(bare)}
    )
    return [replace(u, text=texts.get(u.id, u.text)) for u in utterances]


def kept_texts(path: Path, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """Texts by id, from a file; made, and kept there, where there is none yet.

    Raises:
        AsrError: the file was damaged.
    """
    if path.exists():
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise AsrError(f"{path} is damaged ({error}). Delete it; it is made again.") from error
    texts = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    save_text(path, json.dumps(texts, ensure_ascii=False, indent=0))
    return texts


def _key(word: str) -> str:
    return "".join(scored_tokens(word))
