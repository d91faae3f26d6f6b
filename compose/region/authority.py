"""A certificate authority for trying out, and a certificate for each name that is given. Run: authority.py FOLDER FOLDER NAME…

The first folder gets `ca.pem`, which everybody may read; the second, for the proxy alone, each name's certificate and key.
The authority's own key is thrown away at once, and it may speak for names below `localhost` only: whoever lets a browser
trust it risks nothing elsewhere. What is there and still good for a week stays.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LASTS = timedelta(days=60)
GOOD_FOR = timedelta(days=7)
USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def usage(*granted: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in granted for name in USAGES})


def is_good(path: Path, now: datetime) -> bool:
    return path.exists() and x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc - now > GOOD_FOR


def write(path: Path, content: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode)
    path.chmod(mode)
    path.write_bytes(content)


def begun(subject: str, key: ec.EllipticCurvePrivateKey, issuer: str, now: datetime) -> x509.CertificateBuilder:
    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    return (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def make(shared: Path, private: Path, names: list[str], now: datetime) -> None:
    title = f"Comarca, for trying out, {now:%Y-%m-%d}"
    root = ec.generate_private_key(ec.SECP256R1())
    below_localhost = x509.NameConstraints([x509.DNSName("localhost")], None)
    authority = (
        begun(title, root, title, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(below_localhost, critical=True)
        .sign(root, hashes.SHA256())
    )
    for name in names:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            begun(name, key, title, now)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage("digital_signature"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False)
            .sign(root, hashes.SHA256())
        )
        unlocked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write(private / f"{name}.key", unlocked, 0o600)
        write(private / f"{name}.pem", certificate.public_bytes(Encoding.PEM), 0o644)
    write(shared / "ca.pem", authority.public_bytes(Encoding.PEM), 0o644)


def main() -> None:
    shared, private, names = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    now = datetime.now(UTC)  # noqa: TID251  a program of its own, beside the tree
    files = [shared / "ca.pem", *(private / f"{name}.pem" for name in names)]
    if all(is_good(file, now) for file in files):
        sys.stdout.write("The certificates are good.\n")
        return
    make(shared, private, names, now)
    sys.stdout.write(f"Made {shared / 'ca.pem'} and certificates for {', '.join(names)}.\n")


if __name__ == "__main__":
    main()
