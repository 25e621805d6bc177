"""Serve: take the locks, bind, then import and open everything else.

Nothing slow is imported before the socket is bound: who calls during a start waits and is not refused.
"""

from __future__ import annotations

import logging
import os
import socket
import sys

from clawcortex import paths
from clawcortex.errors import ClawcortexError
from clawcortex.server import lifecycle
from clawcortex.server.lifecycle import Lock, say

SWITCH_S = 0.0005
"""How long a thread keeps the interpreter while another waits; Python's 5 ms is a quarter of a recall."""


def serve(*, parent_stdin: bool = False) -> int:
    """Be the resident server until told to end; return the exit code."""
    os.umask(0o077)
    sys.setswitchinterval(SWITCH_S)
    # Before numpy is there: its products here are small, and two threads wait for each other longer than they work.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        starting, server = lifecycle.begin_start(), Lock("server")
        running = lifecycle.become_the_server(server)
        if running is not None:
            say({"state": "adopted", "socket": str(paths.socket_path()), **running})
            return 0
        server.write(str(os.getpid()))
        bound = lifecycle.listen()
        try:
            in_time = _reside(bound, starting, parent_stdin=parent_stdin)
        finally:
            paths.socket_path().unlink(missing_ok=True)
            server.release()
    except ClawcortexError as error:
        say({"error": error.as_dict()})
        return error.exit_code
    if not in_time:
        os._exit(1)  # a call that never ends must not keep the process
    return 0


def _reside(bound: socket.socket, starting: Lock, *, parent_stdin: bool) -> bool:
    from clawcortex.server import logs
    from clawcortex.server.resident import Resident
    from clawcortex.settings import load_settings

    settings = load_settings()
    logs.configure(settings.log_level)
    resident = Resident(settings)
    if parent_stdin:
        lifecycle.when_stdin_ends(resident.stop)
    in_time = resident.run(bound, starting)
    logging.shutdown()
    return in_time
