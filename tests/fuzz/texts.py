"""Targets: JSON and its canonical form, addresses, moments, keys, words, media types, markup, places."""

import json
import re
from contextlib import suppress
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import h3
import orjson
import rfc8785

from federation.addresses import judge_address
from federation.media_types import Media, parse_media_type
from federation.retry import Schedule, after_attempt
from federation.transport import _parsed
from federation.worker import reason_of
from node.features.alerts.outline import polygons
from node.features.resources import kinds, numbers
from node.features.resources.asking.opening import pass_for, read_pass
from node.features.resources.importing import columns, reading
from node.features.resources.tables import Resource
from node.profile.points import read_point
from node.web.forms import NotUnderstood, parse
from protocol import digest, ids, keys, multibase, strict_json
from protocol.canonical import NotCanonical, canonical
from protocol.feeds import coding, roots
from protocol.signed_request import authority_of, is_key_id, judge_date, target_of
from protocol.verdict import Accepted, Refused
from schemas.base import read_time, write_time
from schemas.lasting import end_of
from schemas.markup import plain_text
from schemas.place import Place, place_document
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal
from schemas.repeating import BadRule, Recurrence, how_often, read_rule, write_rule
from schemas.webfinger import is_activity_type, self_link
from tests.builders import START, council, ed25519_key
from tests.fuzz import samples
from tests.fuzz.registry import target

LOOKUP_KEY = council("riverside").lookup_key
_CELL = re.compile(r"8[0-8][0-9a-f]{13}")


def text_of(data: bytes) -> str:
    """Any text at all, half surrogate pairs among it: what a program may get from a header or from JSON of a lax parser."""
    return data.decode("utf-8", "surrogateescape")


@target(samples.documents, runs=600)
def strict_json_parse(data: bytes) -> None:
    """What is taken is what everybody else reads, has a canonical form, and is read from that again as the same."""
    value = strict_json.parse(data)
    if isinstance(value, Refused):
        return
    assert value == json.loads(data)
    assert strict_json.parse(canonical(value), max_nodes=20_000) == value


@target(samples.documents, runs=400)
def canonical_json(data: bytes) -> None:
    """The fast way writes what the slow one writes, and refuses what it refuses."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        expected = rfc8785.dumps(value)
    except (ValueError, TypeError, AttributeError, RecursionError):
        expected = None
    try:
        assert canonical(value) == expected
    except NotCanonical:
        assert expected is None or b"[" * 50 in data or data.count(b"{") > 50


@target(samples.addresses, runs=800)
def addresses(data: bytes) -> None:
    """Whoever reads an address that may be asked finds the same host in it; an origin is its own origin."""
    text = text_of(data)
    allowed = ids.Policy(frozenset({"localhost", "127.0.0.1:8101"})).permits(text)
    ids.actor_of_key(text), ids.has_query(text), judge_address(text, exempt=True)
    parsed = _parsed(text)
    try:
        origin = ids.origin_of(text)
    except ids.BadAddress:
        assert not allowed and parsed is None and not is_key_id(text) and not ids.same_origin(text, text)
        return
    assert ids.origin_of(origin) == origin == f"{origin.partition('://')[0]}://{authority_of(text)}"
    assert ids.host_of(text) in origin and ids.same_origin(text, origin)
    assert target_of(text).startswith("/")
    if parsed is not None:
        url, wanted = parsed
        assert f"{url.scheme}://{url.netloc.decode('ascii')}" == origin
        assert wanted.startswith(b"/") and not set(wanted) & set(b"\r\n \0")


@target(samples.moments, runs=600)
def moments(data: bytes) -> None:
    """A time is read or refused by ValueError, and written so that it is read as the same second."""
    text = text_of(data)
    try:
        moment = read_time(text)
    except ValueError:
        pass
    else:
        assert read_time(write_time(moment)) == moment.replace(microsecond=0)
    assert judge_date(text, now=int(START.timestamp())) is None or isinstance(judge_date(text, now=0), Refused)
    with suppress(Refusal):
        end_of(text, START, zone=UTC)
    outcome = after_attempt(
        status=503,
        failure=None,
        retry_after=text,
        attempts=3,
        first_queued=START,
        now=START,
        uniform=0.5,
        accepted_peer=True,
        settings=Schedule(),
    )
    assert outcome.at is not None and START < outcome.at <= START + timedelta(hours=1)


@target(lambda: [*samples.keys(), b"z" + b"1" * 30, b"z"], runs=500)
def multikeys(data: bytes) -> None:
    """One text for a key, and one key for a text."""
    text = text_of(data)
    try:
        found = multibase.decode(text)
    except multibase.BadMultibase:
        found = None
    if found is not None and len(found) <= multibase.MAX_BYTES:
        assert multibase.encode(found) == text
    for read, write in ((keys.decode_multikey, keys.encode_multikey), (keys.decode_pem, keys.encode_pem)):
        try:
            key = read(text)
        except keys.BadKey:
            continue
        assert read(write(key)) == key
        assert read is not keys.decode_multikey or write(key) == text
    with suppress(keys.BadKey):
        keys.decode_secret_multikey(text)
    read_key = coding.read_key(text)
    assert read_key is None or keys.encode_multikey(read_key) == text
    raw = coding.unb64(text)
    assert raw is None or coding.b64(raw) == text
    assert not coding.is_hash(text) or (raw is not None and len(raw) == 32)


@target(lambda: [" ".join(roots.words_of_key(ed25519_key(name))).encode() for name in ("one", "two")], runs=200)
def recovery_words(data: bytes) -> None:
    """Words are a key, or refused with a reason."""
    words = text_of(data).split()
    try:
        key = roots.key_of_words(words)
    except ValueError:
        return
    assert roots.words_of_key(key) == tuple(word.strip().lower() for word in words)


@target(samples.media_types, runs=400)
def media_types(data: bytes) -> None:
    """A type is parsed or is none; what fits was parsed."""
    text = text_of(data)
    parsed = parse_media_type(text)
    assert all(not media.fits(text) or parsed is not None for media in Media)
    is_activity_type(text)


@target(samples.digests, runs=400)
def digests(data: bytes) -> None:
    """A digest header belongs to a body, or is refused. No other body has it."""
    text = text_of(data)
    for judge in (digest.judge_digest, digest.judge_content_digest):
        if isinstance(judge(text, samples.BODY), Accepted):
            assert isinstance(judge(text, samples.BODY + b" "), Refused)


@target(samples.markup, runs=400)
def markup(data: bytes) -> None:
    """No tag is left of anybody's markup, and no line is empty."""
    text = plain_text(text_of(data))
    assert all(line.strip() for line in text.split("\n")) or text == ""


