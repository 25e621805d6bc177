"""Context retention: never forget."""

from context_retention.operations import skill

__all__ = ["skill"]
