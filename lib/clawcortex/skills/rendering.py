"""Write what follows from the code: skill.json, schemas/, SKILLS.md and parts of the plugin's manifest.

`python -m clawcortex generate` writes them; `--check` lists the files that differ and changes nothing.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import clawcortex
from clawcortex.errors import ConflictError
from clawcortex.settings import Settings
from clawcortex.skills import events
from clawcortex.skills.manifest import DIALECT, SCHEMA_VERSION, Manifest, manifest
from clawcortex.skills.registry import Registry, load

SCHEMA_SUFFIX = ".schema.json"
TABLE_BEGINS, TABLE_ENDS = "<!-- settings: generated -->", "<!-- end of settings -->"
PAYLOADS = "clawcortex.openclaw.payloads"


def render(root: Path, registry: Registry) -> dict[Path, str]:
    """Return every generated file with its text."""
    if registry.broken:
        reasons = "; ".join(f"{item.folder}: {item.reason}" for item in registry.broken)
        raise ConflictError(f"not every skill loads: {reasons}", hint="Correct the skill and generate again.")
    manifests = [manifest(skill) for skill in registry.skills.values()]
    files = {root / "skills" / item.name / "skill.json": as_json(_with_schema(item)) for item in manifests}
    files |= {root / "schemas" / name: as_json(schema) for name, schema in schemas(manifests)}
    files |= {root / "schemas" / name: as_json(schema) for name, schema in file_schemas(registry)}
    files[root / "SKILLS.md"] = overview(manifests)
    files |= dict(_settings_table(root / "README.md"))
    return files | dict(_plugin(root, manifests))


def generate(root: Path, *, check: bool, registry: Registry | None = None) -> list[Path]:
    """Bring the generated files up to date, or only look; return those that differed."""
    wanted = render(root, registry or load(root / "skills"))
    differing = [path for path, text in wanted.items() if _read(path) != text]
    stale = [path for path in (root / "schemas").glob(f"*{SCHEMA_SUFFIX}") if path not in wanted]
    if not check:
        for path in differing:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        for path in stale:
            path.unlink()
    return sorted(differing + stale)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def as_json(value: object) -> str:
    """Return JSON as it is kept in the repository."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def schemas(manifests: list[Manifest]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (file name, schema): the manifest's own, the settings', every hook payload, event and operation."""
    yield _schema("skill", Manifest)
    yield _schema("settings", Settings)
    for name, model in payloads():
        yield _schema(f"openclaw.{name}", model)
    for kind, event in events.KINDS.items():
        yield _schema(f"event.{kind}", event)
    for item in manifests:
        for operation in item.operations:
            for side, schema in (("input", operation.input), ("output", operation.output)):
                yield _file(f"{item.name}.{operation.name}.{side}", SCHEMA_VERSION, schema)


def file_schemas(registry: Registry) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (file name, schema) of what skills write for others."""
    for skill in registry.skills.values():
        for name, model in skill.files.items():
            yield _schema(f"{skill.name}.{name}", model)


def payloads() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the models of what OpenClaw sends us, by name."""
    module = importlib.import_module(PAYLOADS)
    for name, value in sorted(vars(module).items()):
        ours = isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == PAYLOADS
        if ours and not name.startswith("_"):
            yield name, value


def _schema(name: str, model: type[BaseModel]) -> tuple[str, dict[str, Any]]:
    return _file(name, getattr(model, "schema_version", SCHEMA_VERSION), model.model_json_schema())


def _file(name: str, version: object, schema: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    number = version if isinstance(version, int) else SCHEMA_VERSION
    head = {"$schema": DIALECT, "$id": f"urn:clawcortex:{name}:{number}", "version": number}
    return f"{name}{SCHEMA_SUFFIX}", head | schema


def _with_schema(item: Manifest) -> dict[str, Any]:
    shown = item.model_dump(mode="json")
    for kind in ("operations", "tools", "commands"):  # what few have is left out where it is not there
        shown[kind] = [{name: part for name, part in one.items() if part is not None} for one in shown[kind]]
    return {"$schema": f"../../schemas/skill{SCHEMA_SUFFIX}"} | shown


def overview(manifests: list[Manifest]) -> str:
    """Return SKILLS.md: the skills and their operations."""
    lines = [
        "# Skills",
        "",
        "Generated by `python -m clawcortex generate`; do not edit.",
        "An operation marked *agent* is also a tool of the agent and of MCP.",
    ]
    for item in manifests:
        lines += ["", f"## {item.title} · `{item.name}` {item.version}", "", item.summary, ""]
        if item.requires:
            lines += [f"Needs: {', '.join(item.requires)}.", ""]
        lines += ["| operation | who | effect | what it does |", "|---|---|---|---|"]
        for entry in item.operations:
            lines.append(f"| `{entry.name}` | {entry.expose} | {entry.effect} | {entry.summary} |")
        for command in item.commands:
            lines += ["", f"In a chat: `/{command.name}` calls `{command.operation}`."]
        if item.hooks:
            lines += ["", "Hooks: " + ", ".join(f"`{event}`" for event in item.hooks) + "."]
        for consumer in item.consumers:
            kinds = ", ".join(f"`{kind}`" for kind in consumer.kinds)
            lines += ["", f"Consumer `{consumer.name}` of the events {kinds}."]
        for job in item.schedules:
            lines += ["", f"Runs `{job.operation}` at `{job.cron}`."]
    return "\n".join(lines) + "\n"


def _settings_table(readme: Path) -> Iterator[tuple[Path, str]]:
    """Yield the README with its table of settings, between the marks."""
    text = _read(readme) or ""
    before, begin, rest = text.partition(TABLE_BEGINS)
    _, end, after = rest.partition(TABLE_ENDS)
    if not end:
        return
    rows = ["| setting | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        shown = json.dumps(field.default, ensure_ascii=False)
        rows.append(f"| `{name}` | `{shown}` | {field.description} |")
    yield readme, "\n".join((f"{before}{begin}", *rows, f"{end}{after}"))


def _plugin(root: Path, manifests: list[Manifest]) -> Iterator[tuple[Path, str]]:
    tools = [tool.name for item in manifests for tool in item.tools]
    for name in ("openclaw.plugin.json", "package.json"):
        path = root / name
        if not path.exists():
            continue
        kept = json.loads(path.read_text(encoding="utf-8"))
        kept["version"] = clawcortex.__version__
        if name == "openclaw.plugin.json":
            kept.setdefault("contracts", {})["tools"] = tools
        yield path, as_json(kept)
