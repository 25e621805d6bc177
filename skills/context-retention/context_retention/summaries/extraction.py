"""One chat's part of an hour summed up without a model: turns are fed one by one, what is kept is bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from clawcortex.skills.context import Context
from clawcortex.store.records import Memory
from context_retention.summaries import cues
from context_retention.summaries.gathering import TRUSTED
from context_retention.summaries.highlights import SAMPLED, representative
from context_retention.summaries.names import Tie, names, ties
from context_retention.summaries.sentences import alike, sentences, shortened
from context_retention.summaries.shapes import Action, Chat, Counted, Item, Mood, Question, Relation, Section
from context_retention.summaries.topics import REFS, Topics

MOST = {
    "highlights": 5, "decisions": 12, "actions": 12, "questions": 8, "moods": 5, "relations": 8,
    "entities": 12, "topics": 8,
}  # fmt: skip
"""Most entries of each kind in one chat's part of one summary."""
CLOSELY = 10_000
"""Of more turns in one hour every second, third, … is searched for statements; all are counted."""
Kept = TypeVar("Kept", bound=Item)


class Best(Generic[Kept]):
    """Keep the entries that weigh most, one for each wording, in bounded room."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: dict[str, tuple[float, int, Kept]] = {}
        self._seen = 0

    def offer(self, item: Kept, weight: float, name: str = "") -> None:
        """Consider one entry; of the same words, or the same name, the first stays."""
        self._seen += 1
        self._kept.setdefault(name or alike(item.text), (-weight, self._seen, item))
        if len(self._kept) > 20 * self._limit:
            self._kept = dict(sorted(self._kept.items(), key=lambda entry: entry[1][:2])[: self._limit])

    def items(self) -> tuple[Kept, ...]:
        """Return the best in the order they were said."""
        best = sorted(self._kept.values(), key=lambda entry: entry[:2])[: self._limit]
        return tuple(item for _, _, item in sorted(best, key=lambda entry: entry[1]))


class Extractor:
    """Sum up one chat."""

    def __init__(self, chat: Chat, expected: int) -> None:
        self._chat = chat
        self._step = max(1, -(-expected // SAMPLED))
        self._stride = max(1, -(-expected // CLOSELY))
        self._rows = 0
        self._last_turn = ""
        self._speakers: Counter[str] = Counter()
        self._opened_by = ""
        self.sampled: list[Memory] = []
        self._topics = Topics()
        self._names: Counter[str] = Counter()
        self._sure: set[str] = set()
        self._name_turns: dict[str, tuple[str, ...]] = {}
        self._ties: list[tuple[Tie, str, Memory]] = []
        self._decisions: Best[Item] = Best(MOST["decisions"])
        self._actions: Best[Action] = Best(MOST["actions"])
        self._questions: Best[Question] = Best(MOST["questions"])
        self._moods: Best[Mood] = Best(MOST["moods"])
        self._open: list[tuple[Memory, str]] = []
        self._deferred: list[tuple[Memory, str]] = []
        self._mood_of: dict[str, str] = {}

    def feed(self, memory: Memory) -> None:
        """Take the next memory of the chat, in the order they were said."""
        first_part = memory.turn != self._last_turn
        self._last_turn = memory.turn
        self._rows += 1
        if first_part:
            self._opened_by = self._opened_by or memory.speaker
            self._speakers[memory.speaker] += 1
        said = sentences(memory.text)
        self._answer(memory, said)
        self._topics.add(memory.turn, memory.text)
        if memory.provenance not in TRUSTED:
            return
        if self._rows % self._step == 0:
            self.sampled.append(memory)
        if self._rows % self._stride == 0:
            for sentence in said:
                self._sentence(memory, sentence)

    def finish(self, context: Context, tools: Mapping[str, int]) -> Section:
        """Return what was said."""
        for memory, sentence in self._deferred + self._open:
            waiting = any(sentence is other for _, other in self._open)
            self._questions.offer(_item(Question, memory, sentence, waiting=waiting), memory.importance)
        decisions, actions, moods = self._decisions.items(), self._actions.items(), self._moods.items()
        questions = tuple(sorted(self._questions.items(), key=lambda item: (item.at, item.turns)))
        told = {alike(item.text) for item in (*decisions, *actions, *moods)}
        chosen = representative(context, self.sampled, self._topics, MOST["highlights"], told=told)
        entities = self._entities()
        known = {entity.name for entity in entities} | set(self._speakers)
        return Section(
            chat=self._chat,
            turns=sum(self._speakers.values()),
            speakers=dict(sorted(self._speakers.items())),
            opened_by=self._opened_by,
            highlights=tuple(_item(Item, memory, sentence) for memory, sentence in chosen),
            relations=self._relations(known),
            entities=entities[: MOST["entities"]],
            topics=self._topics.best(MOST["topics"], without=self._speakers),
            tools=dict(sorted(tools.items())),
            decisions=decisions,
            actions=actions,
            questions=questions,
            moods=moods,
        )

    def _answer(self, memory: Memory, said: list[str]) -> None:
        """Take what somebody else asked as answered, unless this answers nothing."""
        asks_only = len(said) == 1 and said[0].endswith("?")
        if asks_only or not self._open:
            return
        others = [one for one in self._open if one[0].speaker != memory.speaker]
        if not others:
            return
        self._open = [one for one in self._open if one[0].speaker == memory.speaker]
        if said and cues.DEFERRED.search(said[0]):
            self._deferred = [*self._deferred, *others][-4 * MOST["questions"] :]

    def _sentence(self, memory: Memory, sentence: str) -> None:
        found = names(sentence)
        for name in found:
            self._names[name.text] += 1
            refs = self._name_turns.setdefault(name.text, ())
            if len(refs) < REFS and memory.turn not in refs:
                self._name_turns[name.text] = (*refs, memory.turn)
            if name.sure:
                self._sure.add(name.text)
        if len(self._ties) < 40 * MOST["relations"]:
            self._ties += [(tie, sentence, memory) for tie in ties(sentence, found)]
        if sentence.endswith("?") and len(sentence.split()) > 1:
            self._open = [*self._open, (memory, sentence)][-4 * MOST["questions"] :]
        elif cues.DECISION.search(sentence) and not cues.SUPPOSED.search(sentence):
            self._decisions.offer(_item(Item, memory, sentence), memory.importance)
        task = action(memory, sentence, self._chat)
        if task is not None:
            self._actions.offer(task, memory.importance + 0.2 * bool(task.due))
        self._mood(memory, sentence)

    def _mood(self, memory: Memory, sentence: str) -> None:
        """Note where a person's mood turns; an agent has none."""
        if memory.speaker == memory.scope.agent or sentence.endswith("?"):
            return
        mood = mood_of(sentence)
        before = self._mood_of.get(memory.speaker)
        if mood and before != mood:
            self._mood_of[memory.speaker] = mood
            if mood == "worse" or before is not None:  # the first good word is no turn
                self._moods.offer(_item(Mood, memory, sentence, turned=mood), memory.importance)

    def _entities(self) -> tuple[Counted, ...]:
        """Return the names that stood inside a sentence or belong to who spoke, most frequent first."""
        sure = {name: count for name, count in self._names.items() if name in self._sure}
        for speaker in self._speakers:
            if speaker in self._names:
                sure[speaker] = self._names[speaker]
        ranked = sorted(sure, key=lambda name: (-sure[name], name))
        return tuple(
            Counted(name=name, count=sure[name], turns=self._name_turns[name]) for name in ranked[:200]
        )

    def _relations(self, known: set[str]) -> tuple[Relation, ...]:
        best: Best[Relation] = Best(MOST["relations"])
        for tie, sentence, memory in self._ties:
            subject = tie.subject or memory.speaker
            if (
                tie.object in known
                and (not tie.subject or tie.subject in known)
                and not sentence.endswith("?")
            ):
                best.offer(
                    _item(
                        Relation, memory, sentence, subject=subject, relation=tie.relation, object=tie.object
                    ),
                    memory.importance,
                    f"{subject}|{tie.relation}|{tie.object}",
                )
        return best.items()


