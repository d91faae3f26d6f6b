"""The words that forms and lists of needs and offers use, in one place so that all say the same."""

from typing import Final

from schemas.context import Category

CATEGORY_WORDS: Final[dict[Category, str]] = {
    "food": "Food",
    "water": "Water",
    "shelter": "A place to sleep",
    "goods": "Things",
    "tools": "Tools",
    "transport": "Lifts and carrying",
    "care": "Care and company",
    "energy": "Power and heat",
    "medical": "Health supplies",
    "skills": "Know-how and repairs",
    "space": "Rooms and space",
    "money": "Money",
    "information": "Information",
    "time": "A helping hand",
    "other": "Something else",
}
CATEGORIES: Final = list(CATEGORY_WORDS.items())
DIRECTIONS: Final = [("need", "What is needed"), ("offer", "What is offered")]
DISTANCES: Final = [(f"{km}", f"within {km} km") for km in (1, 2, 5, 10, 25, 50, 100)]
OUTCOMES: Final = [
    ("met", "It worked out", ""),
    ("partly", "Partly", ""),
    ("not-met", "It did not work out", ""),
    ("no-longer-wanted", "No longer wanted", ""),
]
SENTENCES: Final = {
    "title": "Say in a few words what it is.",
    "words": "Please shorten the words a little.",
    "category": "Choose a kind from the list.",
    "quantity": "Write a plain number, such as 40 or 2.5, or leave it empty.",
    "unit": "Say in a word what is counted, such as portions.",
    "near": "Name a place in a few words, or leave it empty.",
    "audience": "Choose who can see this.",
    "until": "Say until when, as a date and a time.",
    "language": "Write the language as two letters, such as en or es.",
}
