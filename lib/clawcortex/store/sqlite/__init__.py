"""The store in one SQLite file: functions over a connection, one writer thread, pooled readers."""
