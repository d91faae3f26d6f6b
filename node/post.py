"""The way out for letters: the one mail server that the settings name, spoken to by SMTP (RFC 5321) with the standard library.

The only place that opens such a line. It blocks, so others call it on a thread. Where the settings want TLS nothing is said
without it, and the server must show a certificate for its name; there is no falling back. This module must never keep a letter,
an address or the password, and never log one.
"""

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from federation.ports import Randomness
from node.settings import Settings
from protocol import ids

STEP_SECONDS: Final = 10.0
WHOLE_SECONDS: Final = 45.0
"""How long one step may take (connecting, one answer), and one conversation in all, however slowly the other side drips."""

_POLICY: Final = SMTP.clone(max_line_length=500)
"""Links in headers stay in one line: not every program that looks for one unfolds them."""


class Taken(StrEnum):
    """What became of a letter: the server has it, it may have it later, it never will."""

    SENT = "sent"
    LATER = "later"
    NEVER = "never"


class Trouble(StrEnum):
    """Why the mail server cannot be used."""

    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    NO_TLS = "no-tls"
    PASSWORD_FILE = "password-file"  # noqa: S105  a reason, not a password
    LOGIN = "login"
    REFUSED = "refused"


class PostFault(Exception):
    """The mail server cannot be used. `trouble` says why; the text has the exact words, without address or password."""

    def __init__(self, trouble: Trouble, detail: str) -> None:
        super().__init__(detail)
        self.trouble = trouble


class Post(Protocol):
    """Whoever takes letters. All of it blocks."""

    def send(self, message: EmailMessage) -> Taken:
        """Hand over one letter to the one address in its To. Raises PostFault where nobody is there to take any."""
        ...

    def greet(self) -> str:
        """Speak to the server as before a letter, and send none; returns what was agreed. Raises PostFault."""
        ...

    def close(self) -> None:
        """End what is under way, and take nothing more. What was not acknowledged counts as not sent."""
        ...


def letter(
    settings: Settings,
    *,
    to: str,
    name: str,
    subject: str,
    text: str,
    language: str,
    now: datetime,
    randomness: Randomness,
    stop: str = "",
) -> EmailMessage:
    """One plain letter from the council, `name` shown as its sender. `stop` is the address that stops further ones (RFC 8058).

    Every value that others have a part in stands in one header or in the body. Raises ValueError where it could reach beyond.
    """
    message = EmailMessage(policy=_POLICY)
    ours = settings.mail.from_address
    message["From"] = Address(display_name=" ".join(name.split()), addr_spec=ours)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{ids.new_id(randomness.bytes(ids.ID_BYTES))}@{ids.host_of(settings.url)}>"
    message["Auto-Submitted"] = "auto-generated"
    if stop:
        message["List-Unsubscribe"] = f"<{stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text, cte="quoted-printable")  # no server needs to know more than ASCII
    message["Content-Language"] = language
    return message


