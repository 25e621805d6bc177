"""The layer rule, read from the code itself."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawcortex import paths

LIB = paths.repo_root() / "lib" / "clawcortex"
SKILLS = paths.repo_root() / "skills"
LAYERS = {
    0: {"errors", "paths", "client", "launch", "command", "setup"},
    1: {"rights", "settings", "files", "periods", "priorities", "text"},
    2: {"models", "store", "openclaw", "speech"},
    3: {"skills", "upkeep", "demo", "testing"},
    4: {"server", "cli", "mcp", "__main__"},
}
LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names}
HEAVY = {
    "torch",
    "faiss",
    "onnxruntime",
    "tokenizers",
    "sentence_transformers",
    "transformers",
    "whisper",
    "faster_whisper",
    "pocketsphinx",
    "av",
    "onnx",
}
FILES = sorted(LIB.rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield every module that a file imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def at_the_top(tree: ast.Module) -> Iterator[str]:
    """Yield what is imported as soon as the module is: not in functions, not for type checkers only."""
    for node in tree.body:
        for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Try | ast.If) and not for_types:
            yield from imports(node)


def package(path: Path) -> str:
    """Return the part of the house that a file belongs to."""
    return path.relative_to(LIB).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LIB)))
def test_a_module_imports_only_lower_layers_or_its_own_package(path: Path) -> None:
    mine = package(path)
    if mine == "__init__":
        return
    assert mine in LAYER_OF, f"{mine} has no layer: add it here and to HOUSE.md"
    for name in imports(ast.parse(path.read_text(encoding="utf-8"))):
        parts = name.split(".")
        assert parts[0] not in {item.name.replace("-", "_") for item in SKILLS.iterdir()}, (
            f"{path} imports a skill"
        )
        if parts[0] != "clawcortex" or len(parts) < 2 or parts[1] == mine or parts[1].startswith("__"):
            continue
        other = LAYER_OF.get(parts[1])
        assert other is not None, f"{path} imports {name}, which has no layer"
        below = other < LAYER_OF[mine] or other == LAYER_OF[mine] == 0 or (mine, parts[1]) in SIDEWAYS
        assert below, f"layer {LAYER_OF[mine]} ({path.name}) imports layer {other} ({name})"


SIDEWAYS = {
    ("openclaw", "store"), ("speech", "models"), ("files", "text"), ("settings", "text"), ("settings", "rights"),
    ("priorities", "files"), ("priorities", "text"),
    ("upkeep", "skills"), ("demo", "upkeep"), ("cli", "server"), ("cli", "mcp"), ("__main__", "cli"),
}  # fmt: skip
"""Within a layer: who may use whom."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LIB)))
def test_heavy_libraries_are_imported_where_they_are_used(path: Path) -> None:
    top = {name.split(".")[0] for name in at_the_top(ast.parse(path.read_text(encoding="utf-8")))}
    assert not top & HEAVY


@pytest.mark.parametrize("path", sorted(SKILLS.glob("*/*/**/*.py")), ids=lambda path: path.name)
def test_skills_import_clawcortex_and_never_each_other(path: Path) -> None:
    mine = path.relative_to(SKILLS).parts[1]
    others = {item.name.replace("-", "_") for item in SKILLS.iterdir()} - {mine}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for name in imports(tree):
        assert name.split(".")[0] not in others
        assert not name.startswith(("clawcortex.server", "clawcortex.cli", "clawcortex.mcp"))
    assert not {name.split(".")[0] for name in at_the_top(tree)} & HEAVY


@pytest.mark.parametrize(
    "path", [path for path in FILES if LAYER_OF.get(package(path)) == 0], ids=lambda p: p.name
)
def test_layer_0_needs_only_the_standard_library(path: Path) -> None:
    for name in imports(ast.parse(path.read_text(encoding="utf-8"))):
        top = name.split(".")[0]
        assert top in sys.stdlib_module_names or top == "clawcortex", name


@pytest.mark.parametrize("path", sorted(SKILLS.glob("*/run.py")), ids=lambda path: path.parent.name)
def test_an_entrypoint_is_small_and_needs_no_environment(path: Path) -> None:
    code = path.read_text(encoding="utf-8")
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    assert path.stat().st_mode & 0o111
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(path), "--help"],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "usage: clawcortex" in run.stdout


def test_the_client_imports_little_and_nothing_foreign() -> None:
    code = "import sys, clawcortex.client as c; c.call; print(' '.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(LIB.parent)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(run.stdout.split())
    foreign = {name for name in modules if name.split(".")[0] not in {*sys.stdlib_module_names, "clawcortex"}}
    assert foreign <= {"__main__"}
    slow = {
        "http",
        "http.client",
        "email",
        "ssl",
        "subprocess",
        "argparse",
        "asyncio",
        "logging",
        "hashlib",
        "tempfile",
    }
    assert not modules & slow
    ours = {name for name in modules if name.startswith("clawcortex")}
    assert ours == {"clawcortex", "clawcortex.client", "clawcortex.errors", "clawcortex.paths"}


def test_the_server_listens_without_heavy_libraries() -> None:
    code = "import sys, clawcortex.server.resident; print(' '.join(sys.modules))"
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=bare)
    assert not set(run.stdout.split()) & (HEAVY | {"numpy", "sqlite3", "mcp"})


REASONS = {
    "openclaw/payloads.py": "one model for each of OpenClaw's hooks, read side by side",
    "store/sql/store.py": "the contract of store/base.py once more, one line a method",
}


def test_files_stay_small() -> None:
    long = {str(path.relative_to(LIB)) for path in FILES if len(path.read_text("utf-8").splitlines()) > 300}
    assert long <= set(REASONS)
