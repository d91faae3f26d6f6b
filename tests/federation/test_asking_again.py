"""Asking a council once more, after its keys were changed before it had heard from us: the words that were compared last count."""

from sqlalchemy import Connection, text

from federation import peers
from federation.council import Council
from federation.introductions import Introduction
from federation.keyring import KeyPair
from federation.ourselves import council_document
from schemas.actor import TheirActor
from tests import builders
from tests.builders import START


def _introduction(council: Council) -> Introduction:
    theirs = TheirActor.read(council_document(council, council.profile))
    assert isinstance(theirs, TheirActor)
    return Introduction.of(theirs)


def _change_keys(council: Council) -> None:
    pair = KeyPair(2, council.rsa, builders.ed25519_key("hilltop 2"))
    council.keyring = council.keyring.followed_by(pair, at=START)


def _pinned(connection: Connection) -> str:
    return str(connection.execute(text("SELECT ed25519_multibase FROM peer")).scalar_one())


def test_the_key_of_the_second_asking_takes_the_place_of_that_of_the_first() -> None:
    riverside, hilltop = builders.council("riverside"), builders.council("hilltop")
    with builders.database() as connection:
        peers.ask(connection, riverside, introduction=_introduction(hilltop), now=START)
        first = _pinned(connection)
        _change_keys(hilltop)

        peers.ask(connection, riverside, introduction=_introduction(hilltop), now=START)

        assert first != _pinned(connection) == hilltop.multibase
