"""All configuration of a node, typed and validated at start. Nothing else in the tree reads configuration.

A council's folder holds `comarca.toml`; variables named `COMARCA_…` win over it, `__` nests (`COMARCA_LISTEN__PORT`).
This module must never hold a key (those live in `keys/`), never say the one secret it may hold (`metrics.token`), and never
guess what was meant.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from node.settings_parts import (
    Allow,
    Area,
    Backup,
    Federation,
    Latitude,
    Limits,
    Listen,
    Longitude,
    Mail,
    Metrics,
    Part,
    Turns,
)
from protocol.ids import origin_of

FILE_NAME = "comarca.toml"
PREFIX = "COMARCA_"


class BadSettings(ValueError):
    """The settings cannot be used. The text says what is wrong, why, and what to type or change."""


class Settings(BaseSettings):
    """One council's configuration. `url` is an origin: scheme and host, with a port if needed, and nothing after it."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    directory: Path
    name: Annotated[str, Field(max_length=200)] = ""
    url: Annotated[str, Field(max_length=300)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    zone: str = "UTC"
    summary: Annotated[str, Field(max_length=2000)] = ""
    followers: Literal["off", "approve", "auto"] = "off"
    logs: Literal["lines", "json"] = "lines"
    leave_to: Annotated[str, Field(pattern=r"^https://[^\s\"<>]+$", max_length=300)] = "https://www.wikipedia.org/"
    listen: Listen = Listen()
    allow: Allow = Allow()
    area: Area = Area()
    places: dict[str, tuple[Latitude, Longitude]] = {}
    limits: Limits = Limits()
    federation: Federation = Federation()
    metrics: Metrics = Metrics()
    turns: Turns = Turns()
    backup: Backup = Backup()
    mail: Mail = Mail()

    @field_validator("name")
    @classmethod
    def _name_shows(cls, name: str) -> str:
        if name and (not name.strip() or not name.isprintable()):
            raise ValueError("the name must be one line that can be read")
        return name.strip()

    @field_validator("url")
    @classmethod
    def _origin_only(cls, url: str) -> str:
        return _origin(url)

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):  # OSError: the name of a folder of zones, such as "Europe"
            raise ValueError(f"{zone!r} is no IANA time zone; write it like Europe/Madrid") from None
        return zone

    @property
    def zone_info(self) -> ZoneInfo:
        """The council's zone, which decides what "tonight" means."""
        return ZoneInfo(self.zone)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        assert isinstance(init_settings, InitSettingsSource)
        directory = init_settings.init_kwargs.get("directory")
        if directory is None:
            return init_settings, env_settings
        file = TomlConfigSettingsSource(settings_cls, toml_file=Path(directory) / FILE_NAME)
        return init_settings, env_settings, file


def _origin(url: str) -> str:
    """`url` as an origin: small letters, no default port, no trailing slash. ValueError says what is in the way."""
    origin = origin_of(url)
    if any(mark in url.removesuffix("/").partition("://")[2] for mark in "/?#"):
        raise ValueError("only scheme, host and port may stand in it, like https://council.example")
    return origin


