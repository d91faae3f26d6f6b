"""What checking a record can find: a word that stays, whether it is well, and one plain sentence.

Each finding is a constant without values in it, so that every one of them can be said in other languages.
"""

from dataclasses import dataclass
from enum import Enum


class Finding(Enum):
    """`word` names the fault that is looked for; `passed` is None where it cannot be known from a file."""

    READ = "wrong-shape", True, "The file is the record of a resolution."
    TOO_LARGE = "too-large", False, "The file is larger than any record of a resolution."
    NOT_JSON = "malformed", False, "The file is not valid JSON, or it can be read in more than one way."
    NOT_A_RECORD = "wrong-shape", False, "The file is not the record of a resolution that is known here."
    NOT_A_RESOLUTION = "wrong-shape", False, "What the file holds is not a resolution as assemblies send one."
    NOT_A_RULE = (
        "wrong-shape",
        False,
        "The rule of the resolution cannot be counted by, or has members that are not known here.",
    )
    NOBODY_ASKED = "wrong-shape", False, "The file holds answers to a resolution that asks nobody."

    OWNED = "not-owner", True, "The resolution belongs to the assembly that sends it."
    NOT_OWNED = "not-owner", False, "The resolution is not that of the assembly that sends it."
    NOT_AMONG_THEM = "not-owner", False, "The assembly that proposes is not among those whose answers count."

    TEXT_HOLDS = "other-text", True, "The text is the one that the digest stands for, word for word."
    TEXT_CHANGED = (
        "other-text",
        False,
        "The text or its rule is not the one that the digest stands for: something was changed.",
    )

    SIGNED = "bad-proof", True, "The resolution is signed with the key of its assembly, and nothing was changed since."
    NOT_SIGNED = (
        "bad-proof",
        False,
        "The signature does not fit the resolution: something was changed, or another wrote it.",
    )
    NO_KEY = (
        "unknown-key",
        False,
        "The file does not hold the key of this assembly, so its signature cannot be checked.",
    )

    KEY_KNOWN = "unknown-key", True, "This assembly's key is the one that is known here."
    KEY_AS_FILED = (
        "unknown-key",
        None,
        "Whether this is the assembly's key cannot be known from the file: compare the six words.",
    )
    KEY_RETIRED = (
        "unknown-key",
        None,
        "This assembly's key is one that it gave up since; whether it was used before that cannot be known.",
    )
    KEY_DIFFERS = "unknown-key", False, "This assembly's key is not the one that is known here."
    KEY_NOT_OF_RULE = "unknown-key", False, "The file names another key for this assembly than the rule does."
    KEY_SHARED = "unknown-key", False, "The rule gives this assembly the same key as another one."

    ANSWERS_SIGNED = "bad-proof", True, "Every answer in the file is signed by the assembly that gives it."
    ANSWER_FORGED = (
        "bad-proof",
        False,
        "This answer was changed, or somebody else than its assembly wrote it. It does not count.",
    )
    ANSWER_BROKEN = "wrong-shape", False, "This is no answer to the resolution. It does not count."
    ANSWER_NOT_THEIRS = (
        "not-owner",
        False,
        "This answer is in the name of another assembly than its own. It does not count.",
    )
    ANSWER_TO_OTHER_TEXT = (
        "other-text",
        False,
        "This answer is to other words than those in the file. It does not count.",
    )
    ANSWER_TWICE = "id-reused", False, "Under this address two different answers are signed by the same key."

    CLOSED_EARLY = "early-end", True, "It was closed early, and every assembly had answered by then."
    NOT_CLOSED = "early-end", False, "It is said to be closed early, but not every assembly had answered by then."

    OUTCOME_HOLDS = "other-outcome", True, "What the proposing assembly says came of it is what the answers say."
    OUTCOME_NOT_SAID = (
        "other-outcome",
        None,
        "The end has passed, and the proposing assembly had not said yet what came of it.",
    )
    OUTCOME_DIFFERS = "other-outcome", False, "What the proposing assembly says came of it is not what the answers say."
    OUTCOME_TOO_SOON = "other-outcome", False, "The proposing assembly said what came of it before the end."

    IN_TIME = "ahead", True, "Nothing in the file is dated later than the file itself."
    AHEAD = "ahead", False, "Something in the file is dated later than the file itself."
    FILE_AHEAD = "ahead", False, "The file is dated in the future."

    OTHERS_MISSING = (
        "incomplete",
        None,
        "Whether an assembly has said something that is not in the file cannot be known from it.",
    )
    OWN_WORD = (
        "own-word",
        None,
        "What happened in a gathering is the word of those who were there: no file can show that.",
    )

    def __init__(self, word: str, passed: bool | None, sentence: str) -> None:
        self.word = word
        self.passed = passed
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `about` is the council or the answer that it is about, by its address, or empty for the whole."""

    finding: Finding
    about: str = ""

    @property
    def word(self) -> str:
        """The fault that was looked for, as one stable word."""
        return self.finding.word

    @property
    def passed(self) -> bool | None:
        """True where all is well, False where it is not, None where it cannot be known here."""
        return self.finding.passed

    @property
    def sentence(self) -> str:
        """What was found, for people."""
        return self.finding.sentence
