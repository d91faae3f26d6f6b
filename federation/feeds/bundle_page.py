"""What a bundle says to whoever opens it without a server: what this file is, and the calls for help that are live in it.

Everything that somebody wrote is escaped. No script, no picture, no address that is gone to by itself: the page is read on
any machine, far from any network.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final

from schemas.records.alert import AlertNote
from schemas.records.note import moment
from schemas.wording import words_for

MOST_CALLS: Final = 100

_ENGLISH: Final = {
    "title": "Calls for help",
    "none": "No call for help was live when this file was made.",
    "more": "There are more calls than this page shows. A server that takes this file in shows them all.",
    "from": "From",
    "made": "Written by {} on {}. What has changed since is not here: ask in the neighbourhood.",
    "drill": "This is a drill. Nothing has happened.",
    "readme": (
        "This file carries messages of neighbourhood councils from one server to another, by hand.\n"
        "\n"
        "Made by: {name} ({maker})\n"
        "Made on: {made}\n"
        "For: {audience}\n"
        "\n"
        "Without a server: open alerts.html to read the calls for help that are live in it.\n"
        "With a server: comarca bundle import DIR FILE\n"
        "The server checks every message by itself. It does not matter who carries the file.\n"
        "\n"
        "Copy the file as it is. If it is unpacked and packed again, no server takes it.\n"
        "It is not locked: whoever has it can read it.\n"
    ),
    "everyone": "everyone",
    "one": "{} only. It holds what is for nearby councils: hand it to nobody else.",
}
_SPANISH: Final = {
    "title": "Llamadas de ayuda",
    "none": "Cuando se hizo este archivo no había ninguna llamada de ayuda en curso.",
    "more": "Hay más llamadas de las que muestra esta página. Un servidor que reciba este archivo las muestra todas.",
    "from": "De",
    "made": "Escrito por {} el {}. Lo que haya cambiado desde entonces no está aquí: pregunta en el barrio.",
    "drill": "Es un simulacro. No ha pasado nada.",
    "readme": (
        "Este archivo lleva en mano mensajes de consejos vecinales de un servidor a otro.\n"
        "\n"
        "Hecho por: {name} ({maker})\n"
        "Hecho el: {made}\n"
        "Para: {audience}\n"
        "\n"
        "Sin servidor: abre alerts.html para leer las llamadas de ayuda en curso.\n"
        "Con servidor: comarca bundle import DIR FILE\n"
        "El servidor comprueba cada mensaje por sí mismo. Da igual quién lleve el archivo.\n"
        "\n"
        "Copia el archivo tal como está. Si se descomprime y se vuelve a comprimir, ningún servidor lo recibe.\n"
        "No está cerrado con llave: quien lo tenga puede leerlo.\n"
    ),
    "everyone": "todo el mundo",
    "one": "solo {}. Lleva lo que es para los consejos cercanos: no se lo des a nadie más.",
}
_WORDS: Final = {"en": _ENGLISH, "es": _SPANISH}
_STYLE: Final = (
    "body{font:1.1rem/1.5 sans-serif;max-width:40rem;margin:1rem auto;padding:0 1rem}article{border-top:3px solid}"
)


@dataclass(frozen=True, slots=True)
class Call:
    """A live call for help, and the name of the council whose it is."""

    note: AlertNote
    council: str


@dataclass(frozen=True, slots=True)
class Cover:
    """What both pages say about the file. `language` is a BCP 47 tag; `audience` one council's actor id, None for everyone."""

    name: str
    maker: str
    made: datetime
    language: str
    audience: str | None

    @property
    def words(self) -> Mapping[str, str]:
        return _WORDS.get(self.spoken, _ENGLISH)

    @property
    def spoken(self) -> str:
        """The language that is really spoken: English where there are no words for the council's own."""
        own = self.language.partition("-")[0].lower()
        return own if own in _WORDS else "en"


def readme(cover: Cover) -> str:
    """The text of README.txt. Names stand on one line each, whatever is in them."""
    said, name = cover.words, " ".join(cover.name.split())
    audience = said["everyone"] if cover.audience is None else said["one"].format(cover.audience)
    return said["readme"].format(name=name, maker=cover.maker, made=moment(cover.made, UTC), audience=audience)


def alerts_page(cover: Cover, calls: Iterable[Call]) -> str:
    """The page of the calls, in the order in which they are given; a hundred at most."""
    said, found = cover.words, list(calls)
    shown = [_article(cover, call) for call in found[:MOST_CALLS]]
    if not shown:
        shown = [f"<p>{escape(said['none'])}</p>"]
    if len(found) > MOST_CALLS:
        shown.append(f"<p>{escape(said['more'])}</p>")
    made = escape(said["made"].format(cover.name, moment(cover.made, UTC)))
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{cover.spoken}">',
            '<head><meta charset="utf-8">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(said['title'])}: {escape(cover.name)}</title>",
            f"<style>{_STYLE}</style></head>",
            f"<body><main><h1>{escape(said['title'])}</h1>",
            f"<p>{made}</p>",
            *shown,
            "</main></body></html>",
            "",
        ]
    )


def _article(cover: Cover, call: Call) -> str:
    note, said = call.note, cover.words
    language = note.language or cover.language
    labels = words_for(cover.spoken)
    parts = [f'<h2 lang="{escape(language)}" dir="auto">{escape(note.name)}</h2>']
    if note.is_exercise:
        parts.append(f"<p><strong>{escape(said['drill'])}</strong></p>")
    parts.append(f"<p>{escape(said['from'])} <bdi>{escape(call.council)}</bdi>. {_until(labels, note.end_time)}</p>")
    near = note.location.name if note.location is not None else ""
    for label, words in (
        ("", note.words),
        (labels["wanted"], note.alert.wanted),
        (labels["instruction"], note.alert.instruction),
        (labels["near"], near),
        (labels["changed"], note.alert.note or ""),
    ):
        if words:
            before = f"<b>{escape(label)}:</b> " if label else ""
            lines = "<br>".join(escape(line) for line in words.splitlines())
            parts.append(f'<p>{before}<span lang="{escape(language)}" dir="auto">{lines}</span></p>')
    return "<article>" + "\n".join(parts) + "</article>"


def _until(labels: Mapping[str, str], end: datetime) -> str:
    return f"{escape(labels['until'])}: {escape(moment(end, UTC))}"
