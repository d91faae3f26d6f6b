"""Settings: who wins, how they nest, and what is said when they cannot be used."""

from pathlib import Path

import pytest

from node.settings import BadSettings, load, write
from node.settings_parts import Rate

FILE = """
name = "Riverside"
url = "https://riverside.example"
followers = "approve"

[listen]
host = "0.0.0.0"
port = 9000

[places]
"Mill Lane" = [41.39, 2.17]

[limits]
peer_rate = { per_minute = 5, burst = 2 }
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "comarca.toml").write_text(FILE, encoding="utf-8")
    return tmp_path


def test_what_the_file_does_not_say_has_a_default(directory: Path) -> None:
    settings = load(directory)

    assert (settings.directory, settings.name, settings.zone, settings.language) == (
        directory,
        "Riverside",
        "UTC",
        "en",
    )
    assert settings.places == {"Mill Lane": (41.39, 2.17)}
    assert settings.limits.peer_rate == Rate(per_minute=5, burst=2)
    assert settings.limits.unknown_body == 65_536
    assert settings.federation.give_up_after_days == 90
    assert settings.allow.plain_hosts == ()


def test_variables_win_over_the_file_and_overrides_over_both(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMARCA_NAME", "Harbour")
    monkeypatch.setenv("COMARCA_FOLLOWERS", "auto")

    settings = load(directory, name="Hillside")

    assert (settings.name, settings.followers, settings.url) == ("Hillside", "auto", "https://riverside.example")


def test_two_underscores_nest_and_leave_the_neighbouring_values_alone(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMARCA_LISTEN__PORT", "7000")
    monkeypatch.setenv("COMARCA_LIMITS__PEER_RATE__BURST", "9")
    monkeypatch.setenv("COMARCA_ALLOW__PLAIN_HOSTS", '["localhost", "127.0.0.1:8101"]')

    settings = load(directory, listen={"host": "::1"})

    assert (settings.listen.host, settings.listen.port) == ("::1", 7000)
    assert settings.limits.peer_rate == Rate(per_minute=5, burst=9)
    assert settings.allow.plain_hosts == ("localhost", "127.0.0.1:8101")


def test_an_override_of_none_counts_as_not_given(directory: Path) -> None:
    assert load(directory, name=None).name == "Riverside"


def test_variables_alone_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMARCA_NAME", "Harbour")
    monkeypatch.setenv("COMARCA_URL", "https://harbour.example/")

    assert load(tmp_path).url == "https://harbour.example"


def test_the_zone_can_be_asked_for_as_such(directory: Path) -> None:
    assert load(directory, zone="Europe/Madrid").zone_info.key == "Europe/Madrid"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://council.example/", "https://council.example"),
        ("HTTPS://Council.Example:443", "https://council.example"),
        ("http://127.0.0.1:8101", "http://127.0.0.1:8101"),
        ("http://[::1]:8101", "http://[::1]:8101"),
    ],
)
def test_the_url_is_kept_as_an_origin(directory: Path, given: str, kept: str) -> None:
    assert load(directory, url=given).url == kept


@pytest.mark.parametrize(
    "url",
    [
        "council.example",
        "ftp://council.example",
        "https://",
        "https://council.example/wall",
        "https://council.example?x",
        "https://a@b",
        "https://council.example:0x50",
        "https://council.example.",
        "https://council.example#top",
        "https://council .example",
    ],
)
def test_an_url_that_is_more_or_less_than_an_origin_is_refused(directory: Path, url: str) -> None:
    with pytest.raises(BadSettings, match=r"^url: "):
        load(directory, url=url)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"zone": "Europe"}, "zone: 'Europe' is no IANA time zone"),
        ({"zone": "../../etc/passwd"}, "zone: "),
        ({"zone": "Europe/Atlantis"}, "zone: "),
        ({"followers": "maybe"}, "followers: "),
        ({"logs": "xml"}, "logs: "),
        ({"name": " "}, "name: "),
        ({"name": "two\nlines"}, "name: "),
        ({"language": "English"}, "language: "),
        ({"listen": {"port": 70_000}}, "listen.port: "),
        ({"area": {"latitude": 41.0}}, "area: latitude and longitude are given together"),
        ({"area": {"latitude": 91.0, "longitude": 2.0}}, "area.latitude: "),
        ({"places": {"Mill Lane": (41.0, 181.0)}}, "places.Mill Lane.1: "),
        ({"allow": {"plain_hosts": ["http://localhost"]}}, "allow.plain_hosts: 'http://localhost' is not a host"),
        ({"limits": {"body": 0}}, "limits.body: "),
        ({"federation": {"backoff_first": float("inf")}}, "federation.backoff_first: "),
        ({"colour": "red"}, "colour is not a setting"),
        ({"listen": {"prot": 1}}, "listen.prot is not a setting"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_place_to_change_it(
    directory: Path, overrides: dict[str, object], said: str
) -> None:
    with pytest.raises(BadSettings) as refusal:
        load(directory, **overrides)

    assert str(refusal.value).startswith(said)
    assert "COMARCA_" in str(refusal.value)
    assert str(directory / "comarca.toml") in str(refusal.value)


def test_a_missing_file_leads_to_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as refusal:
        load(tmp_path / "new")

    assert f"comarca init {tmp_path / 'new'} --name … --url …" in str(refusal.value)


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "comarca.toml").write_text("name = Riverside", encoding="utf-8")

    with pytest.raises(BadSettings, match="not valid TOML"):
        load(tmp_path)


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "comarca.toml").write_bytes(b'name = "\xff"')

    with pytest.raises(BadSettings, match="not valid TOML"):
        load(tmp_path)


def test_a_list_in_a_variable_that_is_not_json_is_explained(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMARCA_ALLOW", "localhost")

    with pytest.raises(BadSettings, match="JSON"):
        load(directory)


def test_what_was_written_is_read_back_and_shows_the_rest_as_comments(tmp_path: Path) -> None:
    values = {
        "name": 'Río "de" la \\ Plata',
        "url": "http://127.0.0.1:8101",
        "summary": "Line one\nline two\x7f",
        "followers": "auto",
        "listen": {"port": 8101},
        "allow": {"plain_hosts": ["127.0.0.1:8101", "localhost"]},
        "area": {"latitude": 41.39, "longitude": 2.17, "near": "Mill Lane"},
        "places": {"Mill Lane": (41.39, 2.17), 'The "old" port': (41.0, -2.0)},
        "limits": {"peer_rate": {"burst": 7}},
    }

    path = write(tmp_path / "riverside", values)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert load(path.parent) == load(path.parent, **values)
    assert '# zone = "UTC"' in path.read_text(encoding="utf-8").splitlines()
    assert '# host = "127.0.0.1"' in path.read_text(encoding="utf-8").splitlines()


def test_a_file_that_is_there_is_never_overwritten(directory: Path) -> None:
    with pytest.raises(BadSettings, match="there already"):
        write(directory, {"name": "Harbour", "url": "https://harbour.example"})

    assert (directory / "comarca.toml").read_text(encoding="utf-8") == FILE


def test_nothing_is_written_for_values_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="zone"):
        write(tmp_path / "new", {"name": "Harbour", "url": "https://harbour.example", "zone": "Nowhere"})

    assert not (tmp_path / "new").exists()
