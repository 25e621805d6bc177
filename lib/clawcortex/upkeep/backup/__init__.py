"""Backups: taken online, checked by restoring them, and followed by every change within a second."""
