"""Feedback router: one-tap decisions."""

from feedback_router.operations import skill

__all__ = ["skill"]
