"""What a person wanted and cannot have: an answer in plain words, never a fault of ours and never a wire refusal."""


class Refusal(Exception):
    """A refused action.

    `word` is stable and for machines ("ended-already"), `field` the input it is about or None, `sentence` says what, why
    and what to do next, in plain words without anybody's data.
    """

    def __init__(self, word: str, field: str | None = None, *, sentence: str = "") -> None:
        super().__init__(sentence or word)
        self.word = word
        self.field = field
        self.sentence = sentence
