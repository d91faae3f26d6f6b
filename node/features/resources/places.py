"""Places under the name they had while needs and offers alone used them; see `node.places`. It must never hold more."""

from node.places import in_cell

__all__ = ["in_cell"]
