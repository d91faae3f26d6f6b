"""The five answers of a council, as somebody chooses one: from full agreement to an objection."""

from typing import Final

from schemas.phrase import Phrase, phrase
from schemas.records.stance import StanceVerb

ANSWER_CHOICES: Final[tuple[tuple[str, Phrase, Phrase], ...]] = (
    (StanceVerb.ACCEPT.value, phrase("We agree"), phrase("Nothing speaks against it.")),
    (
        StanceVerb.TENTATIVE_ACCEPT.value,
        phrase("We agree, with reservations"),
        phrase("It counts as agreeing. Say below what the others should know."),
    ),
    (
        StanceVerb.IGNORE.value,
        phrase("We say neither yes nor no"),
        phrase("We have talked about it, and leave it to the others."),
    ),
    (
        StanceVerb.TENTATIVE_REJECT.value,
        phrase("We have doubts"),
        phrase("It does not count as agreeing, and it stands in nobody's way."),
    ),
    (
        StanceVerb.REJECT.value,
        phrase("We object"),
        phrase("It counts as an objection. Say below what would have to change."),
    ),
)
