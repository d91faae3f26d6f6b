"""The few words that stand in what federates, in English and Spanish.

They go into the human message that a reader on the wider fediverse sees, so they follow the list of primitives.md section 8.
Pages have catalogues of their own; nothing here may hold markup.
"""

from typing import Final

from schemas.phrase import Catalogue
from schemas.repeating import Recurrence, words_of

_ENGLISH: Final = {
    "offer": "Offered",
    "need": "Needed",
    "left": "{} left",
    "near": "Near",
    "from": "From",
    "repeats": "How often",
    "until": "Until",
    "hours": "Open",
    "access": "Getting in",
    "read": "Read it where it was put up",
    "exercise": "EXERCISE (drill)",
    "wanted": "What is wanted",
    "instruction": "How to stay safe",
    "ended-over": "This call is over.",
    "ended-withdrawn": "This call has been taken back.",
    "ended-false": "This call was false. Nothing has happened.",
    "changed": "News",
    "resolution": "Resolution",
    "decided": "Agreed on",
    "method": "Method",
    "present": "Present",
    "stand-asides": "Stand-asides",
    "review": "To be looked at again on",
    "consent": "no objections left",
    "majority": "majority",
    "two-thirds": "two thirds",
    "consensus-minus-one": "consensus minus one",
    "advisory": "advice only",
    "stage-notice": "open for reading",
    "stage-open": "being decided",
    "stage-adopted": "agreed",
    "stage-dropped": "dropped",
    "stage-refused": "not agreed",
    "stage-ended": "no longer in force",
    "carried-out-by": "Carried out by",
    "objection": "Objection, and how it was met",
    "addressee": "To",
    "answered": "What they answered",
    "notice": "Not decided before",
    "asked": "Councils that are asked",
    "rule": "Agreed when at least {} of them agree and no more than {} objections are left. Answers until {}.",
    "amends": "It changes this earlier text",
    "answers": "It answers this text",
    "our-answer": "Our answer",
    "taken-back": "We take our answer back",
    "stance-Accept": "We agree:",
    "stance-TentativeAccept": "We agree, with reservations:",
    "stance-Ignore": "We say neither yes nor no:",
    "stance-TentativeReject": "We have doubts:",
    "stance-Reject": "We object:",
    "partly-promised": "Partly promised.",
    "promised": "All of it is promised.",
    "closed": "This is closed.",
}
_SPANISH: Final = {
    "offer": "Se ofrece",
    "need": "Se necesita",
    "left": "quedan {}",
    "near": "Cerca de",
    "from": "Desde",
    "repeats": "Cada cuánto",
    "until": "Hasta",
    "hours": "Abierto",
    "access": "Cómo entrar",
    "read": "Leer donde se puso",
    "exercise": "SIMULACRO",
    "wanted": "Qué hace falta",
    "instruction": "Cómo cuidarse",
    "ended-over": "Esta llamada ha terminado.",
    "ended-withdrawn": "Esta llamada se ha retirado.",
    "ended-false": "Esta llamada era falsa. No ha pasado nada.",
    "changed": "Novedades",
    "resolution": "Resolución",
    "decided": "Acordada el",
    "method": "Método",
    "present": "Presentes",
    "stand-asides": "Se apartan",
    "review": "Volver a mirarla el",
    "consent": "sin objeciones",
    "majority": "mayoría",
    "two-thirds": "dos tercios",
    "consensus-minus-one": "consenso menos uno",
    "advisory": "solo consejo",
    "stage-notice": "abierta a lectura",
    "stage-open": "en decisión",
    "stage-adopted": "acordada",
    "stage-dropped": "retirada",
    "stage-refused": "no acordada",
    "stage-ended": "ya no vigente",
    "carried-out-by": "La lleva a cabo",
    "objection": "Objeción, y cómo se atendió",
    "addressee": "Dirigida a",
    "answered": "Lo que respondieron",
    "notice": "No se decide antes del",
    "asked": "Consejos a los que se pregunta",
    "rule": "Acordada si al menos {} de ellos están de acuerdo y no quedan más de {} objeciones. Respuestas hasta {}.",
    "amends": "Cambia este texto anterior",
    "answers": "Responde a este texto",
    "our-answer": "Nuestra respuesta",
    "taken-back": "Retiramos nuestra respuesta",
    "stance-Accept": "Estamos de acuerdo:",
    "stance-TentativeAccept": "Estamos de acuerdo, con reservas:",
    "stance-Ignore": "No decimos ni sí ni no:",
    "stance-TentativeReject": "Tenemos dudas:",
    "stance-Reject": "Objetamos:",
    "partly-promised": "Comprometido en parte.",
    "promised": "Todo está comprometido.",
    "closed": "Esto está cerrado.",
}
_WORDS: Final = {"en": _ENGLISH, "es": _SPANISH}

EXERCISE_WORDS: Final = tuple(words["exercise"].partition(" ")[0] for words in _WORDS.values())
"""What the content of a drill may begin with; a reader must never take one for the real thing."""

_SPANISH_RULES: Final = {
    "Mondays": "lunes",
    "Tuesdays": "martes",
    "Wednesdays": "miércoles",
    "Thursdays": "jueves",
    "Fridays": "viernes",
    "Saturdays": "sábados",
    "Sundays": "domingos",
    "first": "primer",
    "second": "segundo",
    "third": "tercer",
    "fourth": "cuarto",
    "fifth": "quinto",
    "last": "último",
    "the {nth} Monday": "el {nth} lunes",
    "the {nth} Tuesday": "el {nth} martes",
    "the {nth} Wednesday": "el {nth} miércoles",
    "the {nth} Thursday": "el {nth} jueves",
    "the {nth} Friday": "el {nth} viernes",
    "the {nth} Saturday": "el {nth} sábado",
    "the {nth} Sunday": "el {nth} domingo",
    "every day": "cada día",
    "every {count} days": "cada {count} días",
    "each month on {days}": "cada mes, {days}",
    "every {count} months on {days}": "cada {count} meses, {days}",
    "every week on {days}": "cada semana, los {days}",
    "every second week on {days}": "una semana de cada dos, los {days}",
    "every {count} weeks on {days}": "cada {count} semanas, los {days}",
    "{one} and {other}": "{one} y {other}",
    "{often} at {time}": "{often} a las {time}",
    "{said}, once": "{said}, una vez",
    "{said}, {count} times": "{said}, {count} veces",
    "{said}, until {day}": "{said}, hasta {day}",
}
"""How `schemas.repeating` says a rule: what federates is said without the catalogues of the pages."""


class _Spoken:
    def __init__(self, words: dict[str, str]) -> None:
        self._words = words

    def gettext(self, message: str, /) -> str:
        return self._words.get(message, message)

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        return self.gettext(one if count == 1 else many)


_SPOKEN: Final = {"en": _Spoken({}), "es": _Spoken(_SPANISH_RULES)}


def said_in(one: Recurrence, language: str) -> str:
    """How often something comes back, in `language` (a BCP 47 tag); in English where we have no other words."""
    spoken: Catalogue = _SPOKEN.get(language.partition("-")[0].lower(), _SPOKEN["en"])
    return words_of(one, day=lambda at: f"{at.astimezone(one.zone):%Y-%m-%d}").in_words_of(spoken)


def words_for(language: str) -> dict[str, str]:
    """The words in `language` (a BCP 47 tag); English where we have no others."""
    return _WORDS.get(language.partition("-")[0].lower(), _ENGLISH)
