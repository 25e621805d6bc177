"""Memory compounding: one correction is enough."""

from memory_compounding.operations import skill

__all__ = ["skill"]
