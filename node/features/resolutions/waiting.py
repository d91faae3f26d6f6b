"""What is written down for other councils to hear, and waits for its second person."""

from node.features.resolutions.tables import Resolution
from schemas.records.resolution_forms import HomeStage


def waits_for_councils(row: Resolution) -> bool:
    """Whether this goes to other councils once it is confirmed: a text that is put to them, or our answer to one."""
    return row.stage == HomeStage.WRITTEN and (row.rule is not None or bool(row.answers_object))