Made = TypeVar("Made", bound=Item)


def _item(kind: Callable[..., Made], memory: Memory, sentence: str, **more: object) -> Made:
    return kind(
        text=shortened(sentence), turns=(memory.turn,), speaker=memory.speaker, at=memory.created_at, **more
    )


def mood_of(sentence: str) -> str:
    """Return "better", "worse" or "" for a sentence that marks no mood, or two."""
    marks = set()
    for mood, other, pattern in (("better", "worse", cues.BETTER), ("worse", "better", cues.WORSE)):
        for match in pattern.finditer(sentence):
            marks.add(other if cues.NEGATED.search(sentence[: match.start()]) else mood)
    return marks.pop() if len(marks) == 1 else ""


def action(memory: Memory, sentence: str, chat: Chat) -> Action | None:
    """Return what a sentence gives somebody to do, None when nothing."""
    due = cues.DUE.search(sentence)
    who = _charged(memory, sentence, chat, timed=due is not None)
    if who is None or cues.IDLE.search(sentence):
        return None
    return _item(Action, memory, sentence, who=who, due=due[0] if due else "")


def _charged(memory: Memory, sentence: str, chat: Chat, *, timed: bool) -> str | None:
    """Return who is to do it, "" when that is not said; None when the sentence gives nothing to do."""
    asks = bool(cues.REQUEST.search(sentence))
    if cues.REMIND.search(sentence):
        return memory.speaker
    if asks:
        named = cues.ADDRESSED.match(sentence)
        called = (
            named["who"] if named and named["who"] not in cues.NOBODY and named["who"][0].isupper() else ""
        )
        other = chat.agent if chat.chat_type.value == "private" and memory.speaker != chat.agent else ""
        return called or (other if timed else None)
    if sentence.endswith("?"):
        return None
    if cues.NOTE.search(sentence) or cues.JOINT.search(sentence):
        return ""
    if cues.PROMISE.search(sentence):
        return memory.speaker
    charged = cues.CHARGED.search(sentence)
    return charged["who"] if charged and charged["who"] not in cues.NOBODY else None
