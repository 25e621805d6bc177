"""Arrays that grow at the end and share what they hold with those who look at them."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)


class Growing(Generic[T]):
    """One column. What was appended never changes, so a look at it stays true while it grows."""

    def __init__(self, dtype: type[T]) -> None:
        self._room: NDArray[T] = np.empty(0, dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, values: NDArray[T]) -> None:
        """Add values, doubling the room when it is used up."""
        needed = self._length + len(values)
        if needed > len(self._room):
            room = np.empty(max(needed, 2 * len(self._room)), self._room.dtype)
            room[: self._length] = self._room[: self._length]
            self._room = room
        self._room[self._length : needed] = values
        self._length = needed

    def look(self) -> NDArray[T]:
        """Return what is held now, without copying."""
        seen = self._room[: self._length]
        seen.flags.writeable = False
        return seen


def extended(values: NDArray[T], count: int, fill: int) -> NDArray[T]:
    """Return a copy with so many more places: for the few columns that change in place."""
    longer = np.empty(len(values) + count, values.dtype)
    longer[: len(values)] = values
    longer[len(values) :] = fill
    return longer
