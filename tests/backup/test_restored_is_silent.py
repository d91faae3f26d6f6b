"""A council that was put back from a backup says nothing in its feeds before its neighbours have spoken: it might fork them."""

from pathlib import Path

from federation.council import Council
from federation.feeds import kept as feeds
from federation.feeds import muting, own
from node.backup.contents import DATABASE
from node.backup.making import make
from node.backup.restoring import restore
from node.database import Store
from node.identity import load_identity
from tests.backup.councils import NOON, RANDOMNESS, URL, VERSION, Kept, settling
from tests.feeds.carrying import signed_roots


def _council(folder: Path) -> Council:
    identity = load_identity(folder)
    return Council(URL, name="Riverside", rsa=identity.rsa, ed25519=identity.ed25519, kinds={}, randomness=RANDOMNESS)


def test_what_was_put_back_is_silent_under_another_name(kept: Kept, tmp_path: Path) -> None:
    council = _council(kept.directory)
    line, epoch = signed_roots(council)
    before = Store.open(kept.directory / DATABASE)
    before.write_now(lambda c: own.begin(c, council, line=line, epoch=epoch, store_id="the first store", now=NOON))
    assert before.write_now(muting.muted_since) is None
    before.close()
    made = make(kept.settings, clock=kept.clock, version=VERSION)

    restore(made.file, tmp_path / "again", settle=settling(kept.clock), clock=kept.clock)

    again = Store.open(tmp_path / "again" / DATABASE)
    said = again.write_now(lambda c: own.end(c, council, audience="public", object_id=f"{URL}/o/1", now=NOON))
    assert again.write_now(muting.muted_since) == kept.clock.now()
    assert again.write_now(feeds.store_id) != "the first store"
    assert said is None
    again.close()
