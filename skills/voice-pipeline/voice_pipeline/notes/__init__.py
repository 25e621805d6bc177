"""Voice notes: taken in, heard, put on the list, and told about once.

records.py     Note, Origin, Telling: what is kept
keeping.py     notes in the store
copying.py     a recording into the queue's folder, through one open file
intake.py      a recording becomes a note: once for each recording
queueing.py    when a note is heard, and how many wait before it
hearing.py     the job: a recording becomes a transcript, or waits, or fails for good
filing.py      voice/transcripts, voice/processed, voice/failed
incoming.py    voice/incoming, looked through every few seconds
speakers.py    whose words may change the list
listing        (../listing.py) writes the list
putting.py     the job: a transcript goes on the list
telling.py     the person is told, by the agent's reply or by one message
wording.py     the sentences for it
"""
