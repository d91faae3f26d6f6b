"""The lint under the name it had while needs and offers alone used it; see `node.lint`. It must never grow rules of its own."""

from node.lint import health_words, house_number

__all__ = ["health_words", "house_number"]
