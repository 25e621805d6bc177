"""Which build of torch: without an NVIDIA GPU the CUDA packages are gigabytes of nothing."""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from clawcortex.setup.pip import Pip

CUDA_MB = 2_900
"""What torch's CUDA build and its packages weigh on Linux x86-64."""


@dataclass(frozen=True)
class TorchBuild:
    """The requirement to install, where else to look, and what to tell the person."""

    requirement: str
    options: tuple[str, ...] = ()
    extra_mb: float = 0.0
    note: str = ""


def has_nvidia() -> bool:
    """Return whether this machine has an NVIDIA GPU with its driver."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def choose_torch(pip: Pip, version: str, *, index: str = "") -> TorchBuild:
    """Take the CPU build on Linux without a GPU where a configured index has one."""
    options = (f"--extra-index-url={index}",) if index else ()
    plain = TorchBuild(f"torch=={version}", options)
    if platform.system() != "Linux" or has_nvidia():
        return plain
    cpu = f"torch=={version}+cpu"
    if pip.offers(cpu, *options):
        return TorchBuild(cpu, options, note="torch: CPU build (no NVIDIA GPU here)")
    if platform.machine() not in {"x86_64", "AMD64"}:
        return plain  # wheels for other processors come without CUDA
    return TorchBuild(
        plain.requirement,
        options,
        extra_mb=CUDA_MB,
        note="torch: your package index has no CPU build, so its CUDA packages come along. "
        "Name an index that has one with --torch-index URL, or leave torch out with --minimal.",
    )
