"""What a server says about itself: NodeInfo 2.1 for everybody, /.well-known/comarca for its own kind.

Never a count of persons, and no exact count of anything: a small number about a small place is about somebody. No decision is
taken from software names (FEP-0151). Source: nodeinfo.diaspora.software schema 2.1, decisions 4b.
"""

from collections.abc import Mapping
from typing import Any, Final

NODEINFO_REL: Final = "http://nodeinfo.diaspora.software/ns/schema/2.1"
NODEINFO_TYPE: Final = f'application/json; profile="{NODEINFO_REL}#"'
SOFTWARE: Final = "comarca"
PROTOCOLS: Final = (1,)

_ROUNDED_TO: Final = 10


def discovery(base_url: str) -> dict[str, Any]:
    """/.well-known/nodeinfo."""
    return {"links": [{"rel": NODEINFO_REL, "href": f"{base_url}/nodeinfo/2.1"}]}


def document(version: str, name: str, *, local_posts: int | None = None) -> dict[str, Any]:
    """/nodeinfo/2.1. `local_posts` is rounded down to tens; None leaves it out."""
    usage: dict[str, Any] = {"users": {}}
    if local_posts is not None:
        usage["localPosts"] = max(0, local_posts) // _ROUNDED_TO * _ROUNDED_TO
    return {
        "version": "2.1",
        "software": {"name": SOFTWARE, "version": version},
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": False,
        "usage": usage,
        "metadata": {"nodeName": name},
    }


def comarca_document(version: str, *, body_limit: int, feeds: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """/.well-known/comarca. `body_limit` in bytes. A new protocol number only where an old node would misread."""
    return {
        "protocol": list(PROTOCOLS),
        "software": {"name": SOFTWARE, "version": version},
        "limits": {"body": body_limit},
        "feeds": dict(feeds or {}),
    }
