"""History and policies."""

from __future__ import annotations

import pytest

from clawcortex.errors import DeniedError, InputError, NotFoundError
from clawcortex.openclaw.payloads import parse
from clawcortex.server.composer import compose
from clawcortex.skills.contribution import Contribution
from recursive_prompting import operations, policies
from recursive_prompting.shapes import Policy, PolicyInput, PruneInput

from .desk import FINE, Desk, critique, issue

SECRET = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD"


class TestHistory:
    def test_the_newest_stands_first_and_one_has_its_texts(self, desk: Desk) -> None:
        for number in range(3):
            desk.refine(f"Prompt {number}", f"Draft {number}", FINE)
            desk.clock.advance(seconds=1)
        runs = desk.runs()
        assert [one.prompt for one in runs] == ["Prompt 2", "Prompt 1", "Prompt 0"]
        assert {part.text for one in runs for part in one.passes} == {""}
        [one] = desk.runs(id=runs[1].id)
        assert [part.text for part in one.passes] == ["Draft 1", ""]
        assert [part.name for part in one.passes] == ["draft", "critique"]
        assert len(desk.runs(limit=2)) == 2
        assert desk.runs(agent="work") == ()
        with pytest.raises(NotFoundError, match="no refinement x"):
            desk.runs(id="x")

    def test_secrets_are_masked_and_the_context_is_not_kept(self, desk: Desk) -> None:
        said = critique(issue(SECRET, f"never say {SECRET}"))
        desk.refine(
            f"Use {SECRET}", f"It is {SECRET}.", said, "It is hidden.", context=f"{SECRET} is the context's"
        )
        [run] = desk.runs(id=desk.runs()[0].id)
        kept = run.model_dump_json()
        assert SECRET not in kept
        assert "the context's" not in kept
        assert "[redacted:" in kept
        assert run.context_length == len(f"{SECRET} is the context's")

    def test_it_is_kept_as_long_as_the_settings_say(self, desk: Desk) -> None:
        desk.refine("old", "Draft", FINE)
        desk.clock.advance(days=29)
        desk.refine("new", "Draft", FINE)
        assert operations.prune(desk.context(), PruneInput()).count == 0
        desk.clock.advance(days=2)
        assert operations.prune(desk.context(), PruneInput()).count == 1
        assert [one.prompt for one in desk.runs()] == ["new"]
        assert operations.prune(desk.context(), PruneInput(id="nothing")).count == 0
        assert operations.prune(desk.context(), PruneInput(all=True)).count == 1
        assert desk.runs() == ()
        assert [one.operation for one in desk.store.audited()] == ["prune", "prune"]

    def test_nothing_is_kept_where_the_settings_say_so(self, desk: Desk) -> None:
        desk.settings = desk.settings.model_copy(update={"refine_history_days": 0})
        desk.refine("x", "Draft", FINE)
        assert desk.runs() == ()

    def test_who_asked_is_kept(self, desk: Desk) -> None:
        desk.refine("x", "Draft", FINE, agent="work")
        assert [(one.agent, one.by) for one in desk.runs()] == [("work", "agent:work")]
        assert [one.agent for one in desk.host.requests] == ["work", "work"]


def told(desk: Desk, prompt: str, agent: str = "main") -> str:
    """Return the block that an agent gets before a prompt."""
    ctx = {"agentId": agent, "channel": "telegram", "chatId": "111", "senderId": "111"}
    payload = parse("before_prompt_build", {"event": {"prompt": prompt}, "ctx": ctx})
    part = policies.remind.run(desk.context(), payload)
    return compose([part], budget=1_600, nonce="0" * 16).text if isinstance(part, Contribution) else ""


def put(desk: Desk, **given: object) -> tuple[Policy, ...]:
    return operations.policy(desk.context(), PolicyInput.model_validate(given)).policies


class TestPolicy:
    def test_on_request_is_what_nobody_set(self, desk: Desk) -> None:
        assert put(desk) == (Policy(agent="main"),)
        assert told(desk, "Draft a contract") == ""

    def test_never_refuses_agents_and_chats_and_not_the_owner(self, desk: Desk) -> None:
        put(desk, when="never")
        with pytest.raises(DeniedError, match="never to refine"):
            desk.refine("x", agent="main")
        assert desk.host.requests == []
        assert desk.refine("x", "Draft", FINE).answer == "Draft"

    def test_an_agent_is_told_where_a_prompt_matches(self, desk: Desk) -> None:
        put(desk, when="matches", patterns=["contract|offer", r"^please think"])
        block = told(desk, "Draft the CONTRACT for Weber")
        assert "## Approved by the owner: this is to be thought over" in block
        assert "recursive_prompting_refine" in block
        assert told(desk, "How are you?") == ""
        assert told(desk, "Draft the contract", agent="work") == ""
        put(desk, when="on_request")
        assert told(desk, "Draft the contract") == ""

    @pytest.mark.parametrize("pattern", ["(", "(?=x)", r"(a)\1", "a{5000}"])
    def test_patterns_are_those_of_re2(self, desk: Desk, pattern: str) -> None:
        with pytest.raises(InputError, match="patterns"):
            put(desk, when="matches", patterns=[pattern])

    def test_patterns_that_are_too_much_together_are_refused(self, desk: Desk) -> None:
        with pytest.raises(InputError, match="together"):
            put(desk, when="matches", patterns=[rf"{first}\pL{{300}}" for first in "abcdefghijklmnopqrst"])

    def test_a_pattern_that_takes_long_elsewhere_takes_none_here(self, desk: Desk) -> None:
        put(desk, when="matches", patterns=["(a+)+$"])
        assert told(desk, "a" * 19_000 + "!") == ""

    def test_what_makes_no_sense_is_refused(self, desk: Desk) -> None:
        with pytest.raises(InputError, match="needs patterns"):
            put(desk, when="matches")
        with pytest.raises(NotFoundError, match="no agent"):
            put(desk, agent="../x", when="never")
