"""The gate: where in a sound somebody speaks. Silence, noise, hum and music never reach an engine.

Silero's voice detector, version 6 (MIT), which comes with faster-whisper's wheel; run by our onnxruntime.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from clawcortex.errors import EngineError
from clawcortex.models.base import Floats

FRAME = 512
"""Samples of a frame, 32 ms at 16 kHz: what the model judges."""
_CONTEXT = 64
_FILE = "assets/silero_vad_v6.onnx"
REINSTALL = "Run `python3 install.py` without --no-voice and --minimal."


class Gate:
    """Say of each frame how likely it is speech; what came before is kept in mind until `reset`."""

    def __init__(self) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        file = _model()
        try:
            self._session = onnxruntime.InferenceSession(
                str(file), providers=["CPUExecutionProvider"], sess_options=options
            )
        except Exception as error:  # onnxruntime's errors share no base but Exception
            raise EngineError(
                f"{file}: the voice detector cannot be loaded ({error})", hint=REINSTALL
            ) from error
        self.reset()

    def reset(self) -> None:
        """Forget what came before."""
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)

    def judge(self, frames: Floats) -> Floats:
        """Return the probability of speech of each frame (shape: frames x FRAME), in [0, 1]."""
        before = np.concatenate([self._context[None], frames[:-1, -_CONTEXT:]])
        heard, self._h, self._c = self._session.run(
            None, {"input": np.concatenate([before, frames], axis=1), "h": self._h, "c": self._c}
        )
        self._context = frames[-1, -_CONTEXT:].copy()
        found: Floats = np.asarray(heard, np.float32).reshape(-1)
        return found


def _model() -> Path:
    spec = find_spec("faster_whisper")  # only found, not imported: its engine is another group
    for place in spec.submodule_search_locations or () if spec else ():
        if (Path(place) / _FILE).is_file():
            return Path(place) / _FILE
    raise EngineError("the voice detector is not installed", hint=REINSTALL)
