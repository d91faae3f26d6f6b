"""The text of anybody's HTML, as browsers would show it."""

import pytest

from schemas.markup import plain_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one</p><p>two<br>three</p>", "one\ntwo\nthree"),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
        ("a<script>if (a < b) { c() }</script>b<style>p{}</style>c", "abc"),
        ("a<SCRIPT defer>no</ScRiPt >b", "ab"),
        ("a<script>no end", "a"),
        ("a<template>no<template>nor this</template><p>nor that</template>b", "ab"),
        ("5 < 6 & 7 &lt; 8 &euro; &#8364; &#x20ac;", "5 < 6 & 7 < 8 € € €"),
        ('<a title="a > b" href=x>link</a>', "link"),
        ("<p don't>a quotation mark that begins no value</p>", "a quotation mark that begins no value"),
        ("a<!-- > -->b<!-->c<!--->d<!-- no end", "abcd"),
        ("a<![CDATA[b]]>c<?php d ?>e<!DOCTYPE html>f", "acef"),
        ("a<![x[b", "a"),
        ("a</>b</ p>c<3", "abc<3"),
        ("a<b no end", "a"),
        ("&#99999999999999999999; &#" + "9" * 5_000 + ";", "\ufffd \ufffd"),
        ("  a \t b \n\n c  ", "a b\nc"),
        ("", ""),
    ],
)
def test_text_is_what_a_person_would_read(markup: str, text: str) -> None:
    assert plain_text(markup) == text
