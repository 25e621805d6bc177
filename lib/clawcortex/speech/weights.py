"""Where Whisper's weights are, and the command that fetches them: python -m clawcortex.speech.weights.

The transcriber never fetches anything: a voice note is no moment to wait for gigabytes.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import os
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from pathlib import Path

from clawcortex.errors import ClawcortexError, EngineError
from clawcortex.models.artifacts import sha256
from clawcortex.paths import models_dir
from clawcortex.settings import load_settings
from clawcortex.speech.records import ENGINES

FETCH = "python3 install.py run -- python -m clawcortex.speech.weights --engine {} --model {}"


SILENT_S = 20.0
"""A server that says nothing for so long is given up."""
TELL_BYTES = 20_000_000


def is_path(model: str) -> bool:
    """Return whether a setting names a file or folder, and not a model by its name."""
    return model.startswith(("/", "~", "."))


def find_whisper(model: str) -> tuple[Path, str]:
    """Return a checkpoint of openai-whisper and its name with a checksum; raise EngineError without it."""
    if is_path(model):
        file = Path(model).expanduser()
        if not file.is_file():
            raise EngineError(
                f"{file}: there is no Whisper checkpoint",
                hint="Set speech_model to a checkpoint's path, or to a name as base.",
            )
        return file, f"{file.stem}@{sha256(file)[:12]}"
    address = _address(model)
    wanted = address.split("/")[-2]
    for folder in (models_dir() / "whisper", Path.home() / ".cache" / "whisper"):
        file = folder / address.rpartition("/")[2]
        if file.is_file():
            if sha256(file) == wanted:
                return file, f"{model}@{wanted[:12]}"
            raise EngineError(f"{file}: is damaged (its checksum differs)", hint=_fetch("whisper", model))
    raise EngineError(
        f"the weights of Whisper's model {model!r} are not on this machine", hint=_fetch("whisper", model)
    )


def find_faster(model: str) -> Path:
    """Return the folder of a model of faster-whisper; raise EngineError without it."""
    from faster_whisper.utils import download_model

    if is_path(model):
        folder = Path(model).expanduser()
        if not (folder / "model.bin").is_file():
            raise EngineError(
                f"{folder}: holds no model of faster-whisper (no model.bin)",
                hint="Set speech_model to a converted model's folder, or to a name as base.",
            )
        return folder
    try:
        return Path(download_model(model, cache_dir=str(_faster()), local_files_only=True))
    except (OSError, ValueError) as error:
        reason = f"the weights of faster-whisper's model {model!r} are not on this machine"
        raise EngineError(reason, hint=_fetch("faster-whisper", model)) from error


def fetch(engine: str, model: str, tell: Callable[[str], None]) -> str:
    """Fetch the weights of a model by its name unless they are here; return where they are.

    `tell` is given a line now and then. Raise EngineError when it fails; what was there before is kept.
    """
    if engine == "pocketsphinx":
        return "pocketsphinx brings its model along"
    if is_path(model):
        return model
    try:
        if engine == "faster-whisper":
            from faster_whisper.utils import download_model

            return str(download_model(model, cache_dir=str(_faster())))
        with contextlib.suppress(EngineError):
            return str(find_whisper(model)[0])
        return str(_download(_address(model), models_dir() / "whisper", tell))
    except ImportError as error:
        raise EngineError(f"the speech engine {engine} is not installed: {error}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise EngineError(
            f"the weights of {model!r} cannot be fetched: {error}",
            hint=f"Try again where there is a network: `{FETCH.format(engine, model)}`; "
            "or set speech_model to the path of a checkpoint.",
        ) from error


def main() -> int:
    """Fetch what the settings name, or what the command line does."""
    settings = load_settings()
    parser = argparse.ArgumentParser(description="Fetch the weights of a speech engine.")
    parser.add_argument("--engine", choices=ENGINES, default=settings.speech_engine)
    parser.add_argument("--model", default=settings.speech_model)
    asked = parser.parse_args()
    try:
        found = fetch(asked.engine, asked.model, lambda line: print(line, flush=True))
    except ClawcortexError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return error.exit_code
    print(found)
    return 0


def _download(address: str, folder: Path, tell: Callable[[str], None]) -> Path:
    """Fetch a file into a folder, whole and with the checksum that its address names, or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    name, wanted = address.rpartition("/")[2], address.split("/")[-2]
    digest, done, told = hashlib.sha256(), 0, 0
    with (
        urllib.request.urlopen(address, timeout=SILENT_S) as source,  # noqa: S310 - https, from Whisper's own list
        tempfile.NamedTemporaryFile(dir=folder, prefix=f".{name}.") as file,
    ):
        size = int(source.headers.get("Content-Length") or 0)
        while chunk := source.read(1 << 20):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if done - told >= TELL_BYTES:
                told = done
                tell(f"{name}: {done / 1e6:.0f} of {size / 1e6:.0f} MB")
        if digest.hexdigest() != wanted:
            raise OSError(f"{address} gave {done} bytes with another checksum")
        file.flush()
        os.fsync(file.fileno())
        (folder / name).unlink(missing_ok=True)
        os.link(file.name, folder / name)
    return folder / name


def _faster() -> Path:
    return models_dir() / "faster-whisper"


def _fetch(engine: str, model: str) -> str:
    return f"Run `{FETCH.format(engine, model)}`."


def _address(model: str) -> str:
    import whisper

    address = whisper._MODELS.get(model)  # noqa: SLF001 - names, addresses and checksums stand nowhere else
    if address is None:
        raise EngineError(
            f"Whisper has no model {model!r}",
            hint=f"Set speech_model to a checkpoint's path, or one of: {', '.join(whisper.available_models())}.",
        )
    return str(address)


if __name__ == "__main__":
    sys.exit(main())
