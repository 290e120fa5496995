"""What a backup or a restore refuses."""

from __future__ import annotations

from server.errors import ServerError


class BackupError(ServerError):
    """A backup cannot be written, or not be restored as it is; the message says what to do."""


class DamagedBackupError(BackupError):
    """The file is no whole backup."""


class NotEmptyError(BackupError):
    """The place to restore into holds something already."""
