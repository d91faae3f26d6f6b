"""The words for how soon, how bad, and how a call ended."""

from typing import Final

from schemas.phrase import Phrase, phrase
from schemas.records.alert import Ended
from schemas.records.answer import AnswerWord

URGENCY_WORDS: Final = {
    "Immediate": phrase("right now"),
    "Expected": phrase("soon"),
    "Future": phrase("later"),
    "Past": phrase("already past"),
    "Unknown": phrase("not known when"),
}
SEVERITY_WORDS: Final = {
    "Extreme": phrase("life is in danger"),
    "Severe": phrase("serious"),
    "Moderate": phrase("unpleasant"),
    "Minor": phrase("small"),
    "Unknown": phrase("not known how bad"),
}
ENDED_WORDS: Final = {
    Ended.OVER: phrase("over"),
    Ended.WITHDRAWN: phrase("taken back"),
    Ended.FALSE: phrase("false: nothing has happened"),
}
ENDED_SENTENCES: Final = {
    Ended.OVER: phrase("This is over. Nobody needs to come any more."),
    Ended.WITHDRAWN: phrase("This call has been taken back. Nobody needs to come."),
    Ended.FALSE: phrase("This call was false. Nothing has happened."),
}
ANSWER_WORDS: Final = {
    AnswerWord.COME: phrase("We come"),
    AnswerWord.HEARD: phrase("We heard"),
    AnswerWord.CANNOT: phrase("We cannot"),
}


def ended_words(ended: str) -> Phrase:
    """In a word or two."""
    return ENDED_WORDS[Ended(ended)] if ended else ENDED_WORDS[Ended.OVER]


def ended_sentence(ended: str) -> Phrase:
    """As it stands on top of the page."""
    return ENDED_SENTENCES[Ended(ended)] if ended else ENDED_SENTENCES[Ended.OVER]
