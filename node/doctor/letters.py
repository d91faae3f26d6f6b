"""Does the mail server take our letters? Spoken to up to where a letter would be handed over; none ever is."""

import asyncio
import sqlite3
import ssl
from typing import Final

from node.doctor.finding import Cure, Finding, State
from node.doctor.look import Look
from node.post import PostFault, SmtpPost, Trouble
from schemas.phrase import phrase

TRIED_OFTEN: Final = 4
STEP_SECONDS: Final = 8.0
WHOLE_SECONDS: Final = 18.0
_STUCK: Final = "SELECT count(*) FROM letter WHERE tries >= ?"

_CURES: Final = {
    Trouble.UNREACHABLE: Cure(phrase("Look at its name and port in comarca.toml, and at the firewall"), "[mail]"),
    Trouble.CERTIFICATE: Cure(phrase("Write the name that its certificate is for"), 'host = "…"'),
    Trouble.NO_TLS: Cure(phrase("Try the other way of TLS, with its port"), 'security = "tls", port = 465'),
    Trouble.PASSWORD_FILE: Cure(phrase("Put the password into the first line of that file"), "chmod 600 …"),
    Trouble.LOGIN: Cure(phrase("Ask whoever runs it for name and password"), "user = …, password_file = …"),
    Trouble.REFUSED: Cure(phrase("Ask whoever runs it whether it takes letters from here")),
}


async def letters(look: Look) -> Finding:
    """Whether letters can go, and whether some have waited for hours."""
    mail = look.settings.mail
    if not mail.on:
        words = phrase("Our server sends no letters. Whoever asks looks at the page of their note.")
        return Finding("Letters", State.GOOD, words, "mail.host is empty")
    post = SmtpPost(
        look.settings,
        context=lambda: ssl.create_default_context(cafile=look.ca_file),
        step_seconds=STEP_SECONDS,
        whole_seconds=WHOLE_SECONDS,
    )
    try:
        agreed = await asyncio.to_thread(post.greet)
    except PostFault as fault:
        words = phrase("The mail server does not take our letters. They wait, and are given up after two days.")
        where = f"{mail.host}:{mail.port}: {fault}"
        return Finding("Letters", State.BROKEN, words, where, (_CURES[fault.trouble],))
    finally:
        post.close()
    path = look.settings.directory / mail.password_file
    if mail.password_file and path.stat().st_mode & 0o077:
        words = phrase("Others on this machine can read the password of our letters.")
        cure = Cure(phrase("Close the file to others"), f"chmod 600 {path}")
        return Finding("Letters", State.LOOK, words, f"{path.name} is open to others", (cure,))
    return await _waiting(look, agreed)


async def _waiting(look: Look, agreed: str) -> Finding:
    try:
        stuck = await look.query(lambda raw: int(raw.execute(_STUCK, (TRIED_OFTEN,)).fetchone()[0]))
    except sqlite3.Error:
        stuck = 0
    if stuck:
        words = phrase("The mail server is there, but some letters have not gone for hours.")
        cure = Cure(phrase("Send a letter to yourself"), f"comarca mail try {look.settings.directory} you@example.org")
        return Finding("Letters", State.LOOK, words, f"{agreed}; {stuck} tried {TRIED_OFTEN} times or more", (cure,))
    return Finding("Letters", State.GOOD, phrase("The mail server takes our letters."), agreed)
