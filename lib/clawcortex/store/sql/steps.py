"""A schema's steps: `NNNN_name.sql` in a folder, in order."""

from __future__ import annotations

import re
from pathlib import Path

_NAMED = re.compile(r"^(\d{4})_\w+\.sql$")


def steps(folder: Path) -> dict[int, Path]:
    """Return the folder's steps by number."""
    found = {int(match[1]): path for path in folder.iterdir() if (match := _NAMED.match(path.name))}
    return dict(sorted(found.items()))
