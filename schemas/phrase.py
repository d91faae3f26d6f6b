"""Words of the house that have not been said in a language yet.

A `Phrase` is the finished English sentence and, beside it, the template and the values it was made of. Whoever shows it
to a person says it in that person's language; the command line and JSON show it as it is. Text that people wrote is
never a template, only ever a value.
"""

from collections.abc import Mapping
from typing import Any, Protocol


class Catalogue(Protocol):
    """The words of one language, as `gettext.NullTranslations` and its kin have them."""

    def gettext(self, message: str, /) -> str: ...

    def ngettext(self, one: str, many: str, count: int, /) -> str: ...


class Phrase(str):
    """An English sentence that remembers how it was made. Joining or cutting it gives a plain str, which stays English."""

    __slots__ = ("number", "plural", "template", "values")

    template: str
    plural: str | None
    number: int
    values: Mapping[str, Any]

    def in_words_of(self, catalogue: Catalogue) -> str:
        """The same in the catalogue's language; a value that is a Phrase is said in it too."""
        if self.plural is None:
            template = catalogue.gettext(self.template)
        else:
            template = catalogue.ngettext(self.template, self.plural, self.number)
        return template.format(**{name: said(value, catalogue) for name, value in self.values.items()})


def phrase(template: str, /, **values: Any) -> Phrase:
    """`template` with `{names}` filled in. The template must be a literal: it is what stands in the catalogues.

    A template that may stand alone is written in doubled braces where it means a brace.
    """
    return _made(template.format(**values), template=template, plural=None, number=0, values=values)


def phrases(one: str, many: str, /, count: int, **values: Any) -> Phrase:
    """`one` for a single thing, else `many`; both may hold `{count}`."""
    values = {"count": count, **values}
    english = (one if count == 1 else many).format(**values)
    return _made(english, template=one, plural=many, number=count, values=values)


def said(value: Any, catalogue: Catalogue) -> Any:
    """A Phrase in the catalogue's language; anything else as it is."""
    return value.in_words_of(catalogue) if isinstance(value, Phrase) else value


def _made(english: str, *, template: str, plural: str | None, number: int, values: Mapping[str, Any]) -> Phrase:
    made = Phrase(english)
    made.template, made.plural, made.number, made.values = template, plural, number, values
    return made
