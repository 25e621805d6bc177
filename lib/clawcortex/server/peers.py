"""Who is at the other end of the socket: only the user who runs the server, and root, are let in.

The socket's mode (0600, in a folder of 0700) says the same; this holds where a file system does not keep modes.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
import sys

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = logging.getLogger(__name__)

_ASKED = {
    "linux": (socket.SOL_SOCKET, getattr(socket, "SO_PEERCRED", 17), "3i"),  # struct ucred: pid, uid, gid
    "darwin": (0, 1, "2I"),  # SOL_LOCAL, LOCAL_PEERCRED; struct xucred: version, uid, groups
}


def peer_uid(connected: socket.socket) -> int | None:
    """Return the user id at the other end of a Unix socket; None where the system does not tell."""
    if sys.platform not in _ASKED:
        return None
    level, option, begins = _ASKED[sys.platform]
    try:
        found = connected.getsockopt(level, option, 128)
        return int(struct.unpack_from(begins, found)[1])
    except (OSError, struct.error):
        return None


def is_welcome(connected: socket.socket) -> bool:
    """Return whether whoever connected may speak with the server."""
    return peer_uid(connected) in (None, os.geteuid(), 0)


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, closed to other users."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or end it before a byte of it is read."""
        connected = transport.get_extra_info("socket")
        if connected is not None and connected.family == socket.AF_UNIX and not is_welcome(connected):
            log.warning("another user (uid %s) was turned away from the socket", peer_uid(connected))
            transport.abort()
            return
        super().connection_made(transport)
