"""Work counted in calls, not in seconds: the same on a busy machine."""

from __future__ import annotations

import sys
from collections.abc import Callable


def calls(work: Callable[[], object]) -> int:
    """Return how many functions, Python's and C's, a piece of work calls."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


HOSTILE = [
    "one ", "uh, ", "by by ", "monday ", "2 days before ", "a", "and please ", "(", "é", "may 5 ", "end of ", "1/",
    "9-", "i will i need to ", "twenty twenty ", "instead of x, ", "no, monday ", "first, ", "priority is ", ". ",
    "\n", "the first monday of ", "at 5 past ", "hundred thousand and ", "İ", "１",
]  # fmt: skip
"""What a long text may be made of to cost its reader more than its length."""
