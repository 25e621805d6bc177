"""Recursive prompting: draft, critique, refine."""

from recursive_prompting.operations import skill

__all__ = ["skill"]
