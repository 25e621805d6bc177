"""The jobs that skills schedule, in the real OpenClaw's cron: declared, run, kept as a person left them, removed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .house import REVOKE, House, free_port, living_in
from .test_host import MARK

HOURLY, FAILING = "clawcortex tick hour", "clawcortex tick True"


@pytest.fixture(scope="module")
def own(openclaw: Path, models_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a house of this module's own: its gateway moves, and it is uninstalled."""
    with living_in(tmp_path_factory.mktemp("cron"), openclaw, models_cache) as found:
        yield found


def test_each_schedule_is_a_command_job_that_delivers_nothing(own: House) -> None:
    jobs = own.cron_jobs()
    assert {HOURLY, FAILING} <= set(jobs)
    job = jobs[HOURLY]
    assert (job["enabled"], job["agentId"]) == (True, "main")
    assert job["schedule"]["expr"] == "7 3 29 2 *"
    assert job["payload"]["kind"] == "command"
    assert job["payload"]["argv"][:3] == [
        str(own.python), str(own.plugin / "skills" / "tick" / "run.py"), "tick",
    ]  # fmt: skip
    assert job["delivery"]["mode"] == "none"


def test_a_run_calls_the_operation_as_cron(own: House) -> None:
    sent = len(own.telegram.sent)
    run = own.run_job(HOURLY)
    assert run["completed"] is True, run
    assert run["run"]["status"] == "ok", run
    assert own.ask("/v1/tick/ticks", {})["texts"] == ["hour by cron"]
    assert [one for one in own.telegram.sent[sent:] if one.method == "sendMessage"] == []


def test_a_run_that_fails_says_why(own: House) -> None:
    run = own.run_job(FAILING)
    assert run["run"]["status"] == "error", run
    assert "ZeroDivisionError" in str(run), run


def test_a_restart_on_another_port_keeps_the_jobs_and_the_person_s_choice(own: House) -> None:
    before = own.cron_jobs()
    own.openclaw("cron", "disable", before[FAILING]["id"])
    own.stop()
    configuration = own.configuration()
    configuration["gateway"]["port"] = free_port()
    configuration["agents"]["defaults"]["userTimezone"] = "Asia/Tokyo"
    own.write(configuration)
    own.start()
    after = own.cron_jobs()
    assert {name: job["id"] for name, job in after.items()} == {
        name: job["id"] for name, job in before.items()
    }
    assert (after[HOURLY]["enabled"], after[FAILING]["enabled"]) == (True, False)
    assert after[HOURLY]["schedule"]["tz"] == "Asia/Tokyo"
    own.model.completes(MARK, "Here.")
    assert own.ask("/v1/tick/ask", {"agent": "work", "prompt": "Where?"})["text"] == "Here."


def test_uninstall_removes_them(own: House) -> None:
    said = own.our("-c", REVOKE)
    assert "cron jobs removed" in said
    assert own.cron_jobs() == {}
    left = own.configuration()["plugins"]["entries"]["clawcortex"]
    assert list(left) == ["config"], "what the person wrote stays"
