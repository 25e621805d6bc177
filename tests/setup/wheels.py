"""Small wheels and a checkout that asks for them: a package index that is a folder."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from ensurepip import version as bundled_pip
from pathlib import Path


def make_wheel(folder: Path, name: str, version: str = "1.0", *, files: int = 1, size: int = 10) -> Path:
    """Write a wheel with that many modules."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    content = {f"{name}/__init__.py": f"VERSION = {version!r}\n"}
    content |= {f"{name}/part{number}.py": f"# {'x' * size}\n" for number in range(files)}
    content[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    content[f"{info}/WHEEL"] = (
        "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    rows = []
    for path, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(text.encode())}")
    rows.append(f"{info}/RECORD,,")
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", "\n".join(rows) + "\n")
    return wheel


def make_checkout(root: Path, base: dict[str, str], dev: dict[str, str] | None = None) -> Path:
    """Write a pyproject.toml and constraints.txt that ask for these packages."""
    root.mkdir(parents=True, exist_ok=True)
    asked = {"base": base, "dev": dev or {}}
    (root / "pyproject.toml").write_text(
        f"[project]\ndependencies = {list(base)}\n"
        f"[project.optional-dependencies]\ndev = {list(asked['dev'])}\n",
        encoding="utf-8",
    )
    pins = [f"pip=={bundled_pip()}  # base 2.0 MB"]  # the pip that comes with Python: nothing to fetch
    pins += [
        f"{name}=={version}  # {group} 0.1 MB"
        for group, some in asked.items()
        for name, version in some.items()
    ]
    (root / "constraints.txt").write_text("\n".join(pins) + "\n", encoding="utf-8")
    (root / "lib").mkdir(exist_ok=True)
    return root
