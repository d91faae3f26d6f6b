"""The digest of what is agreed: the text alone, or the text with the rule by which several councils adopt it.

Answers are bound to it, so one changed word, or one changed number in the rule, is another text. Never changed once released.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from protocol.canonical import canonical


def text_digest(text: str, rule: Mapping[str, Any] | None = None) -> str:
    """SHA-256 in base64url without padding, 43 characters: over the text as UTF-8, byte for byte.

    With a rule, over the text, two line feeds, and the rule in canonical JSON (RFC 8785). Raises ValueError where the rule has
    no canonical form.
    """
    agreed = text.encode() if rule is None else text.encode() + b"\n\n" + canonical(rule)
    return urlsafe_b64encode(sha256(agreed).digest()).rstrip(b"=").decode()
