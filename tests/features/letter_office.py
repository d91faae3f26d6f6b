"""A council with a mail server of its own, and what its letters loop does: where tests about letters begin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from federation.tables import table_of
from node.accounts.tables import Member
from node.feature import Bench
from node.features.resources import actions, reckoning
from node.features.resources.letters import contact, writing
from node.features.resources.letters.matters import About
from node.features.resources.letters.posting import Posting
from node.features.resources.promises import keeping
from node.features.resources.promises.keeping import Proposal
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.post import SmtpPost
from node.settings import Settings
from schemas.records.resource import ResourceForm
from tests.features.village import START, Village, offer, village_in
from tests.mail_server import Got, MailServer, mail_server

ROSA = "rosa@somewhere.example"
EVENING = 8 * 3600
"""From the START of tests (10 o'clock in Madrid, a Monday) to the hour of the daily letter."""

DAY = 24 * 3600


@dataclass
class Office:
    """`village` with letters on; `server` takes them; `posting` is the loop, one step at a time."""

    village: Village
    server: MailServer
    posting: Posting
    read: int = field(default=0)

    async def goes(self) -> list[Got]:
        """What is due goes; the letters that came of it."""
        await self.posting.send_what_is_due()
        new, self.read = self.server.got[self.read :], len(self.server.got)
        return new

    async def goes_after(self, seconds: float) -> list[Got]:
        self.village.clock.advance(seconds)
        return await self.goes()

    def asks(self, *, address: str = ROSA, language: str = "es", confirmed: bool = True, **given: Any) -> Resource:
        """Somebody without an account asks for six fans, and leaves an address."""
        acting = self.village.acting()
        form = ResourceForm.model_validate(
            offer(**{"direction": "need", "title": "Six fans for Rosa", "quantity": "6", "until": "week", **given})
        )
        row = self.village.do(lambda c: actions.keep_asked(c, form, acting, told_by="web"))
        number = row.id or 0
        self.village.do(lambda c: contact.given(c, acting, resource_id=number, address=address, language=language))
        if confirmed:
            self.village.do(lambda c: writing.forget(c, resource_id=number))
            self.sets("resource", number, contact_ok_at=START)
        return self.now(row)

    def neighbour(self, address: str = "", *, how: str = "daily", confirmed: bool = True, name: str = "Amina") -> int:
        """A member; with an address where one is given."""
        member = self.village.member(name)
        if address:
            acting = self.village.acting(member)
            self.village.do(lambda c: contact.own(c, acting, address=address, how=how))
        if address and confirmed:
            self.village.do(lambda c: writing.forget(c, member_id=member))
            self.sets("member", member, mail_ok_at=START)
        return member

    def promises(self, row: Resource, member: int, *, state: State = State.PROPOSED) -> Promise:
        """A promise of two, told to whoever asked."""
        acting = self.village.acting(member)
        proposal = Proposal(ends_at=row.ends_at, resource_id=row.id, by_member=member, amount="2", unit=row.unit)
        made = self.village.do(lambda c: keeping.add(c, acting, proposal, state))
        self.tells(row, About.PROMISE_MADE)
        return made

    def tells(self, row: Resource, about: About, *, member: int | None = None) -> None:
        acting = self.village.acting()
        if member is None:
            by = {"by_member": row.by_member} if row.by_member else {}
            known = self.now(row).model_copy(update=by)
            self.village.do(lambda c: writing.write_to_owner(c, acting, known, about=about))
        else:
            self.village.do(lambda c: writing.write(c, acting, about=about, resource_id=row.id, member_id=member))

    def sets(self, table: str, number: int, **values: Any) -> None:
        chosen = table_of(Resource if table == "resource" else Member)
        self.village.do(lambda c: c.execute(chosen.update().where(chosen.c.id == number).values(**values)))

    def now(self, row: Resource) -> Resource:
        return self.village.see(lambda c: reckoning.found(c, row.id or 0))

    def waiting(self) -> list[str]:
        """What is queued, by its words."""
        return [one.about for one in self.village.rows("SELECT about FROM letter ORDER BY id")]


@asynccontextmanager
async def letter_office(folder: Path, **given: Any) -> AsyncIterator[Office]:
    """`given` goes to the mail server."""
    async with mail_server(**given) as server:
        mail = {"host": "127.0.0.1", "port": server.port, "security": "none", "from_address": "us@riverside.example"}
        with village_in(folder, mail=mail) as village:
            yield Office(village, server, posting_of(village, village.site.settings))


def posting_of(village: Village, settings: Settings) -> Posting:
    site, way_out = village.site, SmtpPost(settings)
    return Posting(Bench(settings, site.council, site.store, site.clock, site.randomness, way_out), way_out)
