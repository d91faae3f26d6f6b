"""The words that pages of resolutions use, in one place so that all say the same."""

from typing import Final

from schemas.phrase import Phrase, phrase
from schemas.records.deciding import Domain, Method

METHOD_WORDS: Final[dict[str, Phrase]] = {
    Method.CONSENT: phrase("no objections left"),
    Method.MAJORITY: phrase("by majority"),
    Method.TWO_THIRDS: phrase("by two thirds"),
    Method.CONSENSUS_MINUS_ONE: phrase("all but one"),
    Method.ADVISORY: phrase("as advice only"),
}
METHODS: Final = [(str(method), words) for method, words in METHOD_WORDS.items()]

DOMAIN_WORDS: Final[dict[str, Phrase]] = {
    Domain.HOUSING: phrase("Housing"),
    Domain.SAFETY: phrase("Safety"),
    Domain.MAINTENANCE: phrase("Upkeep and repairs"),
    Domain.CARE: phrase("Care and company"),
    Domain.FOOD: phrase("Food"),
    Domain.CONFLICT: phrase("Disputes"),
    Domain.LEARNING: phrase("Learning"),
    Domain.MONEY: phrase("Money"),
    Domain.RULES: phrase("Our own rules"),
    Domain.OTHER: phrase("Something else"),
}
DOMAINS: Final = [(str(domain), words) for domain, words in DOMAIN_WORDS.items()]

VIEWS: Final = [
    ("now", phrase("Now")),
    ("in-force", phrase("In force")),
    ("deciding", phrase("Being decided")),
    ("review", phrase("To be looked at again")),
    ("waiting", phrase("Waiting for an answer")),
    ("all", phrase("All")),
]

STEPS: Final[dict[str, Phrase]] = {
    "idea": phrase("Put on the table"),
    "text": phrase("Words changed"),
    "notice": phrase("Put out for reading"),
    "open": phrase("Opened, to be decided"),
    "asked": phrase("Put to nearby councils"),
    "written": phrase("Written down as agreed"),
    "adopted": phrase("Agreed"),
    "seconded": phrase("Confirmed by a second person who was there"),
    "refused": phrase("Not agreed"),
    "dropped": phrase("Dropped"),
    "renewed": phrase("Looked at again: it goes on"),
    "ended": phrase("Ended by a gathering"),
    "delivered": phrase("Brought to the one it is addressed to"),
    "answered": phrase("Answered"),
}

OUTCOMES: Final = [
    ("agreed", phrase("Agreed"), ""),
    ("not-agreed", phrase("Not agreed"), ""),
]

OUTCOME_LABELS: Final[dict[str, Phrase]] = {
    "outcome": phrase("What came of it"),
    "method": phrase("How it was decided"),
    "decided_at": phrase("Day of the gathering"),
    "present": phrase("How many were there"),
    "stand_asides": phrase("How many stood aside"),
    "what": phrase("What spoke against it"),
    "met": phrase("How that was met"),
    "review_on": phrase("Look at it again on"),
    "carried_out_by": phrase("Who carries it out"),
}
"""The fields of an outcome in their order: on the printed sheet, and in the form into which it is typed."""

SENTENCES: Final = {
    "title": phrase("Say in a few words what was decided."),
    "text": phrase("Write the words that were agreed."),
    "decided_at": phrase("On which day was the gathering? Write it as 2026-12-01."),
    "present": phrase("How many were there? A whole number, 1 or more."),
    "stand_asides": phrase("How many stood aside? A whole number, or leave it empty."),
    "review_on": phrase("On which day will it be looked at again? Write it as 2026-12-01, or leave it empty."),
    "until": phrase("Until which day can it be read? Write it as 2026-12-01."),
    "delivered_on": phrase("On which day was it brought there? Write it as 2026-12-01, or leave it empty."),
    "answered_on": phrase("On which day did they answer? Write it as 2026-12-01, or leave it empty."),
    "answer": phrase("Please shorten the words a little."),
    "method": phrase("Choose how it was decided."),
    "outcome": phrase("Choose what came of it."),
    "domain": phrase("Choose a part from the list."),
    "near": phrase("Name a place in a few words, or leave it empty."),
    "carried_out_by": phrase("Say in a few words who carries it out, or leave it empty."),
    "campaign": phrase("Name the campaign in a few words, or leave it empty."),
    "addressee": phrase("Say in a few words who it is addressed to, or leave it empty."),
    "audience": phrase("Choose who can see this."),
}
IDEA_SENTENCES: Final = SENTENCES | {
    "title": phrase("Say in a few words what it is about."),
    "text": phrase("Write the words that the gathering is asked to agree to."),
}
