"""What is generated follows from the code, and drift is found."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel, Field

from clawcortex import __version__, paths
from clawcortex.errors import ConflictError
from clawcortex.launch import environment
from clawcortex.skills.manifest import manifest, self_contained
from clawcortex.skills.registry import Broken, Registry, load
from clawcortex.skills.rendering import generate


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load(paths.repo_root() / "skills")


@pytest.fixture
def checkout(tmp_path: Path, registry: Registry) -> Path:
    """Return a checkout with everything generated."""
    (tmp_path / "openclaw.plugin.json").write_text(
        '{"id": "clawcortex", "version": "0", "contracts": {"x": 1}}'
    )
    (tmp_path / "package.json").write_text('{"name": "clawcortex", "version": "0"}')
    generate(tmp_path, check=False, registry=registry)
    return tmp_path


def test_nothing_in_the_repository_has_drifted(registry: Registry) -> None:
    assert generate(paths.repo_root(), check=True, registry=registry) == []


def test_generating_twice_changes_nothing(checkout: Path, registry: Registry) -> None:
    assert generate(checkout, check=True, registry=registry) == []
    assert generate(checkout, check=False, registry=registry) == []


def test_drift_is_listed_and_not_repaired_by_a_check(checkout: Path, registry: Registry) -> None:
    changed = checkout / "skills" / "context-retention" / "skill.json"
    changed.write_text(changed.read_text().replace("recall", "forget everything"))
    stale = checkout / "schemas" / "gone.schema.json"
    stale.write_text("{}")
    (checkout / "SKILLS.md").unlink()
    wanted = sorted([checkout / "SKILLS.md", changed, stale])
    assert generate(checkout, check=True, registry=registry) == wanted
    assert stale.exists()
    assert generate(checkout, check=False, registry=registry) == wanted
    assert not stale.exists()
    assert generate(checkout, check=True, registry=registry) == []


def test_the_plugin_manifest_gets_tools_and_version_and_keeps_the_rest(checkout: Path) -> None:
    plugin = json.loads((checkout / "openclaw.plugin.json").read_text())
    assert plugin["version"] == __version__
    assert "context_retention_recall" in plugin["contracts"]["tools"]
    assert not {"context_retention_forget", "context_retention_export"} & set(plugin["contracts"]["tools"])
    assert (plugin["id"], plugin["contracts"]["x"]) == ("clawcortex", 1)
    assert json.loads((checkout / "package.json").read_text())["version"] == __version__


def test_a_skill_that_does_not_load_stops_generation(tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match="no luck"):
        generate(tmp_path, check=True, registry=Registry({}, (Broken("sad", "no luck"),)))


def schemas(checkout: Path) -> Iterator[tuple[str, Any]]:
    for path in sorted((checkout / "schemas").glob("*.json")):
        yield path.name, json.loads(path.read_text())


def test_every_schema_is_valid_named_and_versioned(checkout: Path) -> None:
    names = []
    for name, schema in schemas(checkout):
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["$id"] == f"urn:clawcortex:{name.removesuffix('.schema.json')}:{schema['version']}"
        names.append(name)
    for expected in ("skill", "settings", "openclaw.AgentEnd", "context-retention.recall.input"):
        assert f"{expected}.schema.json" in names


def test_the_manifest_is_valid_by_its_own_schema(checkout: Path) -> None:
    schema = json.loads((checkout / "schemas" / "skill.schema.json").read_text())
    for path in (checkout / "skills").glob("*/skill.json"):
        found = json.loads(path.read_text())
        assert found.pop("$schema") == "../../schemas/skill.schema.json"
        jsonschema.validate(found, schema)
        assert "$ref" not in path.read_text()


def test_an_agents_tool_has_parameters_that_stand_alone(registry: Registry) -> None:
    [recall] = [
        tool for tool in manifest(registry.skills["context-retention"]).tools if tool.operation == "recall"
    ]
    assert recall.name == "context_retention_recall"
    assert recall.parameters["type"] == "object"
    assert recall.parameters["required"] == ["query"]
    jsonschema.validate({"query": "tea", "top_k": 3}, recall.parameters)


class Leaf(BaseModel):
    title: str = Field(description="A field may be called title")


class Branch(BaseModel):
    leaf: Leaf = Field(description="One leaf")
    leaves: list[Leaf] = Field(default_factory=list)
    maybe: Leaf | None = None


class Endless(BaseModel):
    more: list[Endless] = Field(default_factory=list)


def test_references_are_replaced_and_generated_titles_removed() -> None:
    schema = self_contained(Branch.model_json_schema())
    leaf = {
        "type": "object",
        "required": ["title"],
        "properties": {"title": {"type": "string", "description": "A field may be called title"}},
    }
    assert schema["properties"]["leaf"] == leaf | {"description": "One leaf"}
    assert schema["properties"]["leaves"]["items"] == leaf
    assert schema["properties"]["maybe"]["anyOf"] == [leaf, {"type": "null"}]


def test_a_model_that_contains_itself_is_refused() -> None:
    with pytest.raises(TypeError, match="contains itself"):
        self_contained(Endless.model_json_schema())


def test_the_command_exits_1_and_names_the_file_that_drifted(tmp_path: Path) -> None:
    root = paths.repo_root()
    for name in ("lib", "skills", "schemas"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("SKILLS.md", "openclaw.plugin.json", "package.json"):
        shutil.copy(root / name, tmp_path / name)
    (tmp_path / "SKILLS.md").write_text("edited by hand")
    environ = environment() | {"PYTHONPATH": str(tmp_path / "lib")}
    command = [sys.executable, "-m", "clawcortex", "generate"]
    checked = subprocess.run(
        [*command, "--check"], env=environ, cwd="/", capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (1, f"differs: {tmp_path / 'SKILLS.md'}\n")
    assert subprocess.run(command, env=environ, cwd="/", check=False, capture_output=True).returncode == 0
    assert subprocess.run([*command, "--check"], env=environ, cwd="/", check=False).returncode == 0
