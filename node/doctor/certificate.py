"""The certificate that our own name shows: read by a handshake of its own, since the transport says only yes or no.

It connects to addresses that were judged, like every other way out, and never sends a request.
"""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

HANDSHAKE_SECONDS = 5.0
NOT_YET, ENDED = 9, 10
SELF_SIGNED, SELF_SIGNED_IN_CHAIN, NO_ISSUER, NO_FIRST = 18, 19, 20, 21
OTHER_NAME, OTHER_ADDRESS = 62, 64
"""Codes of X509_verify_cert (OpenSSL, x509_vfy.h)."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was shown. `code` is OpenSSL's verdict, 0 where the chain and the name are good; `names` as the certificate has them."""

    begins: datetime
    ends: datetime
    names: tuple[str, ...]
    code: int = 0
    verdict: str = ""


class NoHandshake(Exception):
    """No TLS could be spoken. The text is OpenSSL's or the system's."""


class NobodyThere(Exception):
    """No connection came about."""


async def shown(address: str, port: int, *, host: str, ca_file: Path | None) -> Certificate:
    """The certificate that `host` shows at one address. Raises NobodyThere, NoHandshake."""
    context = ssl.create_default_context(cafile=ca_file)
    try:
        return _read(await _peer(address, port, host=host, context=context))
    except ssl.SSLCertVerificationError as error:
        blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        blind.check_hostname = False
        blind.verify_mode = ssl.CERT_NONE  # nothing is sent: this reads what was shown, to say what is wrong with it
        der = await _peer(address, port, host=host, context=blind)
        return _read(der, code=error.verify_code, verdict=error.verify_message)


async def _peer(address: str, port: int, *, host: str, context: ssl.SSLContext) -> bytes:
    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=host)
    except ssl.SSLCertVerificationError:
        raise
    except ssl.SSLError as error:
        raise NoHandshake(error.reason or str(error)) from error
    except TimeoutError:
        raise NobodyThere("no answer in time") from None
    except ConnectionResetError as error:
        raise NoHandshake("hung up in the middle of the handshake") from error
    except OSError as error:
        raise NobodyThere(error.strerror or str(error)) from error
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    if not der:
        raise NoHandshake("no certificate was shown")
    return bytes(der)


def _read(der: bytes, *, code: int = 0, verdict: str = "") -> Certificate:
    from cryptography import x509

    found = x509.load_der_x509_certificate(der)
    try:
        alternative = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [*alternative.get_values_for_type(x509.DNSName)]
        names += [str(number) for number in alternative.get_values_for_type(x509.IPAddress)]
    except x509.ExtensionNotFound:
        names = []
    return Certificate(found.not_valid_before_utc, found.not_valid_after_utc, tuple(names), code, verdict)
