"""The key that backups are encrypted with: from a file of the person's, a fresh one derived for each file written."""

from __future__ import annotations

import hmac
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from clawcortex.errors import DeniedError, SettingsError
from clawcortex.settings import Settings

LEAST = 32
SALT, CHECK = 16, 16
PURPOSE = b"clawcortex backup 1"


@dataclass(frozen=True, slots=True)
class Cipher:
    """The cipher of one file; pieces are numbered from 0, so that none can be moved, repeated or taken out."""

    cipher: AESGCM
    head: bytes
    """What stands at the file's beginning: the salt, and by what a wrong key is told from damage."""

    def seal(self, number: int, piece: bytes, about: bytes = b"") -> bytes:
        """Encrypt the piece of this number; `about` is bound to it."""
        return self.cipher.encrypt(number.to_bytes(12), piece, about)

    def open(self, number: int, piece: bytes, about: bytes = b"") -> bytes:
        """Decrypt it; raises InvalidTag for any other bytes, number, or `about`."""
        return self.cipher.decrypt(number.to_bytes(12), piece, about)


@dataclass(frozen=True, slots=True)
class Key:
    """What the key file holds."""

    secret: bytes

    def fresh(self) -> Cipher:
        """Return a cipher for a new file."""
        salt = os.urandom(SALT)
        cipher, check = self._derived(salt)
        return Cipher(cipher, salt + check)

    def of(self, head: bytes, name: str) -> Cipher:
        """Return the cipher of a file that begins so; DeniedError when it was written with another key."""
        cipher, check = self._derived(head[:SALT])
        if not hmac.compare_digest(check, head[SALT:]):
            raise DeniedError(
                f"{name} is encrypted with another key",
                hint="Give the key it was made with. Nothing was changed.",
            )
        return Cipher(cipher, head)

    def _derived(self, salt: bytes) -> tuple[AESGCM, bytes]:
        derived = HKDF(SHA256(), 32 + CHECK, salt, PURPOSE).derive(self.secret)
        return AESGCM(derived[:32]), derived[32:]


def load_key(settings: Settings) -> Key | None:
    """Read the key file of the settings; None when they name none."""
    name = settings.backup_key_file
    if not name:
        return None
    path = Path(name).expanduser()
    try:
        mode, secret = path.stat().st_mode, path.read_bytes().strip()
    except OSError as error:
        raise SettingsError(
            f"the key of the backups cannot be read: {path}: {error.strerror}",
            hint="Put the key file back, or correct backup_key_file in settings.toml.",
        ) from error
    if len(secret) < LEAST:
        raise SettingsError(
            f"{path} holds {len(secret)} bytes, too few for a key",
            hint=f"Make one: openssl rand -base64 48 > {path}",
        )
    if stat.S_IMODE(mode) & 0o077:
        raise SettingsError(f"{path} can be read by others", hint=f"Run `chmod 600 {path}`.")
    return Key(secret)


def needed(key: Key | None, name: str) -> Key:
    """Return the key, or raise the DeniedError that says it is missing."""
    if key is None:
        raise DeniedError(
            f"{name} is encrypted, and no key was given",
            hint="Set backup_key_file in settings.toml, or give --key FILE.",
        )
    return key
