"""Find the skills: every folder in `skills/` whose package declares a `skill`.

    skills/context-retention/context_retention/__init__.py   ->   skill = Skill("context-retention", ...)

A skill that cannot be loaded is reported with its reason and left out; the others work.
"""

from __future__ import annotations

import importlib
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clawcortex import paths
from clawcortex.errors import NotFoundError
from clawcortex.skills.operation import Chore, Consumer, Hook, Operation, Skill
from clawcortex.skills.panel import Panel

log = logging.getLogger(__name__)

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
COMMAND_NAME = r"^[a-z][a-z0-9_]{0,31}$"
"""As Telegram, too, takes it."""
OPERATION_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
RESERVED_SKILLS = frozenset({"hooks", "tools", "commands", "shutdown", "house"})
"""Routes of the server's own, and its own part of the status page."""
RESERVED_FIELDS = frozenset({"json", "input", "timeout", "help"})


@dataclass(frozen=True, slots=True)
class Broken:
    """Name a folder that could not be loaded, and why."""

    folder: str
    reason: str


@dataclass(frozen=True, slots=True)
class Registry:
    """Hold the skills that loaded and the reasons of those that did not."""

    skills: Mapping[str, Skill] = field(default_factory=dict)
    broken: tuple[Broken, ...] = ()

    def operation(self, skill: str, name: str) -> Operation[Any, Any]:
        """Return an operation, or raise NotFoundError that lists what there is."""
        if skill not in self.skills:
            why = "".join(f"; it failed to load: {one.reason}" for one in self.broken if one.folder == skill)
            known = ", ".join(self.skills) or "none"
            raise NotFoundError(f"no skill {skill!r}{why}", hint=f"Skills: {known}.")
        for found in self.skills[skill].operations:
            if found.name == name:
                return found
        names = ", ".join(found.name for found in self.skills[skill].operations)
        raise NotFoundError(f"{skill} has no operation {name!r}", hint=f"Operations: {names}.")

    def tools(self) -> Iterator[tuple[str, Skill, Operation[Any, Any]]]:
        """Yield (tool name, skill, operation) of everything an agent may call."""
        for skill in self.skills.values():
            for operation in skill.operations:
                if operation.expose == "agent":
                    yield tool_name(skill.name, operation.name), skill, operation

    def tool(self, name: str) -> tuple[Skill, Operation[Any, Any]]:
        """Return the skill and operation behind a tool's name."""
        for known, skill, operation in self.tools():
            if known == name:
                return skill, operation
        names = ", ".join(known for known, _, _ in self.tools())
        raise NotFoundError(f"no tool {name!r}", hint=f"Tools: {names or 'none'}.")

    def command(self, name: str) -> tuple[Skill, Operation[Any, Any]]:
        """Return the skill and operation behind a slash command."""
        for skill in self.skills.values():
            for operation in skill.operations:
                if operation.command and operation.command.name == name:
                    return skill, operation
        raise NotFoundError(f"no command /{name}", hint="`/commands` lists them.")

    def hooks(self, event: str) -> list[tuple[Skill, Hook]]:
        """Return who listens to an event."""
        return [
            (skill, hook) for skill in self.skills.values() for hook in skill.hooks if hook.event == event
        ]

    def chores(self) -> list[tuple[Skill, Chore]]:
        """Return what looks after new memories."""
        return [(skill, chore) for skill in self.skills.values() for chore in skill.chores]

    def panels(self) -> list[tuple[Skill, Panel]]:
        """Return the skills' parts of the status page."""
        return [(skill, panel) for skill in self.skills.values() for panel in skill.panels]

    def searches(self) -> list[tuple[Skill, Operation[Any, Any]]]:
        """Return the operations that the status page's search box asks."""
        return [(skill, one) for skill in self.skills.values() for one in skill.operations if one.search]

    def consumers(self) -> list[tuple[Skill, Consumer]]:
        """Return who listens to the event log."""
        return [(skill, consumer) for skill in self.skills.values() for consumer in skill.consumers]


def tool_name(skill: str, operation: str) -> str:
    """Return the name under which agents see an operation: context_retention_recall."""
    return f"{skill.replace('-', '_')}_{operation}"


