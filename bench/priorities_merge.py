"""Let a person and an agent edit PRIORITIES.md in turns, thousands of times, and count what is lost.

    python bench/priorities_merge.py --runs 10000 [--seed 0] [--json]

A run is a seeded sequence of rounds: a person changes the file by hand (moves, rewords, deletes, checks, writes in
between, takes hidden ids away, changes line ends), then an agent says what it knows. The judge reads both files with
expressions of its own, line by line:

    lost_edits        lines of the person that are not there any more, deleted items that came back, orders that changed
    false_conflicts   listed where the person and the agent do not differ, or the value was the agent's to change
    silent_conflicts  differences that should have been listed and were not
    lost_updates      what the agent said, nobody contradicted, and does not stand in the file
    duplicates        tasks that stand twice
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from by_hand import FIELD, MARK, STEP, Person, Stands, read
from clawcortex.priorities import Action, Merge, Priority, merge, parse
from clawcortex.priorities.ledger import Ledger
from report import emit, progress

FIGURES = ("lost_edits", "false_conflicts", "silent_conflicts", "lost_updates", "duplicates")
DEEDS = "Build,Review,Sell,Paint,Test".split(",")
THINGS = (
    "API,API tests,API 2,landing page,bridge,garden wall,invoice,budget for Lisbon,🚀 rocket,piano".split(",")
)
STEPS = "draft the outline,draft the outline twice,ask Ana,measure the wall,pay the fee".split(",")
FIELDS = ("theme", "owner", "due", "status")


def cosines(_: str, others: Sequence[str]) -> list[float]:
    """Say that whatever is about the same words is alike: the guards alone keep tasks apart here."""
    return [1.0] * len(others)


@dataclass(slots=True)
class Task:
    """What the judge knows of one task: what it was called, its id, what the agent said of it last."""

    wording: str
    id: str = ""
    said: dict[str, str] = field(default_factory=dict)
    steps: dict[str, Task] = field(default_factory=dict)
    closed: bool = False
    """Checked when last seen: deleting it tidied up, so it may be said anew."""


class Judge:
    """Keep what was said, say more, and compare what came of it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.words = count(1)
        self.ids = count(1)
        self.person = Person(self.chance, self.words)
        self.text = ""
        self.ledger: Ledger = {}
        self.tasks: dict[str, Task] = {}
        self.faults: Counter[str] = Counter()
        self.told: list[str] = []

    def round(self) -> None:
        """Let the person edit and the agent speak, once."""
        before = self.person.edit(self.text) if self.text else self.text
        said = self._say(before)
        result = merge(
            self.ledger, before, said, cosines, when="2026-11-23", new_id=lambda: f"id{next(self.ids):08d}"
        )
        self._compare(before, said, result)
        self.text, self.ledger = result.text, result.ledger
        seen = {one.id: one for item in read(self.text) for one in (item, *item.steps)}
        for task in self.tasks.values():
            for one in (task, *task.steps.values()):
                if stands := seen.get(one.id):
                    one.wording, one.closed = stands.name, stands.values.get("done") == "x"

    def _say(self, text: str) -> list[Priority]:
        names = [f"{deed} the {thing}" for deed in DEEDS for thing in THINGS]
        known = [name for name in names if name in self.tasks]
        chosen: list[str] = []
        for _ in range(self.chance.randint(1, 3)):
            name = self.chance.choice(known if known and self.chance.random() < 0.7 else names)
            if name not in chosen:
                chosen.append(name)
        here = {item.id: item for item in read(text)}
        return [self._told(name, here) for name in chosen]

    def _told(self, name: str, here: dict[str, Stands]) -> Priority:
        task = self.tasks.get(name, Task(name))
        stands = here.get(task.id) if task.id else None
        fields = {
            key: self._value(task.said.get(key), stands.values.get(key) if stands else None)
            for key in FIELDS
            if self.chance.random() < 0.4
        }
        steps = tuple(
            Action(
                self._worded(f"{step} for {name}"),
                done=self.chance.choice([None, None, False, True]),
                owner=self.chance.choice([None, None, f"Al{next(self.words)}"]),
            )
            for step in self.chance.sample(STEPS, self.chance.choice([0, 0, 1, 2]))
        )
        rank = self.chance.choice([None, None, 1, 2])
        return Priority(self._worded(name), **fields, actions=steps, rank=rank)

    def _worded(self, name: str) -> str:
        return self.chance.choice(
            [name, name.replace(" the ", " ", 1), name.lower(), f"Please {name}", f"{name}."]
        )

    def _value(self, said: str | None, stands: str | None) -> str:
        return self.chance.choice(
            [f"new {next(self.words)}"] * 2 + [value for value in (said, stands) if value]
        )

    def _compare(self, before: str, said: Sequence[Priority], result: Merge) -> None:
        was, now = read(before), read(result.text)
        if "".join(parse(before).lines) != before:
            self._fault("lost_edits", "the file does not read back")
        ours = {one.id for one in result.added}
        self._compare_lines(before, result.text)
        if [one.id for one in now if one.id not in ours and one.id in {it.id for it in was} - {""}] != [
            one.id for one in was if one.id
        ]:
            self._fault("lost_edits", "another order")
        expected: set[tuple[str, str]] = set()
        for one in said:
            expected |= self._judge_task(one, was, now, result)
        got = {(one.id, one.field) for one in result.conflicts}
        for conflict in got - expected:
            self._fault("false_conflicts", str(conflict))
        for conflict in expected - got:
            self._fault("silent_conflicts", str(conflict))
        twice = Counter(
            one.name.lower().replace("please ", "").replace(" the ", " ").strip(".") for one in now
        )
        for name, times in twice.items():
            if times > 1:
                self._fault("duplicates", name)

    def _judge_task(
        self, one: Priority, was: Sequence[Stands], now: Sequence[Stands], result: Merge
    ) -> set[tuple[str, str]]:
        plain = next(
            name
            for name in (f"{deed} the {thing}" for deed in DEEDS for thing in THINGS)
            if _bare(name) == _bare(one.text)
        )
        task = self.tasks.get(plain)
        values = {key: value for key in FIELDS if (value := getattr(one, key)) is not None}
        if task is None:
            made = [it for it in result.added if _bare(it.text) == _bare(one.text)]
            if len(made) != 1:
                self._fault("lost_updates", f"not added: {one.text}")
                return set()
            task = self.tasks[plain] = Task(one.text, made[0].id, {"status": "open", **values})
            for step in made[0].actions:
                told = {"done": "x" if step.done else " "} | ({"owner": step.owner} if step.owner else {})
                task.steps[_bare(step.text)] = Task(step.text, step.id, told)
            return set()
        if any(_bare(it.text) == _bare(one.text) for it in result.added):
            self._fault("lost_edits", f"deleted and back: {one.text}")
        stands = _find(was, task)
        after = next((it for it in now if it.id == task.id), stands)
        expected: set[tuple[str, str]] = set()
        if stands is None:
            fresh = {key: value for key, value in values.items() if task.said.get(key) != value}
            steps = {_bare(it.text): it for it in one.actions if _bare(it.text) not in task.steps}
            task.said |= fresh
            task.steps |= {name: Task(it.text) for name, it in steps.items()}
            return {(task.id, "deleted")} if fresh or steps else set()
        expected |= self._judge_values(task, stands, after or stands, values)
        for step in one.actions:
            known = task.steps.get(_bare(step.text))
            moved = [it for one in was for it in one.steps if known and it.id and it.id == known.id]
            arrived = [it for one in now for it in one.steps if known and it.id and it.id == known.id]
            expected |= self._judge_step(
                task,
                step,
                replace(stands, steps=moved or stands.steps),
                replace(after or stands, steps=arrived or (after or stands).steps),
            )
        return expected

    def _judge_step(self, task: Task, said: Action, was: Stands, now: Stands) -> set[tuple[str, str]]:
        values = {"owner": said.owner} if said.owner else {}
        if said.done is not None:
            values["done"] = "x" if said.done else " "
        known = task.steps.get(_bare(said.text))
        stands = _find(was.steps, known) if known else None
        if known is None or (stands is None and known.closed):
            made = [step for step in now.steps if _bare(step.name) == _bare(said.text)]
            if len(made) != 1:
                self._fault("lost_updates", f"step not added: {said.text}")
                return set()
            task.steps[_bare(said.text)] = Task(said.text, made[0].id, {"done": " ", **values})
            return set()
        if stands is None:
            if any(_bare(step.name) == _bare(said.text) for step in now.steps):
                self._fault("lost_edits", f"deleted step and back: {said.text}")
            fresh = {k: v for k, v in values.items() if known.said.get(k) != v and (k, v) != ("done", " ")}
            known.said |= fresh
            return {(known.id or f"?{said.text}", "deleted")} if fresh else set()
        after = next((step for step in now.steps if step.id == known.id), stands)
        return self._judge_values(known, stands, after, values)

    def _judge_values(
        self, task: Task, was: Stands, now: Stands, values: dict[str, str]
    ) -> set[tuple[str, str]]:
        expected: set[tuple[str, str]] = set()
        for key, value in values.items():
            stands, before = was.values.get(key), task.said.get(key)
            if value in (stands, before):
                continue
            task.said[key] = value
            if stands == before:
                if now.values.get(key) != value:
                    self._fault(
                        "lost_updates", f"{task.wording}: {key} is {now.values.get(key)}, not {value}"
                    )
            else:
                expected.add((task.id, key))
        return expected

    def _compare_lines(self, before: str, after: str) -> None:
        """Find each line of the person again, in order; a line may change only where it held the agent's values."""
        new = iter(re.split(r"(?<=\n)", after.removeprefix("\ufeff")))
        if before.startswith("\ufeff") != after.startswith("\ufeff"):
            self._fault("lost_edits", "the mark at the file's beginning")
        for line in re.split(r"(?<=\n)", before.removeprefix("\ufeff")):
            if line and not any(self._may_become(line, other) for other in new):
                self._fault("lost_edits", repr(line))
                return

    def _may_become(self, old: str, new: str) -> bool:
        if old == new or (not old.endswith("\n") and new.rstrip("\r\n") == old):
            return True
        one, other = old.rstrip("\r\n"), new.rstrip("\r\n")
        if one and MARK.sub("", re.sub(r"^\d+", "", one)) == MARK.sub("", re.sub(r"^\d+", "", other)):
            return bool(MARK.search(other)) or not MARK.search(one)
        if (had := FIELD.match(one)) and (has := FIELD.match(other)):
            return had[1] == has[1] and not had[2].startswith("mine")
        if (step := STEP.match(one)) and (changed := STEP.match(other)):
            return step[2] == changed[2]
        return False

    def _fault(self, kind: str, what: str) -> None:
        self.faults[kind] += 1
        self.told.append(f"{kind}: {what}")


