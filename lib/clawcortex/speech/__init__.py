"""Speech to text.

records.py      Transcript, Segment
transcriber.py  get_transcriber: one child process, one recording at a time
process.py      the child as its parent sees it
protocol.py     what the two say to each other
child.py        the child
hearing.py      one recording from file to transcript
decoding.py     a file becomes sound
gate.py         where somebody speaks
windows.py      sound cut at pauses
timbre.py       a hum or a held note told from a voice
weights.py      where Whisper's weights are, and the command that fetches them
engines/        whisper, faster-whisper, pocketsphinx
"""

from clawcortex.speech.records import Segment, Transcript
from clawcortex.speech.transcriber import Transcriber, get_transcriber

__all__ = ["Segment", "Transcriber", "Transcript", "get_transcriber"]
