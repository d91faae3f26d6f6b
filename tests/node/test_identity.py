"""A council's keys on disk: made once, private, and refused when they are not."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from node.identity import BadIdentity, load_identity, make_identity

SEED = bytes(range(32))


class FixedRandomness:
    def bytes(self, n: int, /) -> "bytes":
        return SEED[:n]

    def uniform(self) -> float:
        return 0.5


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    make_identity(tmp_path, FixedRandomness())
    return tmp_path


def test_the_keys_that_were_made_are_the_keys_that_are_loaded(tmp_path: Path) -> None:
    made = make_identity(tmp_path, FixedRandomness())

    loaded = load_identity(tmp_path)

    made.rsa.public_key().verify(
        loaded.rsa.sign(b"wall", PKCS1v15(), hashes.SHA256()), b"wall", PKCS1v15(), hashes.SHA256()
    )
    made.ed25519.public_key().verify(loaded.ed25519.sign(b"wall"), b"wall")
    assert loaded.rsa.key_size == 2048
    assert loaded.ed25519.private_bytes_raw() == SEED


def test_only_the_owner_can_reach_the_keys(directory: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in (directory / "keys").iterdir()}

    assert modes == {"rsa.pem": 0o600, "ed25519.pem": 0o600}
    assert (directory / "keys").stat().st_mode & 0o777 == 0o700


def test_the_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_identity(tmp_path, FixedRandomness())
    finally:
        os.umask(before)

    assert load_identity(tmp_path).rsa.key_size == 2048


def test_keys_that_are_there_are_never_replaced(directory: Path) -> None:
    before = {path.name: path.read_bytes() for path in (directory / "keys").iterdir()}

    with pytest.raises(BadIdentity, match="never"):
        make_identity(directory, FixedRandomness())

    assert {path.name: path.read_bytes() for path in (directory / "keys").iterdir()} == before


def test_one_key_that_is_there_is_enough_to_refuse(directory: Path) -> None:
    (directory / "keys" / "rsa.pem").unlink()

    with pytest.raises(BadIdentity, match=r"ed25519\.pem"):
        make_identity(directory, FixedRandomness())

    assert not (directory / "keys" / "rsa.pem").exists()


def test_a_key_that_appears_at_the_last_moment_is_not_replaced_either(tmp_path: Path) -> None:
    class LateRandomness(FixedRandomness):
        def bytes(self, n: int, /) -> "bytes":
            (tmp_path / "keys").mkdir()
            (tmp_path / "keys" / "rsa.pem").write_text("made by another process", encoding="ascii")
            return super().bytes(n)

    with pytest.raises(BadIdentity, match="File exists"):
        make_identity(tmp_path, LateRandomness())

    assert (tmp_path / "keys" / "rsa.pem").read_text(encoding="ascii") == "made by another process"
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["rsa.pem"]


@pytest.mark.parametrize("name", ["rsa.pem", "ed25519.pem"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o620])
def test_a_key_that_others_can_reach_is_refused_with_the_command_that_helps(
    directory: Path, name: str, mode: int
) -> None:
    path = directory / "keys" / name
    path.chmod(mode)

    with pytest.raises(BadIdentity) as refusal:
        load_identity(directory)

    assert f"chmod 600 {path}" in str(refusal.value)


@pytest.mark.parametrize("name", ["rsa.pem", "ed25519.pem"])
def test_a_missing_key_is_named(directory: Path, name: str) -> None:
    (directory / "keys" / name).unlink()

    with pytest.raises(BadIdentity, match=f"{name} is missing"):
        load_identity(directory)


def test_what_is_not_a_key_is_refused_without_being_quoted(directory: Path) -> None:
    path = directory / "keys" / "rsa.pem"
    path.write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", encoding="ascii")

    with pytest.raises(BadIdentity) as refusal:
        load_identity(directory)

    assert "c2VjcmV0" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_keys_in_each_others_place_are_refused(directory: Path) -> None:
    rsa, ed25519 = directory / "keys" / "rsa.pem", directory / "keys" / "ed25519.pem"
    rsa_pem = rsa.read_bytes()
    rsa.write_bytes(ed25519.read_bytes())

    with pytest.raises(BadIdentity, match="no RSA key"):
        load_identity(directory)
    rsa.write_bytes(rsa_pem)
    ed25519.write_bytes(rsa_pem)
    with pytest.raises(BadIdentity, match="no Ed25519 key"):
        load_identity(directory)


def test_a_key_of_another_kind_a_weak_one_and_one_with_a_password_are_refused(directory: Path) -> None:
    path = directory / "keys" / "rsa.pem"
    weak = generate_private_key(public_exponent=65537, key_size=1024)
    curve = ec.generate_private_key(ec.SECP256R1())

    for key, encryption in ((weak, NoEncryption()), (curve, NoEncryption()), (curve, BestAvailableEncryption(b"word"))):
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        with pytest.raises(BadIdentity):
            load_identity(directory)


def test_no_key_shows_in_the_representation(directory: Path) -> None:
    assert repr(load_identity(directory)) == "Identity()"
