"""What checking a resolution has found, as it is said on a page: each finding in the words of the house."""

from typing import Final

from protocol.agreement.findings import Finding
from schemas.phrase import Phrase, phrase

FOUND: Final[dict[Finding, Phrase]] = {
    Finding.READ: phrase("The file is the record of a resolution."),
    Finding.TOO_LARGE: phrase("The file is larger than any record of a resolution."),
    Finding.NOT_JSON: phrase("The file is not valid JSON, or it can be read in more than one way."),
    Finding.NOT_A_RECORD: phrase("The file is not the record of a resolution that is known here."),
    Finding.NOT_A_RESOLUTION: phrase("What the file holds is not a resolution as assemblies send one."),
    Finding.NOT_A_RULE: phrase(
        "The rule of the resolution cannot be counted by, or has members that are not known here."
    ),
    Finding.NOBODY_ASKED: phrase("The file holds answers to a resolution that asks nobody."),
    Finding.OWNED: phrase("The resolution belongs to the assembly that sends it."),
    Finding.NOT_OWNED: phrase("The resolution is not that of the assembly that sends it."),
    Finding.NOT_AMONG_THEM: phrase("The assembly that proposes is not among those whose answers count."),
    Finding.TEXT_HOLDS: phrase("The text is the one that the digest stands for, word for word."),
    Finding.TEXT_CHANGED: phrase(
        "The text or its rule is not the one that the digest stands for: something was changed."
    ),
    Finding.SIGNED: phrase("The resolution is signed with the key of its assembly, and nothing was changed since."),
    Finding.NOT_SIGNED: phrase(
        "The signature does not fit the resolution: something was changed, or another wrote it."
    ),
    Finding.NO_KEY: phrase("The file does not hold the key of this assembly, so its signature cannot be checked."),
    Finding.KEY_KNOWN: phrase("This assembly's key is the one that is known here."),
    Finding.KEY_AS_FILED: phrase(
        "Whether this is the assembly's key cannot be known from the file: compare the six words."
    ),
    Finding.KEY_RETIRED: phrase(
        "This assembly's key is one that it gave up since; whether it was used before that cannot be known."
    ),
    Finding.KEY_DIFFERS: phrase("This assembly's key is not the one that is known here."),
    Finding.KEY_NOT_OF_RULE: phrase("The file names another key for this assembly than the rule does."),
    Finding.KEY_SHARED: phrase("The rule gives this assembly the same key as another one."),
    Finding.ANSWERS_SIGNED: phrase("Every answer in the file is signed by the assembly that gives it."),
    Finding.ANSWER_FORGED: phrase(
        "This answer was changed, or somebody else than its assembly wrote it. It does not count."
    ),
    Finding.ANSWER_BROKEN: phrase("This is no answer to the resolution. It does not count."),
    Finding.ANSWER_NOT_THEIRS: phrase(
        "This answer is in the name of another assembly than its own. It does not count."
    ),
    Finding.ANSWER_TO_OTHER_TEXT: phrase("This answer is to other words than those in the file. It does not count."),
    Finding.ANSWER_TWICE: phrase("Under this address two different answers are signed by the same key."),
    Finding.CLOSED_EARLY: phrase("It was closed early, and every assembly had answered by then."),
    Finding.NOT_CLOSED: phrase("It is said to be closed early, but not every assembly had answered by then."),
    Finding.OUTCOME_HOLDS: phrase("What the proposing assembly says came of it is what the answers say."),
    Finding.OUTCOME_NOT_SAID: phrase(
        "The end has passed, and the proposing assembly had not said yet what came of it."
    ),
    Finding.OUTCOME_DIFFERS: phrase("What the proposing assembly says came of it is not what the answers say."),
    Finding.OUTCOME_TOO_SOON: phrase("The proposing assembly said what came of it before the end."),
    Finding.IN_TIME: phrase("Nothing in the file is dated later than the file itself."),
    Finding.AHEAD: phrase("Something in the file is dated later than the file itself."),
    Finding.FILE_AHEAD: phrase("The file is dated in the future."),
    Finding.OTHERS_MISSING: phrase(
        "Whether an assembly has said something that is not in the file cannot be known from it."
    ),
    Finding.OWN_WORD: phrase(
        "What happened in a gathering is the word of those who were there: no file can show that."
    ),
}
