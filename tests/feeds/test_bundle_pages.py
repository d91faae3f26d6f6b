"""What a bundle holds for whom, and what it says to whoever opens it without a server."""

import re
from datetime import timedelta

from federation.feeds.bundle_file import ALERTS, ENTRIES, README
from tests.builders import START
from tests.feeds.carrying import Town, all_linked, talk
from tests.feeds.sticks import call, judged, parts_of, written


def test_what_is_for_nearby_councils_is_in_a_file_for_one_that_may_read_it() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    outsider = Town("outsider").begin()
    riverside.publish("Soup on Sunday", audience="neighbours")
    call(riverside, "For the neighbours", audience="neighbours")
    talk(station, riverside)

    for maker in (riverside, station):
        for_one, for_all = written(maker, reader=hilltop), written(maker)
        for_another = written(maker, reader=outsider)

        assert b"Soup on Sunday" in parts_of(for_one)[ENTRIES]
        assert b"For the neighbours" in parts_of(for_one)[ALERTS]
        for raw in (for_all, for_another):
            said = judged(raw).manifest
            named = [one.feed for one in said.heads] + [one.feed for one in said.wants]
            assert not any(feed.endswith("/region") for feed in named)
            assert not any(b"Soup" in part or b"For the neighbours" in part for part in parts_of(raw).values())


def test_calls_for_help_are_read_without_a_server_and_run_nothing() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    call(riverside, "Water <b>in</b> the mill race", words='"><img src=x onerror=alert(1)>')
    call(riverside, "A drill", status="Exercise")
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)

    parts = parts_of(written(hilltop))
    page, words = parts[ALERTS].decode(), parts[README].decode()

    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert "Water &lt;b&gt;in&lt;/b&gt; the mill race" in page and "From <bdi>Riverside</bdi>" in page
    assert "Pumps &amp; hoses" in page and "Until: 2026-03-02 14:00 UTC" in page
    assert "This is a drill. Nothing has happened." in page
    assert "Ten chairs" not in page
    tags = set(re.findall(r"<[^>]*>", page))
    assert not any(bad in tag.lower() for tag in tags for bad in ("script", "img", "src=", "href=", "link", "http:"))
    assert "Made by: Hilltop (https://hilltop.example/council)" in words and "For: everyone" in words


def test_what_is_over_is_on_no_page() -> None:
    riverside = Town("riverside").begin()
    call(riverside, "Water in the mill race")
    live = parts_of(written(riverside))[ALERTS]
    riverside.now = START + timedelta(hours=6)

    assert b"Water in the mill race" in live
    assert b"Water in the mill race" not in parts_of(written(riverside))[ALERTS]
