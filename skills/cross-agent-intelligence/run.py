#!/usr/bin/env python3
"""Call an operation of this skill: `run.py signals --json`; needs nothing but Python."""

import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent
sys.path.insert(0, str(HOME.parents[1] / "lib"))

from clawcortex.client import main  # noqa: E402 - found through the line above

if __name__ == "__main__":
    sys.exit(main(HOME.name))
