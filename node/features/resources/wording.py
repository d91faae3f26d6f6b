"""The words that forms and lists of needs and offers use, in one place so that all say the same."""

from typing import Final

from schemas.context import Category
from schemas.phrase import phrase

CATEGORY_WORDS: Final[dict[Category, str]] = {
    "food": phrase("Food"),
    "water": phrase("Water"),
    "shelter": phrase("A place to sleep"),
    "goods": phrase("Things"),
    "tools": phrase("Tools"),
    "transport": phrase("Lifts and carrying"),
    "care": phrase("Care and company"),
    "energy": phrase("Power and heat"),
    "medical": phrase("Health supplies"),
    "skills": phrase("Know-how and repairs"),
    "space": phrase("Rooms and space"),
    "money": phrase("Money"),
    "information": phrase("Information"),
    "time": phrase("A helping hand"),
    "other": phrase("Something else"),
}
CATEGORIES: Final = list(CATEGORY_WORDS.items())
DIRECTIONS: Final = [("need", phrase("What is needed")), ("offer", phrase("What is offered"))]
DISTANCES: Final = [(f"{km}", phrase("within {km} km", km=km)) for km in (1, 2, 5, 10, 25, 50, 100)]
OUTCOMES: Final = [
    ("met", phrase("It worked out"), ""),
    ("partly", phrase("Partly"), ""),
    ("not-met", phrase("It did not work out"), ""),
    ("no-longer-wanted", phrase("No longer wanted"), ""),
]
SENTENCES: Final = {
    "direction": phrase("Say whether it is needed or offered."),
    "title": phrase("Say in a few words what it is."),
    "words": phrase("Please shorten the words a little."),
    "category": phrase("Choose a kind from the list."),
    "quantity": phrase("Write a plain number, such as 40 or 2.5, or leave it empty."),
    "unit": phrase("Say in a word what is counted, such as portions."),
    "near": phrase("Name a place in a few words, or leave it empty."),
    "audience": phrase("Choose who can see this."),
    "until": phrase("Say until when, as a date and a time."),
    "language": phrase("Write the language as two letters, such as en or es."),
}
