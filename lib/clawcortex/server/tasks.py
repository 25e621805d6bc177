"""Queued work: a job is leased and the task of its kind run, again later when it fails.

Slow tasks have a thread of their own. Their leases are short and renewed while they run, so that a job that a kill cut
off is taken up again soon.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from clawcortex.errors import ClawcortexError, ConflictError
from clawcortex.server.calls import background
from clawcortex.skills.operation import Skill, Task

if TYPE_CHECKING:
    from clawcortex.server.resources import Opened
    from clawcortex.store.base import Store
    from clawcortex.store.records import Job

log = logging.getLogger(__name__)

TRIES = 4
RETRY_S = (5, 60, 600)


def run_one(opened: Opened, *, slow: bool = False) -> bool:
    """Lease one job and run it to its end; return whether there was one. Several servers share the queue."""
    tasks = {
        task.kind: (skill, task)
        for skill in opened.registry.skills.values()
        for task in skill.tasks
        if task.slow is slow
    }
    if not tasks:
        return False
    store = opened.resources.store
    job = store.lease({kind: task.lease_s for kind, (_, task) in tasks.items()})
    if job is None:
        return False
    if job.attempts > TRIES:  # what ends the process, as running out of memory does, leaves no other trace
        log.error("job %s of kind %s ended the server or its lease %d times", job.id, job.kind, TRIES)
        _end(store, job, f"given up: {TRIES} tries were cut off before they ended", None)
        return True
    with _held(store, job, tasks[job.kind][1]):
        error = _attempt(opened, *tasks[job.kind], job)
    if error and job.attempts < TRIES:
        wait = timedelta(seconds=RETRY_S[job.attempts - 1])
        _end(store, job, error, opened.resources.clock() + wait)
    else:
        _end(store, job, error, None)
    return True


@contextmanager
def _held(store: Store, job: Job, task: Task) -> Iterator[None]:
    """Renew the lease of a slow task's job as long as it runs."""
    if not task.slow:
        yield
        return
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(task.lease_s / 3):
            try:
                store.extend(job, task.lease_s)
            except ClawcortexError as error:  # the next renewal, or the end of the job, tells more
                log.warning("the lease of job %s is not renewed: %s", job.id, error)

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _end(store: Store, job: Job, error: str, retry_at: datetime | None) -> None:
    try:
        store.finish(job, error=error, retry_at=retry_at)
    except ConflictError as lost:  # whoever has it now runs it to its end
        log.warning("%s; %s", lost, lost.hint)


def _attempt(opened: Opened, skill: Skill, task: Task, job: Job) -> str:
    """Return why the task failed, nothing when it did not."""
    context = background(opened.resources, skill.name, task.kind)
    try:
        task.run(context, job.payload)
    except Exception as error:  # told in the job's row and in the log, tried again
        typed = isinstance(error, ClawcortexError)
        context.log.warning(
            "job %s, try %d of %d: %s", job.id, job.attempts, TRIES, error, exc_info=not typed
        )
        return str(error) or type(error).__name__
    context.log.info("job %s done", job.id)
    return ""
