"""The night's work: once a date, whoever asks; cut off anywhere and done to its end the next time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from clawcortex import paths
from clawcortex.errors import UnavailableError
from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from clawcortex.store.records import Selection
from context_retention.forgetting import archive, consolidation, sealed
from context_retention.forgetting import operations as letting
from context_retention.forgetting.shapes import ConsolidateInput

from .aged import hold, numbered
from .conftest import NOW, Making

NIGHT = {"night": "2026-11-20"}
SERVER = """
import sys, threading
from clawcortex.server.resources import Residence
from clawcortex.server.tasks import run_one
from clawcortex.settings import Settings
residence = Residence(Settings(embedding_backend="hash", memory_budget_rows=int(sys.argv[1])),
                      wake=lambda: None, drain=lambda: None)
residence._open()
opened = residence.opened()
print("open", flush=True)
sys.stdin.readline()
done = 0
while run_one(opened):
    done += 1
print(f"jobs {done}", flush=True)
"""
Process = Callable[[int], "subprocess.Popen[str]"]


@pytest.fixture
def server() -> Iterator[Process]:
    """Start a process that does queued work on a word; it is killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def run(rows: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(rows)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_a_night_is_reported_step_by_step(making: Making) -> None:
    context = making(memory_budget_rows=10, retention=("untrusted=30d",))
    hold(context, numbered(40))
    context.store.append_event("old", {})
    consolidation.consolidate_memory.run(context, NIGHT)
    report = consolidation.report_of(context, NIGHT["night"])
    assert consolidation.is_done(report)
    assert list(report["steps"]) == list(consolidation.STEPS)
    assert report["steps"]["evict"]["by_rule"] == {"budget": 30}
    assert report["steps"]["index"]["rebuilt"], "three quarters of it were gone"
    assert len(context.index.view().alive) == 10
    audited = [row.operation for row in context.store.audited()]
    assert [one for one in audited if one.startswith("consolidate.")] == [
        f"consolidate.{name}" for name in consolidation.STEPS
    ]
    assert context.store.events_between(
        datetime.now(UTC) - timedelta(hours=1),
        datetime.now(UTC) + timedelta(hours=1),
        kinds=["memory.consolidated"],
    )


def test_days_and_weeks_are_summed_up_before_their_turns_go(making: Making) -> None:
    context = making(memory_budget_rows=1)
    hold(
        context,
        ["We decided to rent the house in Ulm.", "Remind me to call Lena about the boiler."],
        days_ago=10,
    )
    consolidation.consolidate_memory.run(context, NIGHT)
    steps = consolidation.report_of(context, NIGHT["night"])["steps"]
    assert steps["summarize"]["made"] >= 3, "the hour, its day and its week"
    assert steps["evict"]["count"] == 1


def test_an_empty_store_has_a_quiet_night(making: Making) -> None:
    context = making()
    consolidation.consolidate_memory.run(context, NIGHT)
    steps = consolidation.report_of(context, NIGHT["night"])["steps"]
    assert (steps["evict"]["count"], steps["compact"]["compacted"], steps["index"]["rebuilt"]) == (
        0,
        False,
        False,
    )


def test_the_database_is_compacted_when_it_pays(making: Making) -> None:
    context = making(memory_budget_rows=20)
    hold(context, [f"{text} {'word ' * 400}" for text in numbered(400)])
    consolidation.consolidate_memory.run(context, NIGHT)
    assert consolidation.report_of(context, NIGHT["night"])["steps"]["compact"]["compacted"]
    assert context.store.wasted() < 0.05
    assert context.store.check() == []


def test_old_logs_and_reports_go_and_young_ones_stay(making: Making) -> None:
    context = making(now=datetime.now(UTC) + timedelta(days=91))
    context.store.append_event("old", {})
    context.store.put_record(consolidation.REPORTS, "2020-01-01", {"steps": {}})
    consolidation.consolidate_memory.run(context, NIGHT)
    assert consolidation.report_of(context, NIGHT["night"])["steps"]["prune"] == {"rows": 1, "reports": 1}
    assert list(context.store.list_records(consolidation.REPORTS)) == [NIGHT["night"]]


def test_a_step_that_fails_stops_no_other_and_is_done_again(
    making: Making, mount: Callable[[str], object]
) -> None:
    paths.private_folder(paths.state_dir())
    (paths.state_dir() / "archive").symlink_to(str(mount("size=4k,mode=0700")))
    context = making(memory_budget_rows=10)
    hold(context, numbered(2_000), created_at=NOW - timedelta(days=30))
    with pytest.raises(UnavailableError, match="evict failed"):
        consolidation.consolidate_memory.run(context, NIGHT)
    report = consolidation.report_of(context, NIGHT["night"])
    assert not consolidation.is_done(report)
    assert "no space" in report["steps"]["evict"]["error"]
    assert "rebuilt" in report["steps"]["index"]
    assert context.store.count() == 2_000
    (paths.state_dir() / "archive").unlink()
    consolidation.consolidate_memory.run(context, NIGHT)
    assert consolidation.is_done(consolidation.report_of(context, NIGHT["night"]))
    assert context.store.count() == 10


def test_asked_twice_it_is_queued_once_and_waited_for(making: Making) -> None:
    context = making()
    first = letting.consolidate(context, ConsolidateInput())
    again = letting.consolidate(context, ConsolidateInput())
    assert (first.queued, again.queued, again.done) == (True, False, False)

    def work() -> None:
        job = context.store.lease({consolidation.KIND: 60})
        assert job is not None
        consolidation.consolidate_memory.run(context, job.payload)
        context.store.finish(job)

    working = threading.Thread(target=work)
    working.start()
    waited = letting.consolidate(context, ConsolidateInput(wait_s=600))
    working.join()
    assert (waited.queued, waited.done, waited.night) == (False, True, "2026-11-20")
    assert waited.steps["evict"]["count"] == 0
    assert letting.consolidate(making(now=NOW + timedelta(days=1)), ConsolidateInput()).queued


def test_the_night_has_the_date_of_the_persons_clock(making: Making) -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert consolidation.night_of(making(now=late, timezone="Europe/Berlin")) == "2026-11-21"
    assert consolidation.night_of(making(now=late, timezone="America/Lima")) == "2026-11-20"


def test_two_processes_do_a_night_once(making: Making, server: Process) -> None:
    context = making()
    hold(context, numbered(200))
    processes = [server(50), server(50)]
    letting.consolidate(context, ConsolidateInput())
    said = [process.communicate("go\n")[0] for process in processes]
    assert sorted(said) == ["jobs 0\n", "jobs 1\n"]
    assert context.store.count() == 50
    assert sum(len(list(sealed.read_lines(file))) for file in archive.files()) == 150


@pytest.mark.parametrize("until", [1, 2, 3])
def test_a_kill_loses_nothing_and_the_next_try_ends_the_night(
    making: Making, server: Process, until: int
) -> None:
    context = making()
    hold(context, numbered(8_000), created_at=NOW - timedelta(days=30))
    texts = {memory.text for memory in context.store.select(Selection(), limit=10_000)}
    letting.consolidate(context, ConsolidateInput())
    process = server(100)
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    seen: set[int] = set()
    while len(seen) < until and process.poll() is None:  # some portions of rows are gone, more will follow
        seen.add(context.store.count())
    process.kill()
    process.wait()
    store = open_store(Settings())
    assert store.check() == []
    kept = {memory.text for memory in store.select(Selection(), limit=10_000)}
    store.close()
    archived = {json.loads(line)["text"] for file in archive.files() for line in sealed.read_lines(file)}
    assert kept | archived == texts, "each is in the database, in the archive, or in both"
    consolidation.consolidate_memory.run(making(memory_budget_rows=100), NIGHT)
    assert context.store.count() == 100
    assert context.store.check() == []
    again = {memory.text for memory in context.store.select(Selection(), limit=10_000)}
    archived |= {json.loads(line)["text"] for file in archive.files() for line in sealed.read_lines(file)}
    assert again | archived == texts
