"""What neighbours do with calls for help and drills, by one name for each: pages, commands and the demo call these."""

from node.features.alerts.answering import answer, take_back
from node.features.alerts.calling import put_up, second
from node.features.alerts.changing import change
from node.features.alerts.ending import end, over, throw_away

__all__ = ["answer", "change", "end", "over", "put_up", "second", "take_back", "throw_away"]
