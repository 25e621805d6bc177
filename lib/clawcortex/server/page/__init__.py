"""The status page: rendered here, without scripts, from what the skills declare and what the house itself knows."""
