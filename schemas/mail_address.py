"""Mail addresses as people type them: which ones we write to at all.

Narrower than RFC 5321: no quotes, no comments, no address literals, no encoded words, ASCII alone. Whatever passes can stand in
an envelope and in a header as it is; nothing else may ever be put there.
"""

import re
from typing import Final

LONGEST: Final = 254
"""Signs in an address (RFC 5321 section 4.5.3.1.3, less the angle brackets)."""

_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(
    rf"(?=[^@]{{1,64}}@)(?!.*=\?){_WORD}(?:\.{_WORD})*@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])"
)


def mail_address(typed: str) -> str | None:
    """The address with its host in small letters, None for what is none."""
    address = typed.strip(" \t")
    if len(address) > LONGEST or not _ADDRESS.fullmatch(address):
        return None
    name, _, host = address.rpartition("@")
    return f"{name}@{host.lower()}"
