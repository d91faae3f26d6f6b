"""The council's own rules about giving and asking: what they are when nobody has said otherwise, and what was decided instead."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from federation.tables import table_of
from node.feature import Acting
from node.profile.tables import CouncilRule
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

WITHOUT_ACCOUNT: Final = "without-account"
UNHELD_AFTER_HOURS: Final = "unheld-after-hours"
AGEING_AFTER_DAYS: Final = "ageing-after-days"
PRIORITIES: Final = "priorities"

DEFAULTS: Final[dict[str, str]] = {
    WITHOUT_ACCOUNT: "held",
    UNHELD_AFTER_HOURS: "24",
    AGEING_AFTER_DAYS: "7",
    PRIORITIES: "",
}
"""`without-account`: what becomes of a note by somebody without an account: "shown" at once, "held" until a neighbour has read
it, or "off". `priorities`: what comes first when not everything can be done, as words with a space between; whoever sets it judges
them. The others are whole numbers."""

_CHOICES: Final = {WITHOUT_ACCOUNT: frozenset({"shown", "held", "off"})}
_MOST: Final = 1_000
_LONGEST: Final = 200
_RULES: Final = table_of(CouncilRule)


def rule(connection: Connection, name: str) -> str:
    """The value of a rule. Raises KeyError for a name that is none."""
    usual = DEFAULTS[name]
    kept = connection.execute(_RULES.select().where(_RULES.c.name == name)).mappings().first()
    return usual if kept is None else str(kept["value"])


def decided(connection: Connection) -> dict[str, tuple[str, str, datetime]]:
    """The rules that somebody has set: name to value, resolution and when."""
    rows = connection.execute(_RULES.select().order_by(_RULES.c.name)).mappings()
    return {row["name"]: (row["value"], row["because"], row["changed_at"]) for row in rows if row["name"] in DEFAULTS}


def set_rule(connection: Connection, acting: Acting, *, name: str, value: str, because: str = "") -> None:
    """Say what a rule is from now on, and from which resolution. Raises Refusal("rule") for what is none of its values."""
    member_id = acting.viewer.require(Right.SET_UP)
    if name not in DEFAULTS or not _allowed(name, value):
        raise Refusal("rule", name, sentence=phrase("This rule does not take that value."))
    values = {"value": value, "because": because, "by_member": member_id, "changed_at": acting.now}
    changed = connection.execute(_RULES.update().where(_RULES.c.name == name).values(**values))
    if changed.rowcount == 0:
        connection.execute(_RULES.insert().values(name=name, **values))


def _allowed(name: str, value: str) -> bool:
    if name in _CHOICES:
        return value in _CHOICES[name]
    if name == PRIORITIES:
        return len(value) <= _LONGEST
    return value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= _MOST and len(value) <= 4
