"""Where Whisper's weights are, and the command that fetches them: python -m clawcortex.speech.weights.

The transcriber never fetches anything: a voice note is no moment to wait for gigabytes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from clawcortex.errors import ClawcortexError, EngineError
from clawcortex.models.artifacts import sha256
from clawcortex.paths import models_dir
from clawcortex.settings import load_settings
from clawcortex.speech.records import ENGINES

FETCH = "python3 install.py run -- python -m clawcortex.speech.weights --engine {} --model {}"


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


def fetch(engine: str, model: str) -> Path:
    """Fetch the weights of a model by its name and return where they are; raise EngineError when that fails."""
    try:
        if engine == "faster-whisper":
            from faster_whisper.utils import download_model

            return Path(download_model(model, cache_dir=str(_faster())))
        import whisper

        return Path(whisper._download(_address(model), str(models_dir() / "whisper"), in_memory=False))  # noqa: SLF001
    except ImportError as error:
        raise EngineError(f"the speech engine {engine} is not installed: {error}") from error
    except (OSError, RuntimeError, ValueError) as error:
        raise EngineError(
            f"the weights of {model!r} cannot be fetched: {error}",
            hint="Try again where there is a network, or set speech_model to the path of a checkpoint.",
        ) from error


def main() -> int:
    """Fetch what the settings name, or what the command line does."""
    settings = load_settings()
    parser = argparse.ArgumentParser(description="Fetch the weights of a speech engine.")
    parser.add_argument("--engine", choices=ENGINES, default=settings.speech_engine)
    parser.add_argument("--model", default=settings.speech_model)
    asked = parser.parse_args()
    try:
        if asked.engine == "pocketsphinx":
            raise EngineError("pocketsphinx brings its model along", hint="Nothing is to be fetched.")
        found = fetch(asked.engine, asked.model)
    except ClawcortexError as error:
        sys.stderr.write(f"{error.message}\nNext: {error.hint}\n")
        return error.exit_code
    sys.stdout.write(f"{found}\n")
    return 0


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
