"""Agents that know what the others know."""
