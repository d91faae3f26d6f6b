"""What somebody holds of feeds and we do not, as ranges to ask for."""

from collections.abc import Sequence

from sqlalchemy import Connection

from federation.feeds import applying, kept, own, questions


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


def longer_elsewhere(connection: Connection, heads: Sequence[questions.Head]) -> set[str]:
    """Feeds of our own that somebody holds more of than we do, while we speak: then this store is an old copy."""
    if own.muted(connection):
        return set()
    found = set()
    for head in heads:
        row = kept.feed(connection, head.feed)
        if row is not None and row["ours"] and (head.epoch, head.seq) > (row["epoch"], row["seq"]):
            found.add(head.feed)
    return found