def load(directory: Path, **overrides: Any) -> Settings:
    """The settings of the council in `directory`: `overrides` win over variables, variables over the file.

    An override that is None counts as not given. Raises BadSettings.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(directory=directory, **given)
    except ValidationError as error:
        raise BadSettings(_sentences(error, directory)) from None
    except SettingsError as error:
        raise BadSettings(
            f"A variable {PREFIX}… cannot be read ({error}). Lists and tables are written in it as JSON, "
            f"""for example {PREFIX}ALLOW__PLAIN_HOSTS='["localhost"]'."""
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(
            f"{directory / FILE_NAME} is not valid TOML ({error}). Correct that place and try again."
        ) from None
    except OSError as error:
        raise BadSettings(
            f"{directory / FILE_NAME} cannot be read ({error.strerror}). Check who owns it and its mode."
        ) from None


def write(directory: Path, values: Mapping[str, Any]) -> Path:
    """Write a commented `comarca.toml` (mode 0600) with `values`, nested as in Settings, and return its path.

    Nothing is written unless the values can be used, and a file that is there is never overwritten: BadSettings.
    """
    path = directory / FILE_NAME
    if path.exists():
        raise BadSettings(f"{path} is there already. Change it with an editor, or choose another folder.")
    text = _render(load(directory, **values), values)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BadSettings(f"{path} cannot be written ({error.strerror}). Check who owns the folder.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return path


def _sentences(error: ValidationError, directory: Path) -> str:
    file = directory / FILE_NAME
    sentences = []
    for problem in error.errors(include_url=False):
        where = ".".join(str(part) for part in problem["loc"])
        variable = PREFIX + "__".join(str(part) for part in problem["loc"]).upper()
        if problem["type"] == "missing":
            way = f"Add it to {file}" if file.exists() else f"Type: comarca init {directory} --name … --url …"
            sentences.append(f"{where} is not set. {way}, or set {variable}.")
        elif problem["type"] == "extra_forbidden":
            sentences.append(
                f"{where} is not a setting. Take it out of {file} or unset {variable}; is it a slip of the pen?"
            )
        else:
            what = problem["msg"].removeprefix("Value error, ")
            shown = "" if where == "metrics.token" else f" (it is {problem['input']!r:.80})"
            sentences.append(f"{where or 'The whole'}: {what}{shown}. Change it in {file} or {variable}.")
    return "\n".join(sentences)


_NOTES = {
    "name": "The council's name, as neighbours and other councils see it. A first value: once served it is changed on a page.",
    "url": "The address under which others reach this node: scheme and host, nothing after it. Never change it later.",
    "language": "The language of the council's pages and records. A first value, as the name.",
    "zone": 'The council\'s time zone (IANA). It decides what "tonight" means.',
    "summary": "A sentence or two about the council. A first value, as the name.",
    "followers": "May accounts of the wider fediverse follow the public wall? off, approve (each one is asked for), auto.",
    "leave_to": 'Where the button "Leave this page" leads: a page that nobody minds being seen with.',
    "logs": "Log lines for people (lines) or for machines (json). No IP address is ever logged.",
    "places": 'Names that people use for places: latitude and longitude, for example "Mill Lane" = [41.39, 2.17]',
}


def _render(settings: Settings, given: Mapping[str, Any]) -> str:
    """The file's text: what was given as settings, every other setting as a comment that shows its default."""
    lines = [f"# Comarca: the settings of one council. Variables {PREFIX}… win over this file; __ nests.", ""]
    parts = []
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, Part):
            note = " ".join((type(value).__doc__ or "").split())
            parts += ["", f"# {note}", *_table(name, value, given.get(name) or {})]
        elif isinstance(value, dict):
            pairs = [f"{json.dumps(key)} = {_toml(point)}" for key, point in value.items()]
            parts += ["", f"# {_NOTES[name]}", f"[{name}]", *pairs]
        elif name in _NOTES:
            lines += [f"# {_NOTES[name]}", ("" if name in given else "# ") + f"{name} = {_toml(value)}"]
    return "\n".join(lines + parts) + "\n"


def _table(name: str, part: Part, given: Mapping[str, Any]) -> list[str]:
    lines = [f"[{name}]"]
    for key, value in part:
        if value is None:
            lines.append(f"# {key} =")
        elif isinstance(value, Part):
            members = ", ".join(f"{inner} = {_toml(member)}" for inner, member in value)
            lines.append(("" if key in given else "# ") + f"{key} = {{ {members} }}")
        else:
            lines.append(("" if key in given else "# ") + f"{key} = {_toml(value)}")
    return lines


def _toml(value: Any) -> str:
    # JSON and TOML write strings, numbers, booleans and arrays alike; DEL alone must be escaped in TOML only.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