class SmtpPost:
    """`Post` by the settings' mail server, one conversation for each letter."""

    def __init__(
        self,
        settings: Settings,
        *,
        context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        step_seconds: float = STEP_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        self._mail, self._directory = settings.mail, settings.directory
        self._our_host = ids.host_of(settings.url)
        self._context, self._step, self._whole = context, step_seconds, whole_seconds
        self._lines: set[_Line] = set()
        self._closed = False

    def send(self, message: EmailMessage) -> Taken:
        to = message["To"].addresses[0].addr_spec
        with self._line() as line:
            return _handed_over(line, message, sender=self._mail.from_address, to=to)

    def greet(self) -> str:
        with self._line() as line:
            shown = line.sock
            secure = shown.version() if isinstance(shown, ssl.SSLSocket) else None
            said = "logged in" if self._mail.user else "without a name"
            return f"{self._mail.host}:{self._mail.port} answers, {secure or 'without TLS'}, {said}"

    def close(self) -> None:
        self._closed = True
        for line in tuple(self._lines):
            line.break_off()

    @contextmanager
    def _line(self) -> Iterator["_Line"]:
        """A conversation up to where a letter may be handed over. Raises PostFault for whatever goes wrong before or in it."""
        mail = self._mail
        password = self._password()
        line = _Line(mail.host, our_host=self._our_host, seconds=self._step)
        watch = threading.Timer(self._whole, line.break_off)
        watch.daemon = True
        self._lines.add(line)
        try:
            watch.start()
            if self._closed:
                line.break_off()
            line.open(mail.port, tls=self._context() if mail.security == "tls" else None)
            line.ehlo_or_helo_if_needed()
            if mail.security == "starttls":
                line.starttls(context=self._context())
                line.ehlo_or_helo_if_needed()
            if mail.user:
                line.login(mail.user, password)
            yield line
            with suppress(smtplib.SMTPException, OSError):  # the letter is theirs already
                line.quit()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise _fault(error) from None
        finally:
            watch.cancel()
            line.close()
            self._lines.discard(line)

    def _password(self) -> str:
        """The first line of the file. Raises PostFault."""
        if not self._mail.password_file:
            return ""
        path = Path(self._directory) / self._mail.password_file
        try:
            return path.read_text(encoding="utf-8").partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not text"
            raise PostFault(Trouble.PASSWORD_FILE, f"{path.name} cannot be read ({why})") from None


class _Line(smtplib.SMTP):
    """One conversation. It can be ended from another thread, which the library's own time limits for single steps cannot do."""

    def __init__(self, host: str, *, our_host: str, seconds: float) -> None:
        super().__init__(local_hostname=our_host, timeout=seconds)
        self._host = host  # what the certificate must be for; the library sets it only where it connects at once
        self._seconds = seconds
        self._broken_off = False

    def open(self, port: int, *, tls: ssl.SSLContext | None) -> None:
        """Connect, and read the greeting. Raises OSError, SMTPConnectError."""
        sock = socket.create_connection((self._host, port), self._seconds)
        self.sock = sock
        if self._broken_off:
            raise smtplib.SMTPServerDisconnected("broken off before it began")
        if tls is not None:
            self.sock = tls.wrap_socket(sock, server_hostname=self._host)
        code, said = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)

    def break_off(self) -> None:
        self._broken_off = True
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _handed_over(line: smtplib.SMTP, message: EmailMessage, *, sender: str, to: str) -> Taken:
    """What the server says to one letter. Only a refusal of the address or of the letter itself is for good (RFC 5321 4.2.1)."""
    try:
        line.send_message(message, sender, [to])
    except smtplib.SMTPRecipientsRefused as refused:
        return _of_code(refused.recipients[to][0])
    except smtplib.SMTPDataError as refused:
        return _of_code(refused.smtp_code)
    except smtplib.SMTPSenderRefused:
        return Taken.LATER  # that is about us: somebody mends the settings
    return Taken.SENT


def _of_code(code: int) -> Taken:
    return Taken.NEVER if 500 <= code < 600 else Taken.LATER


def _fault(error: Exception) -> PostFault:
    """Why, in a word, and in words that hold nothing secret: of what a server answered only the number is told."""
    match error:
        case ssl.SSLCertVerificationError():
            return PostFault(Trouble.CERTIFICATE, f"its certificate is not good: {error.verify_message}")
        case ssl.SSLError():
            return PostFault(Trouble.NO_TLS, "no TLS comes about; is it the right port for it?")
        case smtplib.SMTPNotSupportedError():
            return PostFault(Trouble.NO_TLS, "it does not offer what the settings want: TLS, or a login")
        case smtplib.SMTPAuthenticationError():
            return PostFault(Trouble.LOGIN, f"it refuses name and password ({error.smtp_code})")
        case smtplib.SMTPServerDisconnected():
            return PostFault(Trouble.UNREACHABLE, "it ended the conversation, or took too long")
        case smtplib.SMTPResponseException():
            return PostFault(Trouble.REFUSED, f"it answers {error.smtp_code}")
        case OSError():
            return PostFault(Trouble.UNREACHABLE, f"it cannot be reached ({error.strerror or type(error).__name__})")
    return PostFault(Trouble.REFUSED, f"it answers what is not understood ({type(error).__name__})")