@target(samples.places, runs=300)
def places(data: bytes) -> None:
    """A place is read or refused; what h3 makes of its cell is no fault."""
    text = text_of(data)
    try:
        latitude, longitude = read_point(text)
    except ValueError:
        pass
    else:
        assert h3.is_valid_cell(h3.latlng_to_cell(latitude, longitude, 7))
    found = strict_json.parse(data)
    cells: list[str] = [cell for cell in found if isinstance(cell, str)] if isinstance(found, list) else [text]
    # Fifteen digits, as the shape of a place has them: only such come to be drawn.
    assert all(ring.count(",") >= 4 for ring in polygons(cell for cell in cells if _CELL.fullmatch(cell)))
    place = Place.read(found)
    if isinstance(place, Place):
        assert Place.read(place_document(place)).cell == place.cell  # type: ignore[union-attr]


@target(lambda: [b"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", b"FREQ=MONTHLY;BYDAY=1SA,-1SU;COUNT=9"], runs=400)
def rules_of_what_comes_back(data: bytes) -> None:
    """A rule is read or refused by BadRule; what is read is written as the same, is said, and comes in order until its end."""
    text = text_of(data)
    try:
        rule = read_rule(text)
    except BadRule:
        return
    assert read_rule(write_rule(rule)) == rule and how_often(rule)
    one = Recurrence(rule, START, ZoneInfo("Europe/Madrid"), START + timedelta(days=91))
    found = list(one.times())
    assert found == sorted(set(found)) and all(START <= at <= one.ends for at in found)
    assert one.next_after(START) == (found[0] if found else None)


@target(
    lambda: [
        "What;How many;Until\nSoup;2,5;31/3/2026\n".encode("utf-16"),
        'Qué,Tipo,Cerca\n"Pan, ayer",Pan,La plaza\n'.encode(),
        b"sep=\t\nTitle\tKind\tQuantity\n'=1+1\tneed\t1.000\n",
    ],
    runs=400,
)
def lists_from_spreadsheets(data: bytes) -> None:
    """A file is read or refused by name, and so is each of its rows; no cell holds more than the file did."""
    with suppress(Refusal):
        table = reading.table_of(reading.text_of(data))
        known = columns.known_columns(table, kinds.shipped())
        assert 0 < len(table.lines) <= reading.MOST_ROWS and set(known.where.values()) <= set(range(len(table.columns)))
        for line in table.lines:
            with suppress(Refusal, NotUnderstood):
                typed = columns.typed_of(line, known, {"direction": "need", "until": "week"})
                assert len(parse(ResourceForm, typed).title) <= len(data)


@target(samples.discoveries, runs=200)
def discoveries(data: bytes) -> None:
    """What a WebFinger answer and a refusal tell us, or that they tell nothing."""
    reason = reason_of(data)
    assert reason is None or len(reason) <= 40
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return
    link = self_link(value)
    assert isinstance(link, Refused) or link.startswith(("https://", "http://"))


@target(lambda: [pass_for(Resource(code="7KQM4V", link_hash="a" * 64), LOOKUP_KEY, now=START).encode()], runs=150)
def note_passes(data: bytes) -> None:
    """What a browser brings for a note that is open in it is read as we gave it, or not at all."""
    text = text_of(data)
    read = read_pass(text)
    if read is not None:
        code, until, mac = read
        assert numbers.read(code) == code and 0 <= until < 10**12 and len(mac) == 43
        assert text.startswith(f"{code}.") and text.endswith(f".{mac}")
    assert numbers.read(text) is None or len(numbers.read(text) or "") == numbers.SIGNS
