"""What people send once a call for help is out: news of it, and how it ended."""

from typing import Annotated

from schemas.base import ApiModel, EmptyIsNothing, FormLine, FormNote, FormWords, WireTime
from schemas.place import Around
from schemas.records.alert import Severity, Urgency


class AlertChangeForm(ApiModel):
    """A new version of a call that is out, whole: what is left out becomes empty. It can end later, never sooner.

    `news` is what has changed, in a few words.
    """

    news: FormNote = ""
    words: FormWords = ""
    wanted: FormWords = ""
    instruction: FormWords = ""
    urgency: Urgency
    severity: Severity
    near: Annotated[FormLine | None, EmptyIsNothing] = None
    around: Around = Around.HERE
    ends_at: WireTime
