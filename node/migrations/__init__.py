"""One linear history of the tables, applied at start. Steps are made with `python -m node.migrations.new "what changes"`.

A step that has been released is never changed: a mistake is corrected by the next one. There is no way back but the copy
that is made before an upgrade.
"""

from node.migrations.run import NewerDatabase, Upgrade, UpgradeRefused, current_revision, head, upgrade

__all__ = ["NewerDatabase", "Upgrade", "UpgradeRefused", "current_revision", "head", "upgrade"]
