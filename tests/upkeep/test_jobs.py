"""What waits, runs and was given up, as the command and the doctor show it."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from clawcortex import cli, paths
from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from clawcortex.upkeep.doctor import examine


@pytest.fixture(autouse=True)
def queue() -> None:
    """One job that is done, one that was given up, one that runs and one that waits."""
    paths.private_folder(paths.state_dir())
    with closing(open_store(Settings())) as store:
        for name in ("done", "given up", "running", "waiting"):
            assert store.enqueue("sum", {"said": "a secret"}, key=name)
            if name in ("done", "given up"):
                job = store.lease({"sum": 60})
                assert job is not None
                store.finish(job, error="" if name == "done" else "the model is gone")
            elif name == "running":
                assert store.lease({"sum": 60})


def test_the_command_shows_all_but_what_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["jobs", "--json"]) == 0
    shown = capsys.readouterr().out
    assert [one["state"] for one in json.loads(shown)["jobs"]] == ["failed", "leased", "queued"]
    assert "a secret" not in shown
    assert cli.main(["jobs", "--all"]) == 0
    assert "4 jobs" in capsys.readouterr().out


def test_the_doctor_names_what_was_given_up() -> None:
    [check] = [check for check in examine() if check.name == "jobs"]
    assert (check.passed, check.found) == (
        False,
        "2 wait or run, 1 were given up; the last, sum: the model is gone",
    )
