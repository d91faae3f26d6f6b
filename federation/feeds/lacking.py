"""What somebody holds of feeds and we do not, as ranges to ask for."""

from collections.abc import Sequence

from sqlalchemy import Connection

from federation.feeds import applying, kept, questions


def missing(
    connection: Connection, heads: Sequence[questions.Head], but: frozenset[str] = frozenset()
) -> list[questions.Range]:
    """What lies between our heads and these, as ranges; a newer epoch from its beginning."""
    found = []
    for head in heads:
        if head.feed in but:
            continue
        row = kept.feed(connection, head.feed)
        if row is None and head.actor and not applying.listened_to(connection, head.actor):
            continue
        first = 1 if row is None or row["epoch"] < head.epoch else row["seq"] + 1
        older = row is not None and row["epoch"] > head.epoch
        if not older and first <= head.seq:
            found.append(questions.Range(feed=head.feed, epoch=head.epoch, first=first, last=head.seq))
    return found
