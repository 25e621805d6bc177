"""The skill's own code on the path; the root conftest finds only skills that have their SKILL.md."""

from __future__ import annotations

import sys

from clawcortex import paths

SKILL = str(paths.repo_root() / "skills" / "voice-pipeline")
if SKILL not in sys.path:
    sys.path.insert(0, SKILL)
