"""What is commonly known of names: legal forms, titles, nicknames, places with several names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from clawcortex.text.terms import fold

FILE = Path(__file__).with_name("known.txt")


def _read() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    name = ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            found[name] = []
        elif line and not line.startswith("#"):
            found[name].append(fold(line))
    return found


def _together(groups: Iterable[list[str]]) -> Mapping[str, frozenset[str]]:
    """Return for each member of a group all that may stand for it; one may be in several groups."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for group in groups:
        for member in group:
            found[member].update(group)
    return {member: frozenset(others) for member, others in found.items()}


def loosen(word: str) -> str:
    """Return a folded word so that "mueller" and "müller" are the same."""
    return re.sub(r"(?<=[aou])e", "", word) if len(word) > 4 else word


_LISTS = _read()
LEGAL, LOOSE, TITLES, ENDINGS, SMALL, PROJECTS, PRODUCT_WORDS = (
    frozenset(map(loosen, " ".join(_LISTS[name]).split()))
    for name in ("legal", "loose", "titles", "endings", "small", "projects", "product_words")
)
NICKNAMES = _together(list(map(loosen, line.split())) for line in _LISTS["nicknames"])
"""For each first name those that may stand for it."""
_regions = " ".join(_LISTS["regions"]).split()
REGIONS: Mapping[str, str] = {word: _regions[i - i % 2] for i, word in enumerate(_regions)} | {"dc": "dc"}
"""States by their names and abbreviations."""
SYNONYMS: Mapping[str, Mapping[str, str]] = {
    kind: {
        " ".join(map(loosen, name.split())): " ".join(map(loosen, group[0].split()))
        for line in _LISTS[section]
        for group in [line.split(", ")]
        for name in group
    }
    for kind, section in (("place", "places"), ("company", "organisations"))
}
"""For each kind: a name and the one that it is compared as."""