def load(folder: Path | None = None) -> Registry:
    """Load every skill package of the folder, by default `skills/` of the checkout."""
    root = folder or paths.skills_dir()
    skills: dict[str, Skill] = {}
    broken: list[Broken] = []
    for home in sorted(path for path in root.glob("*/") if package_of(path).is_dir()):
        try:
            skill = _load_one(home)
            _check_commands(skill, skills.values())
        except Exception as error:  # a skill is foreign code: whatever it raises, the others go on
            log.exception("skill %s cannot be loaded", home.name)
            broken.append(Broken(home.name, f"{type(error).__name__}: {error}"))
        else:
            skills[skill.name] = skill
    return Registry(skills, tuple(broken))


def package_of(home: Path) -> Path:
    """Return the Python package inside a skill's folder: context-retention/context_retention."""
    return home / home.name.replace("-", "_")


def _load_one(home: Path) -> Skill:
    if str(home) not in sys.path:
        sys.path.append(str(home))
    module = importlib.import_module(package_of(home).name)
    skill = getattr(module, "skill", None)
    if not isinstance(skill, Skill):
        raise TypeError(f"{module.__name__} declares no `skill = Skill(...)`")
    check(skill, home.name)
    return skill


def check(skill: Skill, folder: str) -> None:
    """Refuse a declaration whose names would clash or cannot be routed."""
    if skill.name != folder:
        raise ValueError(f"the skill in {folder}/ calls itself {skill.name!r}")
    if not NAME.fullmatch(skill.name) or skill.name in RESERVED_SKILLS:
        raise ValueError(f"{skill.name!r} cannot be a skill's name")
    names = [operation.name for operation in skill.operations]
    for operation in skill.operations:
        if not OPERATION_NAME.fullmatch(operation.name) or names.count(operation.name) > 1:
            raise ValueError(f"operation {operation.name!r} is declared twice or badly named")
        clash = RESERVED_FIELDS & set(operation.input.model_fields)
        if clash:
            raise ValueError(f"operation {operation.name!r}: {sorted(clash)} belong to the command line")
        _check_command(operation)
        _check_search(operation)
    _check_consumers(skill)
    _check_panels(skill)
    for schedule in skill.schedules:
        if schedule.operation not in names:
            raise ValueError(f"a schedule calls the unknown operation {schedule.operation!r}")
        called = skill.operations[names.index(schedule.operation)]
        called.input.model_validate(schedule.arguments)  # nobody watches when it runs


def _check_command(operation: Operation[Any, Any]) -> None:
    command = operation.command
    if command is None:
        return
    if not re.fullmatch(COMMAND_NAME, command.name):
        raise ValueError(f"/{command.name} cannot be a command")
    fields = (command.takes, operation.input), (command.shows, operation.output)
    for name, model in fields:
        if name not in model.model_fields or model.model_fields[name].annotation is not str:
            raise ValueError(f"/{command.name}: {model.__name__} has no text {name!r}")


def _check_commands(skill: Skill, others: Iterable[Skill]) -> None:
    """Refuse a slash command that another operation has: nobody could say which one is meant."""
    every = [one for other in (*others, skill) for one in other.operations if one.command]
    names = [one.command.name for one in every if one.command]
    if len(set(names)) < len(names):
        raise ValueError(f"a slash command is declared twice: {', '.join(sorted(names))}")


def _check_search(operation: Operation[Any, Any]) -> None:
    search = operation.search
    if search is None:
        return
    takes = operation.input.model_fields.get(search.takes)
    if takes is None or takes.annotation is not str or search.shows not in operation.output.model_fields:
        raise ValueError(
            f"the search of {operation.name!r} takes no text, or shows a field that is not there"
        )


def _check_panels(skill: Skill) -> None:
    names = [panel.name for panel in skill.panels]
    for panel in skill.panels:
        if not OPERATION_NAME.fullmatch(panel.name) or names.count(panel.name) > 1:
            raise ValueError(f"panel {panel.name!r} is declared twice or badly named")
        if not panel.title or not panel.summary:
            raise ValueError(f"panel {panel.name!r} needs a title, and a docstring that says what it shows")


def _check_consumers(skill: Skill) -> None:
    names = [consumer.name for consumer in skill.consumers]
    for consumer in skill.consumers:
        if not OPERATION_NAME.fullmatch(consumer.name) or names.count(consumer.name) > 1:
            raise ValueError(f"consumer {consumer.name!r} is declared twice or badly named")
        if not consumer.kinds:
            raise ValueError(f"consumer {consumer.name!r} names no kind of event")
