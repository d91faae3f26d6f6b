"""What is done to a council's folder that came out of a backup, before it is served: nobody is signed in there any more.

A backup may have been in other hands. Sessions, sign-in links and invites in it end here, so that a copy lets nobody in.
Codes on paper, passkeys and passwords stay, since their owners may have nothing else. One fresh link is made for whoever has
the server turn. This module must never be pointed at a folder that is being served.
"""

from pathlib import Path

from sqlalchemy import Connection

from federation.feeds import muting
from federation.ports import Clock, Randomness
from federation.tables import table_of
from node.accounts import turns
from node.accounts.actions import make_sign_in_link
from node.accounts.tables import Invite, Session, SignInLink
from node.backup.contents import DATABASE
from node.database import Store
from node.migrations.run import upgrade
from protocol.feeds.coding import b64


def settle(folder: Path, *, clock: Clock, randomness: Randomness) -> str | None:
    """Bring the tables in `folder` up to date, end what signs in, and return the token of a fresh sign-in link.

    None if nobody who is still here ever had the server turn. Raises UpgradeRefused, StoreFault.
    """
    upgrade(folder / DATABASE)
    now = clock.now()

    def step(connection: Connection) -> str | None:
        for table in (table_of(Session), table_of(SignInLink)):
            connection.execute(table.delete())
        # An old copy must not sign where its council signed already: silent until neighbours have given back what it forgot.
        muting.mute(connection, store_id=b64(randomness.bytes(12)), now=now)
        invites = table_of(Invite)
        connection.execute(invites.update().where(invites.c.ended_at.is_(None)).values(ended_at=now))
        held = turns.held_turns(connection)
        whose = turns.keepers(held, now) or turns.caretakers(held, now)
        if not whose:
            return None
        return make_sign_in_link(connection, member_id=min(whose), now=now, randomness=randomness)

    store = Store.open(folder / DATABASE)
    try:
        return store.write_now(step)
    finally:
        store.close()
