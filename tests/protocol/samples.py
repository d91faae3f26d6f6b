"""Fixed keys, times and documents that the tests of protocol are built from. The keys are for tests alone."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from protocol.http_signature import Request

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"

NOW = datetime(2026, 11, 22, 3, 35, 30, tzinfo=UTC)
SECONDS = int(NOW.timestamp())

OUR_HOST = "harbour.example"
OUR_ORIGIN = "https://harbour.example"
OUR_INBOX = "https://harbour.example/inbox"
THEIR_ACTOR = "https://riverside.example/council"
RSA_KEY_ID = f"{THEIR_ACTOR}#main-key"
ED25519_KEY_ID = f"{THEIR_ACTOR}#ed25519-key"

ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))

_RSA_PEM = b"""-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDbOhSvsurIwTJl
JElBksOky475eR2ntv/IGeydUk4FMoIqSWTGSRK+9g8t51GEO95jAWNzrl31IDhU
I8Pmh19L9TY7IiURcTnUuAFlQt07AW+EH2LrXatJl2Jry+bYPeoybAPdmb+hZQGp
BuzDmeN3j3OzH0v9qJBRLKAOVkc5Ym0FYKkzhPAv5p5Wyexeid1jILIBfzaL45P4
vwN+2bLJpXlMA/aM5A5e6fxxi+semp/ZljZthy5gUWzR5dHtBReCLQ4TrIOFoO1B
jCE5OtZLInPiD8BqMBhlQ+2/M5+JYQEPcR1EXuRvn+0WpJxEsPBq61cyeq1+dS9x
Gpx8u/71AgMBAAECggEAFUNWY046uHsInMe+tTX7dN3rgaXuKui0eV+OVBn6CEYE
Wv6gYB0RTOVHxp+DiAxYfwjQ8RTt9wsHe522cAMcSp0/g8/FgaIWRlwMgppQI9t5
SfrTWNnOdcZRnPv7aWjj8L0KSPGTJR/LX+4Ug8pGxj9rLOnxsGoriTwHUCytHtMP
mp7sSxSGKwT/RQqgey3KXuU5DhStQ1h99SxXruC+tuug+o1EgeAjdu0kQTki3yA+
Z17NDVL5I9d4kFJqoSaAIlaQa/f2QLf6o5XAohlGQ3yyvv87s2ZnbmdzV3xK/F6g
sVrWhbqe1yE/d4ZGk4P1qgiVkd0NF3sPUtFIBvtx4QKBgQD2wjRahgw0hPaydFR1
WbM2gYOPjsXiFkOjbjYsFCf2dkknQrSB2SDc+chvix1zGOSR1zgDGA5jr15a8MbA
mLxwu0fBWOCDCZPY4gE9xl8BYC/RhFiuVPJnRIBr9BpE9isuNfkS9pWkru13SVOq
x27EQdVMNc0h9RAH3U/4okLWxQKBgQDjb+qGDcsp1bOE8YFYQfFkQtSxtbCYyG/7
RHdeUy1kdjlOdwGQZ559aLs1IQOZQfnlBrBsJ7MhNObkDmPL+aR7+PKuJoinwRdQ
mZn7elp1N4J7jfGZvVwGWt0CsShGwPoODXYIEOLw3dTj62k5bTU8xhAoppaCooo8
BWtwbvGKcQKBgEdys/YCGkaauVOym0HfVyTRG2bV0DZGfA82OjlJHMkgNs5HYjy2
we055e9mOIC7FHOl/XHn5UK35HowfVwG3YlGsOAq+9b1Tvnddr6MUbX0Q+RGjebs
ccO08fpQE8sj/BzFQ/lZrLqia9++O5uXY1swNLJ8YYkTjDC6xA0Z7oCBAoGBALkb
8alBuMVH5WCinz+SDEIqEqrA0gbHvDypsO3YjO1jO6kdOuypKVmw0A2h3Sfzhsxc
8WJVvXmdcP7Up2zwtmsgZ4ROYJMImU1EdwsyvkUA9PZSxPz4HdoeQhtazQkpL1wY
oKRX+h1Ir2kBxRa0R8w6+BPd4kpYuGG5l4RfB8BBAoGAUiJg+lwwNhnes/ZA5IqL
c4qnitY9EzDds6hGl9PtbMXvgEiGsTK29gbKMEAuuY4uaIxJnWMLvrIvGpBPwkrC
Gr9uMG209o8qqziNKEEBnwonotLT/kzkMxpnxGenfdUb4mXUV4Di/rEycAL+fIBq
WyTYzZTk4pWEBRkKfFzzers=
-----END PRIVATE KEY-----
"""
_loaded = load_pem_private_key(_RSA_PEM, password=None)
assert isinstance(_loaded, RSAPrivateKey)
RSA = _loaded

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
CONTEXT: list[Any] = [
    "https://www.w3.org/ns/activitystreams",
    "https://w3id.org/security/data-integrity/v1",
    {"vf": "https://w3id.org/valueflows/ont/vf#", "publishes": {"@id": "vf:publishes", "@type": "@id"}},
]


def vectors(*parts: str) -> Path:
    """A folder or file of published vectors; the test is skipped where there is none."""
    path = VECTORS.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no published vectors at {'/'.join(parts)}")
    return path


def json_of(*parts: str) -> Any:
    return json.loads(vectors(*parts).read_bytes())


def activity(**changes: Any) -> dict[str, Any]:
    """A Create of a public note by `THEIR_ACTOR`, with members changed."""
    audience = {"to": [PUBLIC], "cc": [f"{THEIR_ACTOR}/followers"]}
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "id": "https://riverside.example/a/abc",
        "type": "Create",
        "actor": THEIR_ACTOR,
        **audience,
        "object": note(**audience),
    }
    return document | changes


def note(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": "https://riverside.example/o/abc",
        "type": "Note",
        "attributedTo": THEIR_ACTOR,
        "content": "<p>Forty portions of dal, tonight</p>",
        "location": {"type": "Place", "latitude": 51.5074, "longitude": -0.1278},
    }
    return document | changes


def request(headers: dict[str, str], **changes: Any) -> Request:
    """A POST to our inbox with these headers, as the front of a server would hand it on."""
    values: dict[str, Any] = {
        "method": "POST",
        "target": "/inbox",
        "url": OUR_INBOX,
        "headers": {name.lower(): value for name, value in headers.items()},
        "repeated": frozenset(),
    }
    return Request(**(values | changes))
