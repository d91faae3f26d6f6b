"""The certificates that the region makes for itself are good for their names, and for nothing else."""

import socket
import ssl
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509

from tests.docs.reading import ROOT

PROGRAM = ROOT / "compose" / "region" / "authority.py"
NAMES = ("riverside.localhost", "harbour.localhost")


def made(folder: Path, *names: str) -> str:
    for part in ("shared", "private"):
        (folder / part).mkdir(exist_ok=True)
    words = [sys.executable, PROGRAM, folder / "shared", folder / "private", *names]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout


def greeted(folder: Path, served: str, asked: str) -> str:
    """What a client that trusts the authority, as strictly as it can, is told under a name by a server of another."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "private" / f"{served}.pem", folder / "private" / f"{served}.key")
    trusting = ssl.create_default_context(cafile=folder / "shared" / "ca.pem")
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()
    said: list[BaseException] = []

    def serve() -> None:
        try:
            with serving.wrap_socket(theirs, server_side=True) as secured:
                secured.sendall(b"welcome")
        except OSError as error:
            said.append(error)
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with closing(ours), trusting.wrap_socket(ours, server_hostname=asked) as secured:
            return secured.recv(100).decode()
    finally:
        thread.join(5)


def test_each_name_is_vouched_for_under_the_strictest_rules(tmp_path: Path) -> None:
    made(tmp_path, *NAMES)

    assert [greeted(tmp_path, name, name) for name in NAMES] == ["welcome", "welcome"]


def test_another_name_is_not(tmp_path: Path) -> None:
    made(tmp_path, *NAMES)

    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        greeted(tmp_path, NAMES[0], NAMES[1])


def test_names_outside_of_this_machine_are_never_vouched_for(tmp_path: Path) -> None:
    made(tmp_path, "bank.example")

    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        greeted(tmp_path, "bank.example", "bank.example")


def test_keys_are_private_and_the_authoritys_own_is_kept_nowhere(tmp_path: Path) -> None:
    made(tmp_path, *NAMES)

    files = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()}
    keys = {name: mode for name, mode in files.items() if name.endswith(".key")}
    assert keys == {f"{name}.key": 0o600 for name in NAMES}
    assert set(files) - set(keys) == {"ca.pem", *(f"{name}.pem" for name in NAMES)}
    authority = x509.load_pem_x509_certificate((tmp_path / "shared" / "ca.pem").read_bytes())
    assert b"PRIVATE" not in (tmp_path / "shared" / "ca.pem").read_bytes()
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0


def test_what_is_good_stays_and_what_is_missing_is_made_anew(tmp_path: Path) -> None:
    made(tmp_path, *NAMES)
    before = (tmp_path / "shared" / "ca.pem").read_bytes()

    assert "are good" in made(tmp_path, *NAMES)
    assert (tmp_path / "shared" / "ca.pem").read_bytes() == before
    (tmp_path / "private" / f"{NAMES[1]}.pem").unlink()
    assert "Made" in made(tmp_path, *NAMES)
    assert (tmp_path / "shared" / "ca.pem").read_bytes() != before
    assert greeted(tmp_path, NAMES[1], NAMES[1]) == "welcome"
