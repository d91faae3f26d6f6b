"""Three councils behind a proxy that ends TLS, as the tests of that topology hold them: folders, processes, and a browser."""

import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from node.demo.asking import JSON, PAGE, Reply
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK
from node.demo.processes import command
from node.settings import PREFIX
from tests.cluster.commands import Council as Known
from tests.cluster.loopback_names import Names
from tests.cluster.tls_front import Front
from tests.docs.reading import ROOT

SOON, STARTS_WITHIN, STOPS_WITHIN = 15.0, 40.0, 10.0
IMPATIENT = {"FEDERATION__CONTACT_EVERY": "1", "FEDERATION__BACKOFF_FIRST": "0.2"}


@dataclass
class Council:
    """One folder and its server process. `ca` is the file of authorities that it trusts."""

    directory: Path
    authority: str
    port: int
    names: Names
    ca: Path
    sign_in: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"https://{self.authority}"

    @property
    def known(self) -> Known:
        return Known(str(self.directory), self.url, self.sign_in)

    def environment(self, ca: Path) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "SSL_CERT"))}
        return kept | {PREFIX + name: value for name, value in IMPATIENT.items()} | {"SSL_CERT_FILE": str(ca)}

    def start(self) -> None:
        with (self.directory / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.names.prefix, *command("serve", str(self.directory))],
                env=self.environment(self.ca),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def say(self, *words: object, ca: Path | None = None) -> tuple[int, Any]:
        """A command that speaks to other councils: its exit code, and what it tells a program."""
        given = [*self.names.prefix, *command(*map(str, words), "--json")]
        done = subprocess.run(
            given, env=self.environment(ca or self.ca), capture_output=True, text=True, check=False, timeout=30
        )
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def log(self) -> str:
        return (self.directory / "server.log").read_text("utf-8", "replace")


@dataclass
class Region:
    councils: dict[str, Council]
    front: Front
    ca: Path
    other_ca: Path
    names: Names

    def ask(
        self,
        council: str,
        path: str,
        *,
        accept: str = PAGE,
        cookie: str = "",
        form: dict[str, str] | None = None,
        ca: Path | None = None,
        name: str | None = None,
    ) -> Reply:
        """One request through the proxy, as a browser sends it. Raises ssl.SSLError where the certificate is no good."""
        host, _, port = self.councils[council].authority.rpartition(":")
        context = ssl.create_default_context(cafile=ca or self.ca)
        raw = socket.create_connection((LOOPBACK, int(port)), timeout=10)
        with closing(context.wrap_socket(raw, server_hostname=name or host)) as secured:
            connection = http.client.HTTPConnection(host, int(port))
            connection.sock = secured
            headers = {"Accept": accept} | ({"Cookie": cookie} if cookie else {})
            body = None
            if form is not None:
                body = urlencode(form)
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                headers |= {"Origin": self.councils[council].url, "Sec-Fetch-Site": "same-origin"}
            connection.request("GET" if form is None else "POST", path, body, headers)
            answer = connection.getresponse()
            return Reply(answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read())


def link(asking: Council, asked: Council) -> subprocess.CompletedProcess[str]:
    """The program that `compose/region` links its councils up with: `comarca peers add`, then `accept` by the other."""
    words = ("sh", ROOT / "compose/region/link.sh", asking.directory, asking.url, asked.directory, asked.url)
    environment = asking.environment(asking.ca)
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    given = [*asking.names.prefix, *map(str, words)]
    return subprocess.run(given, env=environment, capture_output=True, text=True, check=False, timeout=90)


def is_ready(region: Region, name: str) -> bool:
    council = region.councils[name]
    assert council.process is not None and council.process.poll() is None, council.log()
    try:
        return region.ask(name, "/readyz", accept=JSON).status == 200
    except OSError:
        return False


def restart(region: Region, council: Council, *, ca: Path) -> None:
    assert council.process is not None
    council.process.terminate()
    council.process.wait(STOPS_WITHIN)
    council.ca = ca
    council.start()
    wait_for(lambda: is_ready(region, council.directory.name), "it is there again", within=STARTS_WITHIN)
