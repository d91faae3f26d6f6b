"""Comparing what two councils hold of thousands of others, in the tables that they really have."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from federation.feeds import questions
from federation.ports import OutgoingResponse
from tests import builders
from tests.feeds import crowd
from tests.feeds.carrying import Town, link, talk

COUNCILS = 1_000
CHANGED = 100


@dataclass
class Weighed(Town):
    """A council that notes how many bytes each question and its answer have."""

    weighed: list[tuple[str, int]] = field(default_factory=list)

    def answer(self, path: str, body: bytes, *, asker: str) -> OutgoingResponse:
        answer = super().answer(path, body, asker=asker)
        self.weighed.append((path, len(body) + len(answer.body)))
        return answer


@dataclass
class Two:
    """A neighbour that carries the feeds of thousands, a reader that holds the very same, and the feeds."""

    carrier: Weighed
    reader: Town
    feeds: list[crowd.Feed]


@pytest.fixture(scope="module")
def two(scale: int) -> Iterator[Two]:
    carrier, reader = Weighed("carrier").begin(), Town("reader")
    feeds = [crowd.Feed(council) for council in crowd.publishers(min(5, scale) * COUNCILS)]
    for feed in feeds:
        carrier.write(feed.begin)
    reader.connection.close()
    reader.connection = builders.open_database(builders.snapshot(carrier.connection))
    reader.connection.exec_driver_sql("UPDATE feed SET ours = 0")
    for feed in feeds[:: len(feeds) // CHANGED]:
        link(reader.connection, feed.council, now=reader.now)
    reader.knows(carrier)
    carrier.knows(reader)
    talk(reader, carrier)
    yield Two(carrier, reader, feeds)
    carrier.connection.close()
    reader.connection.close()


def test_that_nothing_differs_is_one_question_and_less_than_a_kilobyte(two: Two) -> None:
    two.carrier.weighed.clear()

    told = talk(two.reader, two.carrier)

    assert told.agreed and told.taken == 0
    ((path, weight),) = two.carrier.weighed
    assert path == questions.HELLO and weight <= 1_000


def test_which_hundred_of_thousands_have_changed_is_found_with_two_questions_in_forty_kilobytes(two: Two) -> None:
    two.carrier.weighed.clear()
    for feed in two.feeds[:: len(two.feeds) // CHANGED]:
        two.carrier.write(lambda c, feed=feed: feed.say(c, 1))
    # Another copy of the neighbour's store: what was read there before says nothing of what is new.
    two.carrier.connection.exec_driver_sql("UPDATE store_mark SET store_id = 'another'")

    told = talk(two.reader, two.carrier)

    assert told.agreed and told.taken == CHANGED, told
    finding = [weight for path, weight in two.carrier.weighed if path == questions.HEADS]
    fetching = [path for path, _ in two.carrier.weighed if path == questions.RANGES]
    assert len(finding) == 2 and sum(finding) <= 40_000
    assert len(fetching) == 1
    print(f"{len(two.feeds)} councils, {CHANGED} changed: {sum(finding)} bytes in {len(finding)} questions")
