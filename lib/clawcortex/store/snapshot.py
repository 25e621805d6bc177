"""The index's file: a cache that saves reading every vector at start.

    1,024 bytes   JSON padded with spaces: format, generation, stamp, model, dimensions, count, scale, sha256
    8 x count     `n` of each vector, int64 little endian
    the rest      FAISS's own bytes

sha256 is of all after the header. Whatever does not fit is reported as CorruptedError, and the reader
makes the index from the store instead.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from clawcortex.errors import CorruptedError, storage_error
from clawcortex.files import sync_folder
from clawcortex.paths import private_folder
from clawcortex.store.base import Ints

FORMAT = 1
HEADER = 1_024
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Header:
    """What a snapshot says of itself."""

    generation: int
    stamp: int
    """When the store reached that generation: another history has another."""
    model: str
    dimensions: int
    count: int
    scale: float
    sha256: str = ""
    format: int = FORMAT


def write_snapshot(path: Path, header: Header, ns: Ints, faiss_index: Any) -> None:
    """Write the snapshot beside its place, make it durable, then rename it there."""
    temp = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        private_folder(path.parent)
        try:
            descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                _write(file, header, ns, faiss_index)
                file.flush()
                os.fsync(descriptor)
            temp.replace(path)
        except BaseException:
            temp.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise storage_error(error, path) from error


def _write(file: IO[bytes], header: Header, ns: Ints, faiss_index: Any) -> None:
    import faiss

    api: Any = faiss  # its annotations do not know the callback readers
    digest = hashlib.sha256()

    def put(chunk: bytes) -> int:
        digest.update(chunk)
        return file.write(chunk)

    file.write(b" " * HEADER)
    put(np.asarray(ns, "<i8").tobytes())
    api.write_index(faiss_index, api.PyCallbackIOWriter(put, _CHUNK))
    described = json.dumps(asdict(header) | {"sha256": digest.hexdigest()}).encode()
    if len(described) >= HEADER:
        raise CorruptedError(f"the index header for model {header.model[:80]!r} is too long to be written")
    file.seek(0)
    file.write(described.ljust(HEADER - 1) + b"\n")


def read_snapshot(path: Path, fits: Callable[[Header], bool]) -> tuple[Header, Ints, Any] | None:
    """Return a snapshot that fits, verified; None when there is none or it does not fit."""
    try:
        with path.open("rb") as file:
            header = _header(file, path)
            if not fits(header):
                return None
            _verify(file, header, path)
            file.seek(HEADER)
            ns = np.frombuffer(file.read(8 * header.count), "<i8").astype(np.int64)
            return header, ns, _faiss_index(file, header, path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_error(error, path) from error


def _header(file: IO[bytes], path: Path) -> Header:
    try:
        values = json.loads(file.read(HEADER))
        if values["format"] != FORMAT:
            raise CorruptedError(f"{path} has format {values['format']}, not {FORMAT}")
        return Header(**values)
    except (ValueError, TypeError, KeyError) as error:
        raise CorruptedError(f"{path} has no readable header: {error}") from error


def _verify(file: IO[bytes], header: Header, path: Path) -> None:
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    if digest.hexdigest() != header.sha256:
        raise CorruptedError(f"{path} is not what was written: its checksum differs")


def _faiss_index(file: IO[bytes], header: Header, path: Path) -> Any:
    import faiss

    api: Any = faiss  # as above
    try:
        index = api.read_index(api.PyCallbackIOReader(file.read, _CHUNK))
    except RuntimeError as error:
        raise CorruptedError(f"{path} cannot be read by FAISS: {error}") from error
    if index.ntotal != header.count or index.d != header.dimensions:
        raise CorruptedError(f"{path} holds {index.ntotal} vectors of {index.d} dimensions, not what it says")
    return index