def _bare(text: str) -> str:
    return text.lower().replace("please ", "").replace(" the ", " ").rstrip(".")


def _find(items: Sequence[Stands], task: Task) -> Stands | None:
    """Return the item by its id, or by its words where the person took the id away."""
    named = next((it for it in items if it.id and it.id == task.id), None)
    if named or not task.id:
        return named
    return next((replace(it, id=task.id) for it in items if not it.id and it.name == task.wording), None)


def run(seed: int, rounds: int = 6) -> Judge:
    """Play one sequence and return its judge."""
    judge = Judge(seed)
    for _ in range(rounds):
        judge.round()
    return judge


def measure(runs: int, seed: int = 0) -> tuple[dict[str, float], list[str]]:
    """Play sequences; return how often each fault came, and the first faults in words."""
    faults: Counter[str] = Counter()
    told: list[str] = []
    for number in range(seed, seed + runs):
        judge = run(number)
        faults += judge.faults
        told += [f"seed {number}: {line}" for line in judge.told[: max(0, 20 - len(told))]]
        if runs >= 1000 and (number - seed + 1) % (runs // 10) == 0:
            progress(f"{number - seed + 1} of {runs}")
    return {"runs": runs, **{key: faults[key] for key in FIGURES}}, told


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1000, help="sequences of edits")
    parser.add_argument("--seed", type=int, default=0, help="number of the first sequence")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    chosen = parser.parse_args()
    figures, told = measure(chosen.runs, chosen.seed)
    for line in told:
        progress(line)
    emit("priorities_merge", figures, chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
