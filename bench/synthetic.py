"""Make any number of memories out of LoCoMo's talks: real words, other people, other details, noisy vectors.

The talks are told again and again. The first telling is as it stands; every further one has other names, other
numbers and one sentence of another turn, so that stems keep their natural frequencies, no text stands there twice,
and full-text search and the index have to work as hard as on as many real memories.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from clawcortex.store.base import Floats
from clawcortex.store.records import ChatType, NewMemory, Scope
from clawcortex.text.terms import terms
from locomo import Conversation, Turn, turn_text

ASKED = Scope("main", "telegram", "default", "111", "111")
"""The private chat that the questions are asked in; four fifths of the talks were held there."""
OTHERS = tuple(Scope("main", "telegram", "default", f"-{n}", "", ChatType.GROUP) for n in range(20))
SPREAD = 0.03
"""Standard deviation of the noise in each of 384 dimensions: a retelling lies at a cosine of 0.86."""
DAYS = 700
NAMES = tuple(f"{a}{b}" for a in ("Bel", "Dor", "Fen", "Kar", "Lun", "Mar", "Nil", "Pas", "Ril", "Tov")
              for b in ("a", "an", "eth", "ia", "is", "o", "ona", "rik", "us", "wen"))  # fmt: skip
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation, cut into what a retelling is put together from."""

    speakers: tuple[str, str]
    turns: tuple[Turn, ...]
    texts: tuple[str, ...]
    sentences: tuple[tuple[str, ...], ...]
    names: re.Pattern[str]


def talks(conversations: Sequence[Conversation]) -> list[Talk]:
    """Return the talks in the order of the conversations."""
    found = []
    for one in conversations:
        texts = tuple(map(turn_text, one.turns))
        sentences = tuple(tuple(_SENTENCE.split(text)) for text in texts)
        names = re.compile(rf"\b(?:{'|'.join(map(re.escape, one.speakers))})\b")
        found.append(Talk(one.speakers, one.turns, texts, sentences, names))
    return found


def originals(conversations: Sequence[Conversation]) -> list[str]:
    """Return the text of every turn once, in the order in which `memories` tells them."""
    return [text for talk in talks(conversations) for text in talk.texts]


def memories(conversations: Sequence[Conversation], count: int) -> Iterator[NewMemory]:
    """Yield so many memories in order of time, ending now; the same ones for the same count."""
    told = talks(conversations)
    start, step = datetime.now(UTC) - timedelta(days=DAYS), timedelta(days=DAYS) / count
    number = telling = 0
    while number < count:
        for talk in told:
            for memory in _retold(talk, telling, start + number * step, step):
                if number == count:
                    return
                yield memory
                number += 1
        telling += 1


def _retold(talk: Talk, telling: int, start: datetime, step: timedelta) -> Iterator[NewMemory]:
    chance = random.Random(f"{talk.speakers}{telling}")
    scope = ASKED if not telling or chance.random() < 0.8 else chance.choice(OTHERS)
    people = dict(zip(talk.speakers, chance.sample(NAMES, 2) if telling else talk.speakers, strict=True))
    for i, turn in enumerate(talk.turns):
        text = talk.texts[i]
        if telling:
            kept = [*talk.sentences[i][: len(talk.sentences[i]) - (chance.random() < 0.5)]]
            text = " ".join((*kept, chance.choice(talk.sentences[chance.randrange(len(talk.turns))])))
            text = talk.names.sub(lambda match: people[match[0]], text)
            text = _NUMBER.sub(lambda match: str(chance.randint(1, 2 * int(match[0][:4]) + 9)), text)
        yield NewMemory(
            text=text,
            key=hashlib.sha256(f"{telling}/{turn.ref}".encode()).hexdigest() + ".0",
            created_at=start + i * step,
            scope=scope,
            session=f"{turn.session}/{telling}",
            speaker=people[turn.speaker],
            source_ref=f"{telling}/{turn.ref}",
            terms=tuple(terms(text)),
        )


def noisy(vectors: Floats, chance: np.random.Generator) -> Floats:
    """Return L2-normalised vectors near these."""
    moved = vectors + np.float32(SPREAD) * chance.standard_normal(vectors.shape, np.float32)
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)
