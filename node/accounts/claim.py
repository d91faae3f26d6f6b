"""Claiming a new server: the words of the link become a council with a name, its first neighbour and their server turn.

One step, so that it is done whole or not at all, and of two people with the same link one gets the council.
"""

from datetime import datetime

from sqlalchemy import Connection

from federation.council import Profile
from federation.ports import Randomness
from node.accounts.actions import add_member, make_sign_in_link, sign_in
from node.accounts.turns import KEEPER_WEEKS
from node.places import in_cell
from node.profile import claiming
from node.profile.keeping import ProfileForm, keep


def claim(
    connection: Connection,
    form: ProfileForm,
    *,
    secret: str,
    now: datetime,
    randomness: Randomness,
    weeks: int = KEEPER_WEEKS,
) -> str:
    """Claim with `secret`; returns the token of the first keeper's session, whose turn lasts `weeks`. Raises Refusal("claim")."""
    claiming.spend(connection, secret=secret, now=now)
    place = in_cell(form.point or None, name=form.near)
    keep(connection, Profile(form.name, form.language, form.summary, place), now=now)
    # Nobody is asked for a name: it can be added later, or stay blank.
    member = add_member(connection, name="", keeper=True, now=now, weeks=weeks)
    token = make_sign_in_link(connection, member_id=member, now=now, randomness=randomness)
    return sign_in(connection, token=token, now=now, randomness=randomness)
