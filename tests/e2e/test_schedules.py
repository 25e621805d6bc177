"""The cron jobs that index.js declares, on Node alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clawcortex import paths

from .bridging import CONFIG, Bridge
from .house import ROOT


@pytest.fixture
def scheduling(tmp_path: Path) -> Path:
    """Return a plugin folder whose one skill has two schedules."""
    folder = tmp_path / "plugin"
    home = folder / "skills" / "probe"
    home.mkdir(parents=True)
    for name in ("index.js", "openclaw.plugin.json"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    jobs = [
        {"cron": "5 * * * *", "operation": "sum", "timeout_s": 60, "flags": ["--period=hour"]},
        {"cron": "0 3 * * 1", "operation": "tidy", "timeout_s": 600, "flags": []},
    ]
    for job in jobs:
        job |= {"key": f"clawcortex:probe:{job['operation']}:0", "name": f"clawcortex {job['operation']}"}
    (home / "skill.json").write_text(json.dumps({"name": "probe", "title": "Probe", "schedules": jobs}))
    return folder


def start(bridge: Bridge, jobs: list[dict[str, Any]], config: dict[str, Any] | None = None) -> dict[str, Any]:
    """Let a gateway start with these jobs and return the answer: what is left of them."""
    return bridge(hook="gateway_start", event={"port": 1}, ctx={"config": config or CONFIG}, jobs=jobs)


@pytest.mark.usefixtures("scheduling")
class TestCron:
    def test_each_schedule_becomes_a_job_of_the_default_agent(self, bridge: Bridge, state: Path) -> None:
        first, second = start(bridge, [])["answer"]
        python = str(state / "clawcortex" / "venv" / "bin" / "python")
        assert first["payload"] == {
            "kind": "command",
            "argv": [python, "/checkout/skills/probe/run.py", "sum", "--timeout=60", "--period=hour"],
            "env": {"CLAWCORTEX_CALLER": "cron", "OPENCLAW_STATE_DIR": str(state)},
            "timeoutSeconds": 70,
        }
        assert first["schedule"] == {"kind": "cron", "expr": "5 * * * *", "tz": "Asia/Tokyo"}
        assert (first["agentId"], first["delivery"]) == ("work", {"mode": "none"})
        assert (first["enabled"], first["sessionTarget"]) == (True, "isolated")
        assert second["declarationKey"] == "clawcortex:probe:tidy:0"

    def test_our_own_timezone_wins_and_without_any_the_hosts_counts(self, bridge: Bridge) -> None:
        assert "tz" not in start(bridge, [], {"agents": {}})["answer"][0]["schedule"]
        paths.private_folder(paths.state_dir())
        paths.settings_path().write_text("owners = []\n timezone='Europe/Lisbon' # mine\n")
        assert start(bridge, [])["answer"][0]["schedule"]["tz"] == "Europe/Lisbon"

    def test_a_restart_changes_nothing_and_a_person_s_choice_stays(self, bridge: Bridge) -> None:
        jobs = start(bridge, [])["answer"]
        jobs[0] |= {"enabled": False}
        assert start(bridge, jobs)["answer"] == jobs

    def test_a_changed_job_is_updated_and_one_of_another_agent_moved(self, bridge: Bridge) -> None:
        jobs = start(bridge, [])["answer"]
        wanted = json.loads(json.dumps(jobs))
        jobs[0]["schedule"]["expr"] = "0 0 * * *"
        jobs[1]["payload"]["argv"][1] = "/moved/run.py"
        jobs[1]["agentId"] = "gone"
        assert start(bridge, jobs)["answer"] == wanted

    def test_what_openclaw_stopped_after_failures_is_tried_again(self, bridge: Bridge) -> None:
        jobs = start(bridge, [])["answer"]
        jobs[0] |= {"enabled": False, "state": {"autoDisabled": {"reason": "consecutive-failures"}}}
        assert start(bridge, jobs)["answer"][0]["enabled"] is True

    def test_what_is_declared_no_more_goes_and_what_is_not_ours_stays(self, bridge: Bridge) -> None:
        old = {"id": "old", "declarationKey": "clawcortex:probe:gone:0", "enabled": False}
        theirs = [{"id": "a", "declarationKey": "other:clawcortex:x"}, {"id": "b", "name": "clawcortex"}]
        left = start(bridge, [old, *theirs])["answer"]
        assert [job["id"] for job in left if "payload" not in job] == ["a", "b"]

    def test_a_job_that_cron_refuses_costs_only_itself(self, bridge: Bridge, scheduling: Path) -> None:
        found = bridge(hook="gateway_start", event={"port": 1}, ctx={"config": CONFIG}, jobs=[], refuse="sum")
        assert [job["name"] for job in found["answer"]] == ["clawcortex tidy"]
        assert any("clawcortex sum" in line for line in found["warnings"])
