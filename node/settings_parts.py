"""The tables inside a council's settings, with their defaults: what stands under `[listen]`, `[limits]` and so on.

A part must never read anything or depend on another; `node.settings` puts them together and reads the file.
"""

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.mail_address import mail_address

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]

LEAST_TOKEN = 24


class Part(BaseModel):
    """A table of the settings. Its docstring is the comment above it in `comarca.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Listen(Part):
    """Where the server listens. Port 0 lets the system choose."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080


class Allow(Part):
    """Hosts (`name` or `name:port`) for which plain http, any port, loopback and private addresses are allowed."""

    plain_hosts: tuple[str, ...] = ()

    @field_validator("plain_hosts")
    @classmethod
    def _hosts_only(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not host or "/" in host or "@" in host or host != host.strip().lower():
                raise ValueError(f"{host!r} is not a host; write it like localhost or 127.0.0.1:8101, in small letters")
        return hosts


class Area(Part):
    """Where the council is, in WGS 84 degrees, as coarse as it likes; `near` is the name people use for it. First values."""

    latitude: Latitude | None = None
    longitude: Longitude | None = None
    near: str = ""

    @model_validator(mode="after")
    def _both_or_none(self) -> "Area":
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude are given together or not at all")
        return self


class Rate(Part):
    """A token bucket: `per_minute` tokens come back each minute, at most `burst` are kept."""

    per_minute: Positive
    burst: Count


class Limits(Part):
    """What a sender may cost us: sizes in bytes, deadlines in seconds, rates per minute, live records of one council."""

    body: Count = 1_048_576
    restore: Count = 536_870_912
    unknown_body: Count = 65_536
    live_records: Count = 2_000
    peer_rate: Rate = Rate(per_minute=600, burst=300)
    unknown_rate: Rate = Rate(per_minute=20, burst=10)
    key_fetch_per_host_per_minute: Positive = 6
    key_fetch_total_per_minute: Positive = 60
    body_deadline: Positive = 20
    header_deadline: Positive = 10
    sign_in_per_minute: Positive = 10
    forms_per_minute: Positive = 120
    asks_per_hour: Positive = 60
    streams: Count = 200


class Federation(Part):
    """How we deliver: seconds between signs of life, seconds of backoff, days until giving up, days a follower is kept.

    `catch_up_every`: so many seconds, or half as much again, lie between two talks with one nearby council. `vouched`: what is
    public is also read of so many councils that nearby ones are linked up with; 0 for none.
    """

    contact_every: Positive = 60
    catch_up_every: Positive = 300
    vouched: Annotated[int, Field(ge=0, le=100_000)] = 200
    backoff_first: Positive = 2
    backoff_cap: Positive = 3600
    give_up_after_days: Positive = 90
    follower_days: Positive = 7
    concurrency: Count = 100


class Metrics(Part):
    """Figures for Prometheus, off at first: on 127.0.0.1 at this port, and at /metrics for whoever brings the token."""

    port: Annotated[int, Field(ge=0, le=65535)] = 0
    token: Annotated[str, Field(repr=False)] = ""

    @field_validator("token")
    @classmethod
    def _hard_to_guess(cls, token: str) -> str:
        if token and (len(token) < LEAST_TOKEN or not re.fullmatch(r"[!-~]+", token)):
            raise ValueError(
                f"a token is {LEAST_TOKEN} or more printable characters without blanks; make one by chance"
            )
        return token


class Turns(Part):
    """How long a turn lasts at most before it is handed over, in weeks. No turn is ever renewed by itself."""

    keeper_weeks: Annotated[int, Field(ge=1, le=52)] = 13


class Backup(Part):
    """Backups that are made by themselves: where (empty: `backups` in this folder), how often, how many, for whose age keys."""

    folder: str = ""
    every_hours: Annotated[float, Field(ge=0, le=8784, allow_inf_nan=False)] = 24
    keep: Count = 7
    encrypt_to: tuple[str, ...] = ()

    @field_validator("encrypt_to")
    @classmethod
    def _recipients_only(cls, recipients: tuple[str, ...]) -> tuple[str, ...]:
        for recipient in recipients:
            if not re.fullmatch(r"age1[02-9ac-hj-np-z]{20,200}", recipient):
                raise ValueError(f"{recipient!r} is no age recipient; it begins with age1 and is made by age-keygen")
        return recipients


class Mail(Part):
    """Letters to whoever asked or promised: the mail server that takes them, none while `host` is empty. `security` is starttls,
    tls, or none, which only this machine itself may be spoken to with. The password is the first line of `password_file`.
    """

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]*$", max_length=255)] = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Annotated[str, Field(max_length=320)] = ""
    password_file: str = ""
    from_address: str = ""

    @property
    def on(self) -> bool:
        return bool(self.host)

    @field_validator("from_address")
    @classmethod
    def _an_address(cls, address: str) -> str:
        if address and mail_address(address) is None:
            raise ValueError("this is no mail address; write it like council@example.org")
        return address

    @model_validator(mode="after")
    def _whole(self) -> "Mail":
        if self.on and not self.from_address:
            raise ValueError("from_address is missing: the address that letters come from")
        if bool(self.user) != bool(self.password_file):
            raise ValueError("user and password_file are given together or not at all")
        if self.on and self.security == "none" and not _is_loopback(self.host):
            raise ValueError('security = "none" is for a mail server on this machine; use starttls or tls')
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
