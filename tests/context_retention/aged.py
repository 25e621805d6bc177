"""Memories of some age, stored as they are, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from clawcortex.skills.context import Context
from clawcortex.store.records import Added, NewMemory
from clawcortex.text.terms import terms

from .conftest import NOW


def hold(context: Context, texts: Sequence[str], *, days_ago: float = 30, **given: Any) -> list[Added]:
    """Store texts that were said a minute apart, so many days ago."""
    began = context.store.count()
    return context.store.add(
        [
            NewMemory(
                **{
                    "text": text,
                    "key": f"key-{began + i}",
                    "created_at": NOW - timedelta(days=days_ago) + timedelta(minutes=i),
                    "terms": tuple(terms(text)),
                    **given,
                }
            )
            for i, text in enumerate(texts)
        ]
    )


def numbered(count: int) -> list[str]:
    return [f"fact number {i} about topic{i} in room{i * 7}" for i in range(count)]
