"""Progress line by line: over the socket, on the command line, and in a chat."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clawcortex import client
from clawcortex.client import LINES, Connection
from clawcortex.errors import ClawcortexError, ConflictError, HostError, InputError
from clawcortex.openclaw.payloads import CommandContext
from clawcortex.server.shown import LONGEST, Shown
from clawcortex.skills.context import Progress
from clawcortex.testing import FakeHost, Told

from .test_command import clawcortex

COUNT = "/v1/probe/count"


def lines(text: str) -> tuple[int, list[dict[str, Any]]]:
    """Return the status and every line of an answer."""
    with Connection() as connection:
        status, parts = connection.stream(COUNT, {"text": text}, accept=LINES, keep=False)
        return status, [json.loads(line) for line in b"".join(parts).splitlines()]


@pytest.mark.usefixtures("shared")
class TestLines:
    def test_each_step_is_a_line_and_the_answer_the_last(self) -> None:
        status, found = lines("one twö")
        assert status == 200
        assert found[:2] == [
            {"progress": {"line": "1: one", "number": 1}},
            {"progress": {"line": "2: twö", "number": 2}},
        ]
        assert [one["answer"]["text"] for one in found[2:]] == ["ONE TWÖ"]

    def test_a_line_comes_as_soon_as_it_is_told(self, fifo: Path) -> None:
        told: list[str] = []
        first = threading.Event()

        def tell(progress: dict[str, Any]) -> None:
            told.append(progress["line"])
            first.set()

        def let_go() -> None:
            assert first.wait(60)
            fifo.write_bytes(b"go on")

        thread = threading.Thread(target=let_go)
        thread.start()
        found = client.follow(COUNT, {"text": f"one wait:{fifo}"}, tell)
        thread.join()
        assert told == ["1: one", f"2: wait:{fifo}"]
        assert found["origin"] == "cli"

    def test_a_failure_on_the_way_is_the_last_line(self) -> None:
        status, found = lines("one refuse")
        assert (status, found[-1]["error"]["code"]) == (200, "conflict")
        with pytest.raises(ConflictError, match="so and not so"):
            client.follow(COUNT, {"text": "one refuse"}, lambda _: None)
        with pytest.raises(ClawcortexError, match="ZeroDivisionError"):
            client.follow(COUNT, {"text": "one boom"}, lambda _: None)

    def test_a_failure_before_the_first_line_keeps_its_status(self) -> None:
        assert lines("refuse")[0] == 409
        assert lines("")[0] == 400
        with pytest.raises(InputError, match="text"):
            client.follow(COUNT, {"text": ""}, lambda _: None)

    def test_any_operation_may_be_asked_for_lines_and_this_one_without(self) -> None:
        with Connection() as connection:
            status, parts = connection.stream("/v1/probe/echo", {"text": "x"}, accept=LINES)
            assert json.loads(b"".join(parts))["answer"]["text"] == "x"
            status, body = connection.request(COUNT, {"text": "one"})
        assert (status, json.loads(body)["text"]) == (200, "ONE")

    def test_who_goes_away_leaves_it_running_and_the_server_serving(self, fifo: Path) -> None:
        with Connection() as connection:
            _, parts = connection.stream(COUNT, {"text": f"one wait:{fifo} three"}, accept=LINES)
            assert b"1: one" in next(parts)
        fifo.write_bytes(b"go on")
        assert lines("one")[0] == 200

    def test_the_command_line_shows_progress_beside_the_answer(self) -> None:
        run = clawcortex("probe", "count", "--text", "one two")
        assert run.stderr.splitlines() == ["1: one", "2: two"]
        assert run.stdout.splitlines()[0] == "text: ONE TWO"
        run = clawcortex("probe", "count", "--text", "one", "--json")
        assert json.loads(run.stderr) == {"line": "1: one", "number": 1}
        assert json.loads(run.stdout)["text"] == "ONE"

    def test_a_command_that_no_message_can_show_is_answered(self) -> None:
        context = {"channel": "telegram", "to": "telegram:111", "agentId": "main", "native": True}
        found = client.call("/v1/commands/count", {"text": "one two", "context": context})
        assert found == {"text": "ONE TWO"}
        assert "/count" in client.call("/v1/commands/count", {"text": " ", "context": context})["text"]
        for word, says in (("refuse", "so and not so"), ("boom", "failed (ZeroDivisionError)")):
            assert says in client.call("/v1/commands/count", {"text": word, "context": context})["text"]
        with pytest.raises(ClawcortexError, match="no command /nothing"):
            client.call("/v1/commands/nothing", {"text": "x"})


PLACE = CommandContext.model_validate(
    {"agentId": "main", "channel": "telegram", "to": "telegram:111", "messageThreadId": 7}
)


class Chat(FakeHost):
    """A host that says when it was told something."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = threading.Condition()

    def _tell(self, told: Told) -> None:
        with self.heard:
            try:
                super()._tell(told)
            finally:
                self.heard.notify_all()

    def wait(self, met: Callable[[], bool]) -> None:
        with self.heard:
            assert self.heard.wait_for(met, 60)

    def texts(self) -> list[tuple[str, bool]]:
        return [(one.text, one.edit) for one in self.told]


