"""clawcortex: a memory that lasts for OpenClaw assistants.

This module stays empty of imports: the client must start in milliseconds.
"""

__version__ = "0.1.0"
