from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.errors import ConflictError, InputError
from clawcortex.setup.changes import Change, apply, merge, take_back
from clawcortex.setup.grants import Grant, base_grants, leave_outs, skill_grants

ROOT = Path("/opt/clawcortex")
GRANTS = base_grants(ROOT)
CONFIGS: tuple[dict[str, Any], ...] = (
    {},
    {"gateway": {"port": 1}},
    {"plugins": {}},
    {"plugins": {"entries": {}, "load": {"paths": []}}},
    {"plugins": {"entries": {"other": {"enabled": True}}, "load": {"paths": ["/other"]}}},
    {"plugins": {"entries": {"clawcortex": {"enabled": False, "hooks": {"timeouts": {"agent_end": 9}}}}}},
    {"plugins": {"entries": {"clawcortex": {"hooks": {"timeouts": {"before_prompt_build": 15_000}}}}}},
)


@pytest.mark.parametrize("before", CONFIGS)
def test_what_was_granted_is_taken_back_exactly(before: dict[str, Any]) -> None:
    original = copy.deepcopy(before)
    after, changes = apply(before, GRANTS)
    assert before == original
    assert after["plugins"]["entries"]["clawcortex"]["hooks"]["allowConversationAccess"] is True
    assert str(ROOT) in after["plugins"]["load"]["paths"]
    kept = [Change.from_dict(json.loads(json.dumps(change.as_dict()))) for change in changes]
    assert take_back(after, kept) == (original, [])


@pytest.mark.parametrize("before", CONFIGS)
def test_granting_twice_changes_nothing(before: dict[str, Any]) -> None:
    after, _ = apply(before, GRANTS)
    assert apply(after, GRANTS) == (after, [])


def test_what_the_person_changed_since_stays() -> None:
    after, changes = apply({}, GRANTS)
    entry = after["plugins"]["entries"]["clawcortex"]
    entry["hooks"]["timeouts"]["before_prompt_build"] = 9_000
    entry["config"] = {"mine": 1}
    after["plugins"]["load"]["paths"].append("/mine")
    values, kept = take_back(after, changes)
    assert [change.path[-1] for change in kept] == ["before_prompt_build"]
    assert values == {
        "plugins": {
            "entries": {
                "clawcortex": {"hooks": {"timeouts": {"before_prompt_build": 9_000}}, "config": {"mine": 1}}
            },
            "load": {"paths": ["/mine"]},
        }
    }


def test_a_person_who_took_it_all_away_is_left_alone() -> None:
    _, changes = apply({}, GRANTS)
    assert take_back({"gateway": {}}, changes) == ({"gateway": {}}, [])
    assert take_back({"plugins": "odd"}, changes) == ({"plugins": "odd"}, [])


def test_a_new_default_of_ours_still_puts_the_persons_own_value_back() -> None:
    path = ("plugins", "wait")
    before = {"plugins": {"wait": 1}}
    first_values, first = apply(before, [Grant(path, 2, "")])
    second_values, second = apply(first_values, [Grant(path, 3, "")])
    assert take_back(second_values, merge(first, second)) == (before, [])
    second_values["plugins"]["wait"] = 7  # the person's own; then they agree to ours again
    third_values, third = apply(second_values, [Grant(path, 3, "")])
    assert take_back(third_values, merge(merge(first, second), third))[0] == {"plugins": {"wait": 7}}


@given(st.lists(st.sampled_from(["a", "b", "c"]), unique=True))
def test_an_element_of_a_list_comes_and_goes_alone(present: list[str]) -> None:
    before = {"list": present}
    after, changes = apply(before, [Grant(("list",), "c", "", append=True)])
    assert "c" in after["list"]
    assert take_back(after, changes) == (before, [])


@pytest.mark.parametrize(
    "values",
    [
        {"plugins": {"$include": "./plugins.json"}},
        {"plugins": []},
        {"plugins": {"load": {"paths": "one"}}},
        {"$include": "base.json5"},
    ],
)
def test_what_cannot_be_edited_safely_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConflictError):
        apply(values, GRANTS)


def test_a_skill_asks_for_its_own_grant(checkout: Path) -> None:
    (grant,) = skill_grants(checkout)
    assert grant.path == ("tools", "media", "models")
    assert grant.value["command"] == f"{checkout}/transcribe.py"
    assert leave_outs(checkout, ("base",)) == [("voice-pipeline", "voice")]
    assert leave_outs(checkout, ("base", "voice")) == []


def test_an_unreadable_request_names_the_skill(checkout: Path) -> None:
    manifest = checkout / "skills" / "voice-pipeline" / "skill.json"
    manifest.write_text('{"grants": [{"path": ["a"]}]}')
    with pytest.raises(InputError, match="voice-pipeline"):
        skill_grants(checkout)
