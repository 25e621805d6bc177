"""Three ways: what a person changed stays, what an agent wrote it may change, what differs is listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import pytest

from clawcortex.errors import InputError
from clawcortex.priorities import Action, Merge, Priority, merge, parse
from clawcortex.priorities.ledger import Ledger

API = Priority(
    "Build the API",
    "Work",
    "Ana",
    "2026-12-01",
    actions=(Action("Write the schema", owner="Bob"), Action("Review it")),
)


def alike(_: str, others: Sequence[str]) -> list[float]:
    return [1.0] * len(others)


@dataclass
class Shared:
    """A file that is edited in turns."""

    text: str = ""
    ledger: Ledger = field(default_factory=dict)
    numbers: count[int] = field(default_factory=lambda: count(1))

    def ids(self) -> str:
        return f"id{next(self.numbers):04d}"

    def say(self, *new: Priority) -> Merge:
        result = merge(self.ledger, self.text, new, alike, when="2026-11-23", new_id=self.ids)
        self.text, self.ledger = result.text, result.ledger
        return result

    def edit(self, old: str, new: str) -> None:
        assert old in self.text, self.text
        self.text = self.text.replace(old, new, 1)


@pytest.fixture
def shared() -> Shared:
    made = Shared()
    made.say(API, Priority("Call Bob"))
    return made


def test_a_new_file_has_title_numbers_fields_and_hidden_ids(shared: Shared) -> None:
    assert shared.text == (
        "# Priorities\n\n1. Build the API <!-- clawcortex:id0003 -->\n   - Theme: Work\n   - Owner: Ana\n"
        "   - Due: 2026-12-01\n   - Status: open\n"
        "   - [ ] Write the schema (owner: Bob) <!-- clawcortex:id0001 -->\n"
        "   - [ ] Review it <!-- clawcortex:id0002 -->\n"
        "2. Call Bob <!-- clawcortex:id0004 -->\n   - Status: open\n"
    )


def test_saying_the_same_again_changes_nothing(shared: Shared) -> None:
    before = shared.text
    result = shared.say(API, Priority("call bob"))
    assert result.text == before
    assert not [*result.added, *result.changed, *result.refused, *result.conflicts]


def test_an_agent_may_change_what_it_wrote(shared: Shared) -> None:
    shared.say(
        Priority("build API", due="2026-12-05", actions=(Action("review it", done=True, due="Friday"),))
    )
    assert "   - Due: 2026-12-05\n" in shared.text
    assert "   - [x] Review it (due: Friday) <!-- clawcortex:id0002 -->\n" in shared.text
    assert "Conflicts" not in shared.text


def test_what_a_person_changed_stays_and_is_listed_once(shared: Shared) -> None:
    shared.edit("Due: 2026-12-01", "Due: after the holidays")
    result = shared.say(Priority("Build the API", due="2026-12-05"))
    assert [(one.field, one.stands, one.said) for one in result.conflicts] == [
        ("due", "after the holidays", "2026-12-05")
    ]
    assert "   - Due: after the holidays\n" in shared.text
    section = shared.text[shared.text.index("## Conflicts") :]
    assert "“after the holidays” stays" in section
    assert "“2026-12-05” was said on 2026-11-23" in section
    before = shared.text
    assert shared.say(Priority("Build the API", due="2026-12-05")).text == before
    shared.text = shared.text[: shared.text.index("\n## Conflicts")]
    before = shared.text
    assert shared.say(Priority("Build the API", due="2026-12-05")).text == before
    assert shared.say(Priority("Build the API", due="2026-12-06")).conflicts


def test_a_field_that_a_person_removed_stays_out(shared: Shared) -> None:
    shared.edit("   - Owner: Ana\n", "")
    assert not shared.say(API).conflicts
    assert shared.say(Priority("Build the API", owner="Zoe")).conflicts
    assert "Owner" not in shared.text.partition("## Conflicts")[0]


def test_the_same_value_in_other_words_is_no_conflict(shared: Shared) -> None:
    shared.edit("Due: 2026-12-01", "Due: 2026-12-01 (Tuesday)")
    shared.edit("Owner: Ana", "Owner: ANA")
    before = shared.text
    assert not shared.say(API).conflicts
    assert shared.text == before


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("2026-12-01", "2026-12-01 09:00"),
        ("2026-12-01 09:30", "2026-12-01 09:30"),
        ("2026-12-02", "2026-12-02"),
    ],
)
def test_a_day_said_without_its_time_takes_no_time_away(shared: Shared, said: str, stands: str) -> None:
    shared.say(Priority("Build the API", due="2026-12-01 09:00"))
    assert "Due: 2026-12-01 09:00" in shared.text, "a time that is said is put to the day"
    assert not shared.say(Priority("Build the API", due=said)).conflicts
    assert f"Due: {stands}" in shared.text


def test_what_a_person_deleted_stays_out(shared: Shared) -> None:
    shared.text = "# Priorities\n\n" + shared.text[shared.text.index("2. Call") :]
    before = shared.text
    result = shared.say(Priority("build the api", due="2026-12-01"))
    assert result.text == before
    assert [one.text for one in result.refused] == ["build the api"]
    result = shared.say(Priority("build the api", due="2027-01-01", actions=(Action("Sell it"),)))
    assert [(one.field, one.said) for one in result.conflicts] == [
        ("deleted", "due: 2027-01-01, action: Sell it")
    ]
    assert "1. Build" not in result.text


def test_what_was_done_and_tidied_away_may_come_again(shared: Shared) -> None:
    head = "2. Call Bob <!-- clawcortex:id0004 -->\n   - Status: "
    shared.edit(f"{head}open", f"{head}done")
    assert not shared.say(Priority("call Bob")).added
    assert [one.text for one in shared.say(Priority("Call Bob", due="2026-12-24")).added] == ["Call Bob"]
    shared.text = "# Priorities\n"
    assert not shared.say(Priority("Call Bob", due="2026-12-24")).added
    assert shared.say(Priority("build the api")).refused


def test_a_deleted_action_stays_out_and_a_checked_one_checked(shared: Shared) -> None:
    shared.edit("   - [ ] Review it <!-- clawcortex:id0002 -->\n", "")
    shared.edit("- [ ] Write the schema", "- [x] Write the schema")
    before = shared.text
    assert not shared.say(API).conflicts
    result = shared.say(Priority("build the api", actions=(Action("write the schema", done=False),)))
    assert result.text == before


def test_an_action_that_a_person_moved_stays_where_it_is(shared: Shared) -> None:
    line = "   - [ ] Review it <!-- clawcortex:id0002 -->\n"
    shared.edit(line, "")
    shared.text += line
    before = shared.text
    assert not shared.say(API).conflicts
    assert shared.text == before
    shared.say(Priority("Build the API", actions=(Action("review it", done=True),)))
    assert shared.text == before.replace("[ ] Review", "[x] Review")


def test_what_a_person_reworded_and_moved_keeps_its_identity(shared: Shared) -> None:
    shared.text = (
        "# Priorities\n\n1. Call *Bob*, the one in Rome <!-- clawcortex:id0004 -->\n   - Status: open\n   a note\n\n"
        "Some words.\n\n## Later\n\n2. Build the API <!-- clawcortex:id0003 -->\n"
    )
    before = shared.text
    shared.say(Priority("Call Bob", owner="Zoe"))
    end = "Rome <!-- clawcortex:id0004 -->\n"
    assert shared.text == before.replace(end, f"{end}   - Owner: Zoe\n")


def test_a_line_that_lost_its_hidden_id_is_known_by_its_words(shared: Shared) -> None:
    shared.edit(" <!-- clawcortex:id0003 -->", "")
    shared.edit(" <!-- clawcortex:id0001 -->", "")
    result = shared.say(
        Priority("Build the API", due="2026-12-05", actions=(Action("write the schema", owner="Cy"),))
    )
    assert not result.conflicts
    assert "1. Build the API <!-- clawcortex:id0003 -->\n" in shared.text
    assert "   - [ ] Write the schema (owner: Cy) <!-- clawcortex:id0001 -->\n" in shared.text


def test_a_line_that_lost_its_hidden_id_is_known_wherever_it_was_moved(shared: Shared) -> None:
    shared.text = (
        "# Priorities\n\n## Conflicts\n\n1. Build the API\n   - Due: 2026-12-01\n\n## Notes\n2. git pull\n"
    )
    result = shared.say(Priority("build the API", due="2026-12-05"), Priority("git pull"))
    assert not result.conflicts
    assert "1. Build the API <!-- clawcortex:id0003 -->\n   - Due: 2026-12-05\n" in shared.text
    assert [one.text for one in result.added] == ["git pull"], "what stands in notes is no priority"


def test_a_line_that_takes_the_words_of_a_deleted_action_does_not_become_it() -> None:
    shared = Shared()
    shared.say(Priority("Launch", actions=(Action("Call Bob"), Action("Book the hall"))))
    shared.edit("   - [ ] Call Bob <!-- clawcortex:id0001 -->\n", "")
    shared.text += "2. Call Bob\n"
    shared.say(
        Priority("Launch", actions=(Action("Book the hall", owner="Ann"),)),
        Priority("Call Bob", due="Friday"),
    )
    assert "2. Call Bob <!-- clawcortex:id0001 -->" not in shared.text
    told = shared.say(Priority("Launch", actions=(Action("Call Bob"),)))
    assert [one.text for one in told.refused] == ["Call Bob"], "the deleted one is known as deleted still"


def test_a_person_s_own_item_is_completed_never_overruled() -> None:
    mine = Shared("1.  Plan  the *offsite*   \n    - Owner: me\n\nwords\n")
    result = mine.say(Priority("plan the *offsite*", owner="Ana", due="Friday", actions=(Action("Book it"),)))
    assert [(one.field, one.said) for one in result.conflicts] == [("owner", "Ana")]
    assert mine.text.startswith(
        "1.  Plan  the *offsite*    <!-- clawcortex:id0002 -->\n    - Owner: me\n    - Due: Friday\n"
    )
    assert "\n    - [ ] Book it" in mine.text


def test_an_item_named_by_its_id_can_be_reworded(shared: Shared) -> None:
    shared.say(Priority("Build the public API", id="id0003"))
    assert "1. Build the public API <!-- clawcortex:id0003 -->\n" in shared.text
    shared.edit("Build the public API", "My API")
    assert [one.field for one in shared.say(Priority("Their API", id="id0003")).conflicts] == ["text"]
    assert "1. My API <" in shared.text


def test_near_duplicates_merge_and_different_tasks_stay(shared: Shared) -> None:
    result = shared.say(
        Priority("Build API tests"), Priority("build api tests!"), Priority("Do not call Bob")
    )
    assert [one.text for one in result.added] == ["Build API tests", "Do not call Bob"]


def test_two_tellings_of_one_task_are_one_and_the_later_counts() -> None:
    shared = Shared()
    shared.say(
        Priority("Build the API", due="Monday", actions=(Action("Test it"),)),
        Priority("build API", due="Friday", actions=(Action("test it", owner="Ana"), Action("Ship it"))),
    )
    (only,) = parse(shared.text).priorities
    assert (only.due, [(one.text, one.owner) for one in only.actions]) == (
        "Friday",
        [("Test it", "Ana"), ("Ship it", None)],
    )


def test_a_rank_places_a_new_item_and_the_list_counts_on(shared: Shared) -> None:
    shared.say(Priority("Breathe", rank=1), Priority("Sleep", rank=2), Priority("Eat"))
    assert [(item.number, item.priority.text) for item in parse(shared.text).items] == [
        (1, "Breathe"), (2, "Sleep"), (3, "Build the API"), (4, "Call Bob"), (5, "Eat"),
    ]  # fmt: skip


def test_a_list_that_a_person_numbered_otherwise_keeps_its_numbers() -> None:
    shared = Shared("3. Three\n1. One\n")
    shared.say(Priority("Breathe", rank=1))
    assert [item.number for item in parse(shared.text).items] == [3, 3, 1]


def test_what_is_below_a_long_number_is_indented_as_far() -> None:
    shared = Shared("9. Nine\n10. Ten\n")
    shared.say(Priority("Ten", owner="Ana"), Priority("Breathe", actions=(Action("in"),)))
    assert shared.text == (
        "9. Nine\n10. Ten <!-- clawcortex:id0001 -->\n    - Owner: Ana\n"
        "11. Breathe <!-- clawcortex:id0003 -->\n    - Status: open\n    - [ ] in <!-- clawcortex:id0002 -->\n"
    )


def test_new_items_go_into_the_list_and_not_into_notes() -> None:
    shared = Shared("# Priorities\n1. One\n\n## Notes\n\n1. git pull\n")
    shared.say(Priority("Breathe"))
    assert shared.text.startswith("# Priorities\n1. One\n2. Breathe <")
    empty = Shared("# Priorities\n\n## Notes\n\n1. git pull\n")
    empty.say(Priority("Breathe"))
    assert empty.text.startswith("# Priorities\n\n1. Breathe <")


def test_what_stands_between_merge_markers_is_not_touched() -> None:
    text = (
        "# Priorities\n1. One <!-- clawcortex:aaaaaa1 -->\n"
        "<<<<<<< HEAD\n2. Two <!-- clawcortex:aaaaaa2 -->\n=======\n2. Zwei\n>>>>>>> other\n"
    )
    shared = Shared(text)
    result = shared.say(Priority("Two", due="Friday", rank=1), Priority("Breathe", rank=1))
    assert result.text.startswith(text + "3. Breathe <")
    assert [(one.field, one.said) for one in result.conflicts] == [("frozen", "due: Friday")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_a_mark_and_a_missing_last_one_stay(end: str) -> None:
    text = f"\ufeff# Priorities{end}{end}1. One 🚀"
    shared = Shared(text)
    shared.say(Priority("Breathe"))
    assert shared.text == f"{text}{end}2. Breathe <!-- clawcortex:id0001 -->{end}   - Status: open"


def test_untrusted_text_stays_text() -> None:
    shared = Shared()
    evil = "x <!-- clawcortex:aaaaaa1 -->\n2. y\n## Notes ```[x] (owner: me)"
    shared.say(Priority(evil, owner="a\n- Due: now", actions=(Action(evil),)))
    (only,) = parse(shared.text).priorities
    assert len(parse(shared.text).items) == 1
    assert (only.due, only.actions[0].owner, "<" in only.text, "\n" in (only.owner or "")) == (
        None,
        None,
        False,
        False,
    )
    assert merge(shared.ledger, shared.text, [Priority(evil)], alike).text == shared.text


@pytest.mark.parametrize("empty", ["", " \n", "\u200b"])
def test_an_item_without_text_is_refused(empty: str) -> None:
    with pytest.raises(InputError, match="has no text"):
        merge({}, "", [Priority(empty)], alike)
    with pytest.raises(InputError, match="has no text"):
        merge({}, "", [Priority("x", actions=(Action(empty),))], alike)
