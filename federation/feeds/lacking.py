"""What somebody holds of feeds and we do not, as ranges to ask for."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping

from federation.council import Council
from federation.feeds import applying, kept, questions


def missing(
    connection: Connection, *, council: Council, heads: Sequence[questions.Head], but: frozenset[str] = frozenset()
) -> list[questions.Range]:
    """What lies between our heads and these, as ranges; a newer epoch from its beginning."""
    found = []
    for head in heads:
        if head.feed in but:
            continue
        row = kept.feed(connection, head.feed)
        if row is None and head.actor and not applying.concerns(connection, council, actor=head.actor, feed=head.feed):
            continue
        if row is not None and row["frozen_seq"] is not None and row["epoch"] == head.epoch:
            continue
        first = 1 if row is None or row["epoch"] < head.epoch else row["seq"] + 1
        older = row is not None and row["epoch"] > head.epoch
        if not older and first <= head.seq:
            found.append(questions.Range(feed=head.feed, epoch=head.epoch, first=first, last=head.seq))
        elif row is not None and not older and _is_another(connection, row, head):
            found.append(questions.Range(feed=head.feed, epoch=head.epoch, first=head.seq, last=head.seq))
    return found


def _is_another(connection: Connection, row: RowMapping, head: questions.Head) -> bool:
    """Whether we hold another entry at the place of their head: once it was fetched, the two prove a fork."""
    if head.seq == row["seq"]:
        return bool(row["head"] != head.id)
    held = kept.at(connection, feed_id=row["id"], epoch=head.epoch, seq=head.seq)
    return held is not None and bool(held["entry_id"] != head.id)
