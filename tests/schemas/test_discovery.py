"""How a council is found and what its server says about itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from protocol.verdict import Refused
from schemas.nodeinfo import NODEINFO_REL, comarca_document, discovery, document
from schemas.webfinger import LD_JSON, is_activity_type, jrd, self_link, subjects
from tests.schemas.examples import BASE, COUNCIL, vector

HOST = "riverside.example"
LOCAL = "http://127.0.0.1:8101"


@pytest.mark.parametrize(
    ("resource", "whose"),
    [
        ("acct:council@riverside.example", "council"),
        ("acct:Council@Riverside.Example", "council"),
        ("ACCT:council@riverside.example", "council"),
        ("acct:@council@riverside.example", "council"),
        (COUNCIL, "council"),
        ("acct:riverside.example@riverside.example", "actor"),
        (BASE, "actor"),
        (f"{BASE}/", "actor"),
        (f"{BASE}/actor", "actor"),
    ],
)
def test_our_two_actors_are_found_by_each_of_their_names(resource: str, whose: str) -> None:
    assert subjects(resource, BASE, host=HOST) == whose


@pytest.mark.parametrize(
    "resource",
    [
        "",
        "acct:",
        "acct:ana@riverside.example",
        "acct:council@harbour.example",
        "acct:council@riverside.example.evil.example",
        "council@riverside.example",
        "https://harbour.example/council",
        f"{BASE}/council/",
        f"{BASE}/members/ana",
        "http://riverside.example/council",
    ],
)
def test_nobody_else_is_found_here(resource: str) -> None:
    assert subjects(resource, BASE, host=HOST) is None


def test_a_port_belongs_to_the_name_where_there_is_one() -> None:
    assert subjects("acct:council@127.0.0.1:8101", LOCAL, host="127.0.0.1:8101") == "council"
    assert subjects("acct:council@127.0.0.1", LOCAL, host="127.0.0.1:8101") is None


def test_the_council_answers_with_its_id_and_its_page() -> None:
    assert jrd(BASE, HOST, whose="council") == {
        "subject": "acct:council@riverside.example",
        "aliases": [COUNCIL],
        "links": [
            {"rel": "self", "type": "application/activity+json", "href": COUNCIL},
            {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": f"{BASE}/"},
        ],
    }


def test_the_server_answers_under_the_bare_origin() -> None:
    answer = jrd(BASE, HOST, whose="actor")

    assert answer["subject"] == "acct:riverside.example@riverside.example"
    assert f"{BASE}/" in answer["aliases"]
    assert {
        "rel": "https://www.w3.org/ns/activitystreams#Service",
        "type": "application/activity+json",
        "href": f"{BASE}/actor",
    } in answer["links"]


@pytest.mark.parametrize("whose", ["council", "actor"])
def test_what_we_answer_is_what_another_server_reads(whose: Any) -> None:
    answer = jrd(BASE, HOST, whose=whose)

    assert self_link(answer) == f"{BASE}/{whose}"
    assert subjects(answer["subject"], BASE, host=HOST) == whose


@pytest.mark.parametrize(
    "media_type",
    [
        "application/activity+json",
        "Application/Activity+JSON; charset=utf-8",
        LD_JSON,
        "application/ld+json;profile=https://www.w3.org/ns/activitystreams",
        'application/LD+json; charset=utf-8; Profile="https://www.w3.org/ns/activitystreams"',
        'application/ld+json; profile="https://example.org/other https://www.w3.org/ns/activitystreams"',
    ],
)
def test_both_spellings_of_the_media_type_are_read(media_type: str) -> None:
    assert is_activity_type(media_type)
    assert self_link({"links": [{"rel": "self", "type": media_type, "href": COUNCIL}]}) == COUNCIL


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "application/json",
        "text/html",
        "application/ld+json",
        'application/ld+json; profile="https://www.w3.org/ns/activitystreams-evil"',
        "application/activity+jsonx",
        7,
    ],
)
def test_other_media_types_are_no_actor(media_type: object) -> None:
    assert not is_activity_type(media_type)
    assert isinstance(self_link({"links": [{"rel": "self", "type": media_type, "href": COUNCIL}]}), Refused)


def test_the_first_usable_self_link_counts() -> None:
    links = [
        "nonsense",
        {"rel": "self", "type": "text/html", "href": f"{BASE}/page"},
        {"rel": "self", "type": "application/activity+json", "href": "javascript:alert(1)"},
        {"rel": "self", "type": "application/activity+json", "href": COUNCIL},
        {"rel": "self", "type": "application/activity+json", "href": f"{BASE}/second"},
    ]

    assert self_link({"links": links}) == COUNCIL


@pytest.mark.parametrize("answer", [None, [], {}, {"links": {}}, {"links": []}, {"links": [{"rel": "self"}]}])
def test_an_answer_without_actor_is_refused(answer: object) -> None:
    assert isinstance(self_link(answer), Refused)


@given(posts=st.none() | st.integers(min_value=-5, max_value=10**9))
def test_nodeinfo_is_valid_and_never_exact(posts: int | None) -> None:
    schema = vector("nodeinfo-2.1/schema.json")

    told = document("0.1.0", "Riverside", local_posts=posts)

    Draft4Validator(schema).validate(told)
    assert told["usage"]["users"] == {}
    assert told["usage"].get("localPosts", 0) % 10 == 0 and ("localPosts" in told["usage"]) == (posts is not None)


def test_the_published_example_and_its_broken_twin_judge_the_judge() -> None:
    judge = Draft4Validator(vector("nodeinfo-2.1/schema.json"))

    assert judge.is_valid(vector("nodeinfo-2.1/example.json"))
    assert not judge.is_valid({**document("0.1.0", "Riverside"), "protocols": ["smoke signals"]})


def test_nodeinfo_is_found_where_it_is() -> None:
    assert discovery(BASE) == {"links": [{"rel": NODEINFO_REL, "href": f"{BASE}/nodeinfo/2.1"}]}


def test_our_own_kind_is_told_protocol_and_limits() -> None:
    assert comarca_document("0.1.0", body_limit=1_048_576) == {
        "protocol": [1],
        "software": {"name": "comarca", "version": "0.1.0"},
        "limits": {"body": 1_048_576},
        "feeds": {},
    }
