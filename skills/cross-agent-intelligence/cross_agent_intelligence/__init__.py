"""Cross-agent intelligence: agents that know what the others know."""

from cross_agent_intelligence.operations import skill

__all__ = ["skill"]
