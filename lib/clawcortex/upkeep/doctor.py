"""Check everything that clawcortex needs; each failed check says what to do."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

import clawcortex
from clawcortex import client, paths
from clawcortex.errors import ClawcortexError
from clawcortex.settings import load_settings
from clawcortex.setup.config import read_config
from clawcortex.skills.registry import load

PLUGIN = "clawcortex"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, whether it is well, what was found and what to do."""

    name: str
    passed: bool
    found: str
    next_step: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the check as JSON has it."""
        return asdict(self)


def examine(looks: Sequence[Callable[[], Iterator[Check]]] | None = None) -> list[Check]:
    """Run every check, or only these; one that fails in an unexpected way is itself a finding."""
    checks: list[Check] = []
    for look in LOOKS if looks is None else looks:
        name = look.__name__.strip("_")
        try:
            checks += look()
        except ClawcortexError as error:
            checks.append(Check(name, passed=False, found=error.message, next_step=error.hint))
        except Exception as error:  # noqa: BLE001 - the doctor reports whatever is wrong and goes on
            checks.append(
                Check(name, passed=False, found=f"{type(error).__name__}: {error}", next_step=REPORT)
            )
    return checks


REPORT = "Send this output with your report."


def report(checks: list[Check]) -> str:
    """Return the checks for a person."""
    lines = []
    for check in checks:
        lines.append(f"{'ok  ' if check.passed else 'FAIL'} {check.name}: {check.found}")
        if not check.passed and check.next_step:
            lines.append(f"     next: {check.next_step}")
    failed = sum(not check.passed for check in checks)
    lines.append(f"{len(checks)} checks, {failed} failed" if failed else f"{len(checks)} checks, all well")
    return "\n".join(lines) + "\n"


def _python() -> Iterator[Check]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Check(
        "python",
        sys.version_info >= (3, 11),
        f"{version} at {sys.executable}",
        "Install Python 3.11 or newer.",
    )
    yield Check("version", passed=True, found=f"clawcortex {clawcortex.__version__} in {paths.repo_root()}")


def _state() -> Iterator[Check]:
    folder = paths.state_dir()
    if not folder.exists():
        yield Check(
            "state", passed=False, found=f"{folder} is missing", next_step="Run `python3 install.py`."
        )
        return
    looked = (folder, paths.database_path(), paths.settings_path(), paths.spool_dir(), paths.log_path())
    open_to_others = [path for path in looked if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    found = (
        ", ".join(map(str, open_to_others)) + " can be read by others"
        if open_to_others
        else f"{folder} is private"
    )
    yield Check("permissions", not open_to_others, found, f"Run `chmod -R go-rwx {folder}`.")
    bad = list((paths.spool_dir() / "bad").glob("*.json"))
    step = f"Read the .reason files in {paths.spool_dir() / 'bad'}; move a corrected file back one folder up."
    yield Check(
        "spool", not bad, f"{len(bad)} turns could not be read in" if bad else "nothing put aside", step
    )


def _settings() -> Iterator[Check]:
    load_settings()
    exists = paths.settings_path().exists()
    yield Check("settings", passed=True, found=str(paths.settings_path()) if exists else "defaults")


def _skills() -> Iterator[Check]:
    registry = load()
    for broken in registry.broken:
        yield Check(
            "skill", passed=False, found=f"{broken.folder}: {broken.reason}", next_step="Correct that skill."
        )
    yield Check(
        "skills", bool(registry.skills), ", ".join(registry.skills) or "none", "Restore the skills/ folder."
    )


def _model() -> Iterator[Check]:
    from clawcortex.models.embedder import get_embedder

    embedder = get_embedder(load_settings())
    embedder.load()
    yield Check("model", passed=True, found=f"{embedder.model}, {embedder.dimensions} dimensions, loads")


def _store() -> Iterator[Check]:
    from clawcortex.store.opening import open_store

    settings = load_settings()
    if not settings.store_url and not paths.database_path().exists():
        yield Check("store", passed=True, found="empty, nothing captured yet")
        return
    store = open_store(settings)
    try:
        wrong = store.check()
        found = "; ".join(wrong) if wrong else f"{store.count()} memories, sound"
    finally:
        store.close()
    yield Check("store", not wrong, found, "Run `clawcortex stop`, then `clawcortex restore`.")


def _audit() -> Iterator[Check]:
    from clawcortex.store.opening import open_store
    from clawcortex.upkeep.audit import noted_head

    settings, noted = load_settings(), noted_head()
    if noted is None:
        yield Check("audit", passed=True, found="nothing noted yet")
        return
    with closing(open_store(settings)) as store:
        held = store.dump("audit", (noted.seq - 1,), 1)
    kept = bool(held) and (held[0][0], held[0][-1]) == noted
    found = f"line {noted.seq} stands as it was noted" if kept else f"line {noted.seq} is gone or another"
    step = "Run `clawcortex audit verify`."
    yield Check("audit", kept, found, step)


def _jobs() -> Iterator[Check]:
    from clawcortex.store.opening import open_store
    from clawcortex.upkeep.jobs import queued

    settings = load_settings()
    if not settings.store_url and not paths.database_path().exists():
        return
    with closing(open_store(settings)) as store:
        found = list(queued(store))
    lost = [one for one in found if one.state == "failed"]
    said = f"{len(found) - len(lost)} wait or run"
    if lost:
        said += f", {len(lost)} were given up; the last, {lost[-1].kind}: {lost[-1].error}"
    yield Check("jobs", not lost, said, "Look at them with `clawcortex jobs`; mend what the error says.")


def _backups() -> Iterator[Check]:
    from clawcortex.upkeep.backup.health import findings

    yield from (Check(*found) for found in findings(load_settings()))


def _disk() -> Iterator[Check]:
    place = next(path for path in (paths.state_dir(), *paths.state_dir().parents) if path.exists())
    free = shutil.disk_usage(place).free // 1_000_000
    least = 2 * load_settings().least_free_mb
    yield Check("disk", free >= least, f"{free:,} MB free at {place}", f"Free at least {least} MB.")


def _server() -> Iterator[Check]:
    health = client.call("/healthz", None, 3.0)
    mine = {"version": clawcortex.__version__, "root": str(paths.repo_root())}
    same = all(health.get(name) == value for name, value in mine.items())
    found = f"pid {health['pid']}, version {health['version']}, from {health['root']}"
    yield Check("server", same, found, "Run `clawcortex start`: it replaces a server of another version.")
    with client.Connection() as connection:
        status, body = connection.request("/readyz", None)
    answer = json.loads(body)
    parts = answer.get("parts", {})
    waiting = ", ".join(f"{name}: {state}" for name, state in parts.items() if state != "ready")
    yield Check(
        "ready", status == 200, waiting or "every part is ready", "Read the named part's reason in the log."
    )
    if "reembedding" in answer:
        yield Check(
            "embedding", passed="does not go on" not in answer["reembedding"], found=answer["reembedding"]
        )


def _openclaw() -> Iterator[Check]:
    found_config = read_config()
    config = found_config.path
    if not config.exists():
        yield Check("openclaw", passed=True, found=f"not set up ({config} is missing)")
        return
    entry = found_config.values.get("plugins", {}).get("entries", {}).get(PLUGIN, {})
    granted = entry.get("hooks", {}).get("allowConversationAccess") is True
    step = "Run `python3 install.py` and accept the grants it shows."
    yield Check("plugin", entry.get("enabled") is True, f"plugins.entries.{PLUGIN} in {config}", step)
    yield Check("grant", granted, f"allowConversationAccess is {'set' if granted else 'missing'}", step)
    asks = entry.get("llm", {}).get("allowAgentIdOverride") is True
    found = f"allowAgentIdOverride is {'set' if asks else 'missing: summaries are written without a model'}"
    yield Check("model grant", asks, found, step)


QUICK = (_settings, _skills, _jobs, _disk, _server, _openclaw)
"""What takes no longer than a blink, however much is stored."""
LOOKS = (
    _python,
    _state,
    _settings,
    _skills,
    _model,
    _store,
    _audit,
    _jobs,
    _backups,
    _disk,
    _server,
    _openclaw,
)