class TestShown:
    def test_one_message_is_edited_to_the_answer(self) -> None:
        host, stands = Chat(), threading.Event()
        with Shown(host, PLACE, stands.set) as shown:
            shown.tell(Progress(line="first"))
            assert stands.wait(60)
            shown.tell(Progress(line="second"))
            host.wait(lambda: len(host.told) == 2)
            assert shown.end("the answer") == ""
        assert host.texts() == [("first", False), ("second", True), ("the answer", True)]
        sent = host.told[0].sent
        assert (sent.target, sent.thread, {one.sent for one in host.told}) == ("111", "7", {sent})

    def test_without_progress_the_answer_is_given_back(self) -> None:
        host = Chat()
        with Shown(host, PLACE, lambda: None) as shown:
            assert shown.end("the answer") == "the answer"
        assert host.told == []

    def test_where_no_message_can_be_sent_the_answer_is_given_back(self) -> None:
        host = Chat()
        host.refusals.append(HostError("bot was blocked"))
        with Shown(host, PLACE, lambda: None) as shown:
            shown.tell(Progress(line="first"))
            host.wait(lambda: not host.refusals)
            assert shown.end("the answer") == "the answer"

    def test_an_answer_that_cannot_be_edited_in_is_sent(self) -> None:
        host, stands = Chat(), threading.Event()
        with Shown(host, PLACE, stands.set) as shown:
            shown.tell(Progress(line="first"))
            assert stands.wait(60)
            host.refusals.extend([HostError("gone")] * 3)
            assert shown.end("the answer") == ""
        assert host.texts() == [("first", False), ("the answer", False)]

    def test_an_answer_that_reads_as_a_step_that_was_not_shown_is_shown(self) -> None:
        host, stands = Chat(), threading.Event()
        with Shown(host, PLACE, stands.set) as shown:
            shown.tell(Progress(line="first"))
            assert stands.wait(60)
            host.refusals.append(HostError("not now"))
            shown.tell(Progress(line="done"))
            host.wait(lambda: not host.refusals)
            assert shown.end("done") == ""
        assert host.texts() == [("first", False), ("done", True)]

    def test_a_429_is_waited_for(self) -> None:
        host, stands = Chat(), threading.Event()
        with Shown(host, PLACE, stands.set) as shown:
            shown.tell(Progress(line="first"))
            assert stands.wait(60)
            host.refusals.append(HostError("too fast", retry_after_s=0.01))
            assert shown.end("the answer") == ""
        assert host.texts()[-1] == ("the answer", True)

    def test_what_is_too_long_for_one_message_goes_on_in_another(self) -> None:
        host, stands = Chat(), threading.Event()
        text = "word " * 2_000
        with Shown(host, PLACE, stands.set) as shown:
            shown.tell(Progress(line="first"))
            assert stands.wait(60)
            shown.end(text)
        (head, edited), (rest, again) = host.texts()[1:]
        assert (edited, again) == (True, False)
        assert len(head) <= LONGEST
        assert f"{head} {rest}".split() == text.split()
