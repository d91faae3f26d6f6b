"""A mail server for tests that speaks real SMTP (RFC 5321) over loopback: STARTTLS, AUTH PLAIN, refusals that a test wants."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

NAME, SECRET = "council", "wet paint 7"


@dataclass(frozen=True)
class Got:
    """One letter as it came: the envelope, and the bytes between DATA and the dot."""

    sender: str
    to: str
    data: bytes

    @property
    def message(self) -> EmailMessage:
        read = message_from_bytes(self.data, policy=default)
        assert isinstance(read, EmailMessage)
        return read

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")


@dataclass
class MailServer:
    """`answers` says what a command or an address gets instead of yes; `tls` offers STARTTLS; `silent` lets nobody in."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    wants_login: bool = False
    silent: bool = False
    answers: dict[str, str] = field(default_factory=dict)
    got: list[Got] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    """Every command, in order, with what went in the clear before TLS marked by `plain `."""
    somebody_came: asyncio.Event = field(default_factory=asyncio.Event)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(words: str) -> None:
            writer.write(f"{words}\r\n".encode())
            await writer.drain()

        self.somebody_came.set()
        if self.silent:
            await reader.read()
            return
        await say(self.answers.get("HELLO", "220 mail.example at your service"))
        secure = writer.get_extra_info("ssl_object") is not None
        sender = to = ""
        while line := (await reader.readline()).decode().strip():
            verb = line.split(" ")[0].split(":")[0].upper()
            self.heard.append(("" if secure else "plain ") + line)
            if verb == "EHLO":
                more = ["mail.example"]
                more += ["STARTTLS"] if self.tls is not None and not secure else []
                more += ["AUTH PLAIN"] if self.wants_login else []
                await say("\r\n".join([*(f"250-{one}" for one in more), "250 8BITMIME"]))
            elif verb == "STARTTLS" and self.tls is not None:
                await say("220 go on")
                await writer.start_tls(self.tls)
                secure = True
            elif verb == "AUTH":
                good = line.split(" ")[-1] == base64.b64encode(f"\0{NAME}\0{SECRET}".encode()).decode()
                await say("235 welcome" if good else f"535 not with {SECRET}")
            elif verb == "MAIL":
                sender = line.partition("<")[2].partition(">")[0]
                await say(self.answers.get("MAIL", "250 yes"))
            elif verb == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
                await say(self.answers.get(to, "250 yes"))
            elif verb == "DATA":
                await say("354 go on")
                data = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                said = self.answers.get("DATA", "250 taken")
                if said.startswith("2"):
                    self.got.append(Got(sender, to, data.replace(b"\r\n..", b"\r\n.")))
                await say(said)
            else:
                await say("221 bye" if verb == "QUIT" else "250 yes")
                if verb == "QUIT":
                    return


@asynccontextmanager
async def mail_server(*, tls_at_once: bool = False, **given: object) -> AsyncIterator[MailServer]:
    """One that listens on a free port of 127.0.0.1 for as long as the block runs."""
    server = MailServer(**given)  # type: ignore[arg-type]
    listening = await asyncio.start_server(server.talk, "127.0.0.1", 0, ssl=server.tls if tls_at_once else None)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()
