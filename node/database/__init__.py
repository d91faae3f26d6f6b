"""The store: the only place where a transaction begins or ends, and the lock that lets one server serve a folder."""

from node.database.lock import AlreadyServed, hold_lock
from node.database.sqlite import CommitFailed, NotDurable, StoreBroken, StoreBusy, StoreClosed, StoreFault, StoreFull
from node.database.store import Store

__all__ = [
    "AlreadyServed",
    "CommitFailed",
    "NotDurable",
    "Store",
    "StoreBroken",
    "StoreBusy",
    "StoreClosed",
    "StoreFault",
    "StoreFull",
    "hold_lock",
]
