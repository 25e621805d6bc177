"""What can be taken out of a text: a kind is one row of a table, and tables can be added to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


def _always(_: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of what is masked. The pattern's group `secret` is replaced, or the whole match.

    A pattern must take linear time: repeats are bounded, and start where no other match of the same run can.
    """

    name: str
    pattern: re.Pattern[str]
    signs: tuple[str, ...] = ()
    """Case-folded texts, one of which stands in every text that can match; none: always looked for."""
    holds: Callable[[str], bool] = _always
    """Say whether what matched really is one."""
