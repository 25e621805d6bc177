"""PRIORITIES.md read and rendered: nothing of a file is lost, whatever stands in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.errors import InputError
from clawcortex.priorities import Action, Priority, brief, merge, parse, render
from clawcortex.priorities.parsing import ID, LINE
from clawcortex.priorities.records import cleaned

LINES = [
    "# Priorities", "## Notes", "## Done", "# Priorities\ufeff", "", "   ", "\ufeff", "free text", "- [ ] loose",
    "- bullet",
    "1. One <!-- clawcortex:aaaaaa1 -->", "2) Two", "3. **Three**", "4. ~~Four~~", "5. [x] Five", "99999999. Big", "1.",
    "1. One <!-- clawcortex:aaaaaa1 --> twice", "   - Owner: Ana", "   - **Due:** soon",
    "\t- Status: done", "   - Theme:",
    "   - [ ] step <!-- clawcortex:bbbbbb1 -->", "   - [x] step (owner: Ana, due: 2026-12-01)",
    "   1. [X]", "     below", "  deep",
    "```", "~~~", "````", "   ```", "<!--", "-->", "<!-- one line -->", "<<<<<<< HEAD", "=======", ">>>>>>> other",
    "> 1. quoted",
    "## Conflicts", "- listed <!-- clawcortex:conflict abc123 -->", "1. 🚀 emoji 👩‍👩‍👧",
    "1. \\*escaped\\* <b>", "\x0b\x0c\x1c\u2028", "\t",
]  # fmt: skip
files = st.lists(
    st.tuples(st.sampled_from(LINES) | st.text(max_size=12), st.sampled_from(["\n", "\n", "\r\n", "\r", ""])),
    max_size=14,
).map(lambda parts: "".join(line + end for line, end in parts))
words = st.text(min_size=1, max_size=40).map(lambda text: text.strip() or "x")
values = st.none() | words
actions = st.builds(Action, words, st.booleans(), values, values)
some = st.lists(actions, max_size=3).map(tuple)
priorities = st.builds(Priority, words, theme=values, owner=values, due=values, status=values, actions=some)


def with_ids(entries: list[Priority]) -> list[Priority]:
    from dataclasses import replace

    return [
        replace(
            one,
            id=f"item{number:06d}",
            actions=tuple(replace(it, id=f"step{number:03d}{at:03d}") for at, it in enumerate(one.actions)),
        )
        for number, one in enumerate(entries)
    ]


def clean(entry: Priority) -> Priority:
    try:
        return cleaned(entry)
    except InputError:
        return Priority("x")


@given(st.lists(priorities.map(clean), max_size=4).map(with_ids))
def test_what_is_rendered_reads_back_the_same(entries: list[Priority]) -> None:
    assert parse(render(entries)).priorities == entries


@given(files)
def test_any_file_reads_back_byte_for_byte(text: str) -> None:
    assert str(parse(text)) == text


def is_below(old: str, new: str) -> bool:
    """Whether each line of the old text stands in the new one, in order; a last line may have got a line end."""
    rest = iter(LINE.findall(new))
    return all(
        any(line == other or line == other.rstrip("\r\n") for other in rest) for line in LINE.findall(old)
    )


@given(files, st.lists(words, min_size=1, max_size=2))
def test_what_is_added_leaves_every_line_and_is_found_again(text: str, new: list[str]) -> None:
    said = [clean(Priority(f"wholly new {one}", owner="Ana")) for one in new]
    result = merge({}, text, said, lambda _, others: [0.0] * len(others))
    assert not result.conflicts
    assert is_below(text.removeprefix("\ufeff"), result.text.removeprefix("\ufeff"))
    assert result.text.startswith("\ufeff") == text.startswith("\ufeff")
    assert {one.id for one in result.added} <= {one.id for one in parse(result.text).priorities}
    again = merge(result.ledger, result.text, said, lambda _, others: [0.0] * len(others))
    assert again.text == result.text
    assert not again.added
    assert not again.conflicts


KNOWN_WORDS = ["One", "Two", "Three", "Four", "Five", "loose", "🚀 emoji 👩‍👩‍👧", "One twice"]
steps = st.lists(
    st.sampled_from(["step", "another"]).map(lambda text: Action(text, done=True, owner="Zoe")), max_size=2
)
said_again = st.builds(
    Priority,
    st.sampled_from(KNOWN_WORDS),
    owner=st.just("Zoe"),
    status=st.just("blocked"),
    actions=steps.map(tuple),
)


@given(files, st.lists(said_again, min_size=1, max_size=3))
def test_what_is_said_of_a_person_s_items_changes_no_line_but_for_its_hidden_id(
    text: str, said: list[Priority]
) -> None:
    result = merge({}, text, said, lambda _, others: [0.0] * len(others))
    plain, merged = (ID.sub("", one).removeprefix("\ufeff") for one in (text, result.text))
    assert is_below(plain, merged)
    again = merge(result.ledger, result.text, said, lambda _, others: [0.0] * len(others))
    assert (again.text, again.added, again.changed, again.conflicts) == (result.text, [], [], [])


def test_reads_what_people_write() -> None:
    text = (
        "# Priorities\n\n1. **Ship it** <!-- clawcortex:aaaaaa1 -->\n   - **Owner:** Ana\n"
        "   - due: 2026-12-01 (Tuesday)\n"
        "   - [X] Call Bob (Owner: Zoe, due: Friday)\n     a note below\n\n   more of it\n\n- [ ] a loose task\n"
        "2) ~~struck out~~\n3. [x] checked\n\n## Notes\n1. git pull\n\n```\n4. in code\n```\n"
    )
    ship, loose, struck, checked = parse(text).priorities
    assert ship == Priority(
        "Ship it", owner="Ana", due="2026-12-01 (Tuesday)", id="aaaaaa1",
        actions=(Action("Call Bob", done=True, owner="Zoe", due="Friday"),),
    )  # fmt: skip
    assert (loose.text, loose.is_open) == ("a loose task", True)
    assert (struck.text, struck.is_open) == ("struck out", False)
    assert (checked.text, checked.is_open) == ("checked", False)


def test_an_item_that_was_copied_keeps_its_id_once() -> None:
    line = "1. One <!-- clawcortex:aaaaaa1 -->\n"
    assert [one.id for one in parse(line + line).priorities] == ["aaaaaa1", ""]


def test_code_comments_and_quotes_hold_no_items() -> None:
    text = "```\n1. code\n```\n<!--\n2. comment\n-->\n> 3. quote\n4. real\n"
    assert [one.text for one in parse(text).priorities] == ["real"]


def test_what_opens_and_never_ends_hides_nothing() -> None:
    assert [one.text for one in parse("```\n1. one\n<!--\n2. two\n<<<<<<<\n3. three\n").priorities] == [
        "one",
        "two",
        "three",
    ]


def test_five_megabytes_read_and_stay() -> None:
    lines = [
        f"{n}. Task number {n} <!-- clawcortex:x{n:08d} -->\n   - Owner: Ana\n   words\n"
        for n in range(75_000)
    ]
    text = "".join(lines)
    assert len(text) > 5_000_000
    document = parse(text)
    assert len(document.items) == 75_000
    assert str(document) == text


@pytest.mark.parametrize(
    "line", ["`" * 100_000, "<!--" * 50_000, "1. " + " (owner: " * 50_000, "1. x" + "\\" * 100_000]
)
def test_hostile_lines_take_linear_time(line: str) -> None:
    text = f"{line}\n   - [ ] {line}\n" * 3
    assert str(parse(text)) == text


def test_brief_says_an_item_in_one_line() -> None:
    steps = (Action("a", done=True), Action("b", done=False))
    assert brief(Priority("Ship", "Work", "Ana", "Friday", "open", steps)) == (
        "Ship (Work, Ana, due Friday, 1 of 2 actions done)"
    )
    assert brief(Priority("Ship", status="open")) == "Ship"
