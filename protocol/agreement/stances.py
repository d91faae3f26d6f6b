"""From signed activities to what is counted: a council's answer to a text, or the taking back of one, judged by itself.

Whether a proof holds is judged for the moment that the answer itself names, so that it never depends on who looks, or when.
Never looks anything up: the key is the one in the rule, which is part of what was agreed. Source: background/protocol.md 4.4.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from protocol.agreement.rule import Rule, is_address, moment
from protocol.agreement.tally import Given, LeftOut, Stance, Tally, Why, tally
from protocol.ids import same_origin
from protocol.keys import PublicKey
from protocol.proof import judge_proof_claim, proof_of
from protocol.verdict import Accepted, Reason, Refused

DIGEST: Final = "comarca:textDigest"
_DIGEST_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_STANCES: Final[dict[str, Stance]] = {stance.value: stance for stance in Stance}

_NOT_AN_ANSWER = Refused(Reason.WRONG_SHAPE, "The activity is not an answer to a text, nor the taking back of one.")
_ANOTHER_RESOLUTION = Refused(Reason.WRONG_SHAPE, "The activity answers another resolution.")
_OTHER_ORIGIN = Refused(Reason.NOT_OWNER, "The id of an answer is not on its council's origin.")
_NOT_THEIR_ANSWER = Refused(Reason.NOT_OWNER, "An answer is taken back by another council than the one that gave it.")
_NOT_ASKED = Refused(Reason.NOT_OWNER, "This council is not asked for an answer.")
_OTHER_TEXT = Refused(Reason.OTHER_TEXT, "The answer is to another text than the one that is held.")
_OTHER_ACTOR = Refused(Reason.BAD_PROOF, "The key of the proof belongs to another actor.")
_NO_KEY = Refused(Reason.BAD_PROOF, "There is no key that the proof could be held against.")


@dataclass(frozen=True, slots=True)
class Fault:
    """An activity that is not counted because of what it is: its id and actor, as far as it names them, and the refusal."""

    id: str
    actor: str
    refused: Refused


@dataclass(frozen=True, slots=True)
class Gathered:
    """What `tally` is given, and what it must not see. `given` holds also answers of councils that nobody asked, unproven."""

    given: tuple[Given, ...]
    faults: tuple[Fault, ...]


def read_given(document: object, *, resolution: str) -> Given | Refused:
    """The answer to `resolution` (its address), or its taking back, in an activity; nothing of it is proven.

    Refuses WRONG_SHAPE for anything else, and NOT_OWNER where an id or an answer taken back is another council's. Never raises.
    """
    if not isinstance(document, Mapping):
        return _NOT_AN_ANSWER
    verb, answered = document.get("type"), document.get("object")
    if verb == "Undo":
        return _read_undo(document, answered, resolution=resolution)
    stance = _stance(verb)
    if stance is None or not isinstance(answered, str):
        return _NOT_AN_ANSWER
    if answered != resolution:
        return _ANOTHER_RESOLUTION
    return _read(document, digest=document.get(DIGEST), stance=stance)


def _read_undo(document: Mapping[str, object], answered: object, *, resolution: str) -> Given | Refused:
    if not isinstance(answered, Mapping) or not is_address(answered.get("id")):
        return _NOT_AN_ANSWER
    if _stance(answered.get("type")) is None:
        return _NOT_AN_ANSWER
    if answered.get("object") != resolution:
        return _ANOTHER_RESOLUTION
    if answered.get("actor") != document.get("actor"):
        return _NOT_THEIR_ANSWER
    return _read(document, digest=answered.get(DIGEST), undoes=str(answered["id"]))


def _stance(verb: object) -> Stance | None:
    return _STANCES.get(verb) if isinstance(verb, str) else None


def _read(
    document: Mapping[str, object], *, digest: object, stance: Stance | None = None, undoes: str | None = None
) -> Given | Refused:
    id_, actor, published = document.get("id"), document.get("actor"), moment(document.get("published"))
    if not isinstance(id_, str) or not isinstance(actor, str) or not is_address(id_) or not is_address(actor):
        return _NOT_AN_ANSWER
    if not isinstance(digest, str) or not _DIGEST_TEXT.fullmatch(digest) or published is None:
        return _NOT_AN_ANSWER
    if not same_origin(id_, actor) or not (undoes is None or same_origin(undoes, actor)):
        return _OTHER_ORIGIN
    return Given(id=id_, actor=actor, digest=digest, published=published, stance=stance, undoes=undoes)


def given_of(document: Mapping[str, object], rule: Rule, *, resolution: str, digest: str) -> Given | Refused:
    """The answer in an activity that may be counted: of an asked council, proven with its key in the rule, to this text.

    Refuses as `read_given`, then NOT_OWNER (not asked), BAD_PROOF and OTHER_TEXT, in that order. Never raises.
    """
    given = read_given(document, resolution=resolution)
    if isinstance(given, Refused):
        return given
    asked = rule.asked(given.actor)
    if asked is None:
        return _NOT_ASKED
    refused = judge_signed(document, asked.public_key, actor=given.actor, at=given.published)
    if isinstance(refused, Refused):
        return refused
    return given if given.digest == digest else _OTHER_TEXT


def judge_signed(
    document: Mapping[str, object], key: PublicKey | None, *, actor: str, at: datetime
) -> Accepted | Refused:
    """Whether `actor` has signed the document with `key`, judged for the moment `at` that it names. Refuses BAD_PROOF."""
    if key is None:
        return _NO_KEY
    claim = proof_of(document)
    if isinstance(claim, Refused):
        return claim
    if claim.actor != actor:
        return _OTHER_ACTOR
    return judge_proof_claim(claim, key, document=document, now=at)


def gather(documents: Iterable[object], rule: Rule, *, resolution: str, digest: str) -> Gathered:
    """Every activity judged: what may be counted, and the faults of what is broken, forged or to another resolution."""
    given: list[Given] = []
    faults: list[Fault] = []
    for document in documents:
        read = read_given(document, resolution=resolution)
        if isinstance(read, Refused) or not isinstance(document, Mapping):
            faults.append(_fault(document, read if isinstance(read, Refused) else _NOT_AN_ANSWER))
            continue
        judged = given_of(document, rule, resolution=resolution, digest=digest)
        if isinstance(judged, Refused) and judged.reason is Reason.BAD_PROOF:
            faults.append(Fault(read.id, read.actor, judged))
        else:
            given.append(read)
    return Gathered(tuple(given), tuple(faults))


def count(
    documents: Iterable[object], rule: Rule, *, resolution: str, digest: str, closed_at: datetime | None = None
) -> Tally:
    """The tally of signed activities as they arrived, in any order; forged ones are listed among what is left out.

    What is no answer to `resolution` at all is passed over.
    """
    gathered = gather(documents, rule, resolution=resolution, digest=digest)
    return counted(gathered, rule, digest=digest, closed_at=closed_at)


def counted(gathered: Gathered, rule: Rule, *, digest: str, closed_at: datetime | None = None) -> Tally:
    """`count` for what has been gathered already."""
    found = tally(rule, digest, gathered.given, closed_at=closed_at)
    forged = {
        LeftOut(fault.id, fault.actor, Why.FORGED)
        for fault in gathered.faults
        if fault.refused.reason is Reason.BAD_PROOF
    }
    return replace(found, left_out=tuple(sorted(forged | set(found.left_out))))


def _fault(document: object, refused: Refused) -> Fault:
    members = document if isinstance(document, Mapping) else {}
    id_, actor = members.get("id"), members.get("actor")
    return Fault(id_ if isinstance(id_, str) else "", actor if isinstance(actor, str) else "", refused)
