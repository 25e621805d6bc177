"""Voice pipeline: say it and it is on the list."""

from voice_pipeline.operations import skill

__all__ = ["skill"]
