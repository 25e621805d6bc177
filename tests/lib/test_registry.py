"""Skills are found, checked and reported; a seventh one works by being there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawcortex import paths
from clawcortex.errors import NotFoundError
from clawcortex.skills.registry import load

SKILL = '''
"""A skill."""
from pydantic import BaseModel
from clawcortex.skills.context import Context
from clawcortex.skills.operation import Command, Schedule, Search, Skill, consumer, hook, operation
from clawcortex.skills.panel import Table, panel

class Words(BaseModel):
    text: str = ""

@operation("say", expose="agent")
def say(context: Context, request: Words) -> Words:
    """Say it."""
    return request

@operation("unsay", effect="destroy")
def unsay(context: Context, request: Words) -> Words:
    """Take it back."""
    return request

@operation("shout", command=Command("shout", takes="text", shows="text"))
def shout(context: Context, request: Words) -> Words:
    """Say it aloud."""
    return request

@operation("hum", command=Command("hum", takes="tune", shows="text"))
def hum(context: Context, request: Words) -> Words:
    """Hum it."""
    return request

@operation("moo", command=Command("Moo now", takes="text", shows="text"))
def moo(context: Context, request: Words) -> Words:
    """Moo it."""
    return request

@hook("agent_end")
def listen(context, event):
    """Listen."""

@consumer("learn", kinds=("decision.answered",))
def learn(context, event):
    """Learn."""

@panel("songs", "Songs")
def songs(context):
    """Show the songs."""
    return Table(("Song",))

@panel("silence", "Silence")
def silence(context):
    return Table(("Song",))

@consumer("nothing", kinds=())
def nothing(context, event):
    """Never."""

skill = Skill(
    name="{name}", title="T", summary="S.", version="1.0.0", operations=(say, unsay), hooks=(listen,){more}
)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return an empty skills folder and forget what was imported from it."""
    before, places = set(sys.modules), list(sys.path)
    yield tmp_path
    sys.path[:] = places
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def add(folder: Path, name: str, text: str | None = None, *, more: str = "") -> None:
    package = folder / name / name.replace("-", "_")
    package.mkdir(parents=True)
    code = SKILL.replace("{name}", name).replace("{more}", more) if text is None else text
    (package / "__init__.py").write_text(code)


def test_a_command_is_one_operations_and_names_texts(folder: Path) -> None:
    for name, also in (("one", "shout"), ("three", "hum"), ("two", "shout"), ("zero", "moo")):
        text = SKILL.replace("(say, unsay)", f"(say, unsay, {also})")
        add(folder, name, text.replace("{name}", name).replace("{more}", ""))
    registry = load(folder)
    assert registry.command("shout")[0].name == "one"
    assert {one.folder: one.reason.partition(":")[2].strip() for one in registry.broken} == {
        "two": "a slash command is declared twice: shout, shout",
        "three": "/hum: Words has no text 'tune'",
        "zero": "/Moo now cannot be a command",
    }
    with pytest.raises(NotFoundError, match="/hum"):
        registry.command("hum")


def test_a_skill_is_found_by_its_folder(folder: Path) -> None:
    add(folder, "seventh-skill", more=", consumers=(learn,)")
    registry = load(folder)
    assert list(registry.skills) == ["seventh-skill"]
    assert registry.operation("seventh-skill", "say").summary == "Say it."
    assert [name for name, _, _ in registry.tools()] == ["seventh_skill_say"]
    assert registry.tool("seventh_skill_say")[1].name == "say"
    assert [skill.name for skill, _ in registry.hooks("agent_end")] == ["seventh-skill"]
    assert registry.hooks("before_reset") == []
    assert [(skill.name, one.name, one.kinds) for skill, one in registry.consumers()] == [
        ("seventh-skill", "learn", ("decision.answered",))
    ]


def test_a_folder_without_a_package_is_no_skill(folder: Path) -> None:
    (folder / "notes").mkdir()
    (folder / "README.md").write_text("not a skill")
    assert load(folder).skills == {}


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("import-error", "import no_such_module_anywhere", "no_such_module_anywhere"),
        ("syntax-error", "def (", "SyntaxError"),
        ("no-skill", "x = 1", "declares no"),
        ("other-name", SKILL.replace("{name}", "somebody-else").replace("{more}", ""), "calls itself"),
        ("tools", None, "cannot be a skill's name"),
        (
            "twice",
            SKILL.replace("{name}", "twice").replace("{more}", "").replace('"unsay"', '"say"'),
            "twice",
        ),
        (
            "bad-case",
            SKILL.replace("{name}", "bad-case").replace("{more}", "").replace('"unsay"', '"Un Say"'),
            "badly",
        ),
        (
            "kept-field",
            SKILL.replace("{name}", "kept-field").replace("{more}", "").replace("text:", "timeout:"),
            "command line",
        ),
        (
            "lost-job",
            SKILL.replace("{name}", "lost-job").replace(
                "{more}", ', schedules=(Schedule("0 8 * * *", "fly"),)'
            ),
            "unknown operation",
        ),
        (
            "wrong-job",
            SKILL.replace("{name}", "wrong-job").replace(
                "{more}", ', schedules=(Schedule("0 8 * * *", "say", {"text": []}),)'
            ),
            "valid string",
        ),
        (
            "heard-twice",
            SKILL.replace("{name}", "heard-twice").replace("{more}", ", consumers=(learn, learn)"),
            "consumer 'learn' is declared twice",
        ),
        (
            "heard-nothing",
            SKILL.replace("{name}", "heard-nothing").replace("{more}", ", consumers=(nothing,)"),
            "names no kind of event",
        ),
        (
            "shown-twice",
            SKILL.replace("{name}", "shown-twice").replace("{more}", ", panels=(songs, songs)"),
            "panel 'songs' is declared twice",
        ),
        (
            "shown-without-a-word",
            SKILL.replace("{name}", "shown-without-a-word").replace("{more}", ", panels=(silence,)"),
            "needs a title, and a docstring",
        ),
        (
            "lost-search",
            SKILL.replace("{name}", "lost-search")
            .replace("{more}", "")
            .replace('"say", expose', '"say", search=Search("text", "songs", {}), expose'),
            "the search of 'say'",
        ),
        (
            "exposed",
            SKILL.replace("{name}", "exposed")
            .replace("{more}", "")
            .replace('"unsay", effect', '"unsay", expose="agent", effect'),
            "must not be exposed",
        ),
        (
            "speechless",
            SKILL.replace("{name}", "speechless").replace("{more}", "").replace('    """Say it."""\n', ""),
            "needs a docstring",
        ),
    ],
)
def test_a_broken_skill_is_reported_and_the_others_load(
    folder: Path, name: str, text: str | None, reason: str
) -> None:
    add(folder, name, text)
    add(folder, "well")
    registry = load(folder)
    assert list(registry.skills) == ["well"]
    [broken] = registry.broken
    assert broken.folder == name
    assert reason in broken.reason
    with pytest.raises(NotFoundError, match="failed to load"):
        registry.operation(name, "say")


def test_what_is_not_there_is_named_with_what_is(folder: Path) -> None:
    add(folder, "well")
    registry = load(folder)
    with pytest.raises(NotFoundError) as missing:
        registry.operation("well", "fly")
    assert "say, unsay" in missing.value.hint
    with pytest.raises(NotFoundError) as missing:
        registry.tool("well_unsay")
    assert "well_say" in missing.value.hint


def test_every_skill_of_the_house_loads() -> None:
    registry = load(paths.repo_root() / "skills")
    assert registry.broken == ()
    assert "context-retention" in registry.skills
