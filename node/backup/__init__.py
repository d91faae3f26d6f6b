"""A copy of everything a council has, made while it runs, and put back whole or not at all."""

from node.backup.contents import BackupFailed, BadBackup, Manifest
from node.backup.making import Made, make
from node.backup.restoring import finish, is_ready, restore
from node.backup.sealing import Key, Lock

__all__ = [
    "BackupFailed",
    "BadBackup",
    "Key",
    "Lock",
    "Made",
    "Manifest",
    "finish",
    "is_ready",
    "make",
    "restore",
]
