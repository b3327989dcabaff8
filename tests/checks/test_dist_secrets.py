"""Secrets: found by their own proof, judged by their place, never quoted.

Every value here is made up. Most are put together when the tests run, so that scanners of this repository see none.
"""

import zlib
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

import pytest

from tagship.checks import run
from tagship.checks.secrets import FORMATS
from tagship.model import Severity
from tests.checks.distributions import INFO, METADATA, SDIST_NAME, WHEEL_NAME, context, finding, sdist, wheel

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM = "aZ3kQ9wLx7TbV2mRc8NfYd5HsJ4uEgP6oKiWnXtMzBvDqCyGhAjSrFlUpOeI1"
"""Varied like a random value, and only a row of letters."""


def github(prefix: str, body: str = "MadeUpForTheTestsOfTagshipOnly") -> bytes:
    """A made-up token with the right checksum."""
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return f"{prefix}_{body}{digits.rjust(6, '0')}".encode()


def pypi(identifier: bytes = b"made-up identifier of a token that never existed", signature: int = 32) -> bytes:
    """A made-up token with the structure of a real one."""
    packets = [(1, b"pypi.org"), (2, identifier), (0, None), (0, None), (6, bytes(range(signature)))]
    data = b"\2" + b"".join(bytes([kind]) + (bytes([len(p)]) + p if p is not None else b"") for kind, p in packets)
    return b"pypi-" + urlsafe_b64encode(data).rstrip(b"=")


def key(kind: str = "RSA ", start: bytes = b"\x30\x82", body: bytes = b"a made-up key, not even DER" * 6) -> bytes:
    """A made-up key in the armour of a real one."""
    text = b64encode(start + body)
    lines = [text[n : n + 64] for n in range(0, len(text), 64)]
    armour = f"{kind}PRIVATE KEY-----".encode()
    return b"\n".join([b"-----BEGIN " + armour, *lines, b"-----END " + armour, b""])


GENUINE: dict[str, bytes] = {
    "a PyPI token": pypi(),
    "a GitHub token": github("ghp"),
    "a GitHub installation token": github("ghs"),
    "a fine-grained GitHub token": f"github_pat_{RANDOM[:22]}_{RANDOM[:59]}".encode(),
    "an AWS access key": b"AKIA" + b"QZ7WX3RTYPLK2MNB",
    "an AWS secret key": f'aws_secret_access_key = "{RANDOM[:40]}"'.encode(),
    "a Slack token": f"xoxb-9182736450-{RANDOM[:24]}".encode(),
    "a Slack webhook": f"https://hooks.slack.com/services/T9X8Y7Z6W/B5V4U3T2S/{RANDOM[:24]}".encode(),
    "a Discord webhook": f"https://discord.com/api/webhooks/918273645091827364/{RANDOM}{RANDOM[:7]}".encode(),
    "a private key": key(),
}


def test_every_format_is_tested() -> None:
    """There is a made-up value for each format that is searched for."""
    assert [form.name for form in FORMATS] == list(GENUINE)


@pytest.mark.requirement("D8")
@pytest.mark.parametrize("name", GENUINE)
def test_secret_in_the_package(tmp_path: Path, name: str) -> None:
    """A secret in the code that is installed is an error with its line, and is not quoted."""
    path = wheel(tmp_path, {"wheelhouse/settings.py": b"import os\n\nVALUE = '" + GENUINE[name] + b"'\n"})
    found = run(context(path, tracked=None))
    assert found == (finding("TC40", f"{WHEEL_NAME}: wheelhouse/settings.py:3", f"{name} would be published"),)
    assert GENUINE[name].decode()[-20:] not in repr(found)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_secret_among_tests(tmp_path: Path, form) -> None:
    """Among tests a value that is checked by whoever issued it stays an error, the others are a note."""
    value = GENUINE[form.name]
    found = run(context(sdist(tmp_path, {"tests/data/a.txt": value, "tests/data/b.txt": value}), tracked=None))
    where = f"{SDIST_NAME}: tests/data"
    if form.expected:
        title = f"{form.name} would be published among examples, in 2 files like this one"
        assert found == (finding("TC40", f"{where}/a.txt:1", title, Severity.NOTE),)
    else:
        title = f"{form.name} would be published"
        assert found == (finding("TC40", f"{where}/a.txt:1", title), finding("TC40", f"{where}/b.txt:1", title))


def test_key_among_installed_tests(tmp_path: Path) -> None:
    """A test's key that is installed with the package is a warning."""
    found = run(context(wheel(tmp_path, {"wheelhouse/test/server.key": key()}), tracked=None))
    title = "a private key would be published among examples"
    assert found == (finding("TC40", f"{WHEEL_NAME}: wheelhouse/test/server.key:1", title, Severity.WARNING),)


def test_key_in_the_description(tmp_path: Path) -> None:
    """A key in a README that became the description is an example."""
    found = run(context(wheel(tmp_path, metadata=METADATA + key().decode()), tracked=None))
    title = "a private key would be published among examples"
    where = f"{WHEEL_NAME}: {INFO}/METADATA:{METADATA.count(chr(10)) + 1}"
    assert found == (finding("TC40", where, title, Severity.WARNING),)


def test_key_in_the_copies_of_the_description(tmp_path: Path) -> None:
    """An sdist by setuptools has its description twice, and a key in both is one note."""
    described = METADATA + key().decode()
    path = sdist(tmp_path, {"src/wheelhouse.egg-info/PKG-INFO": described.encode()}, metadata=described)
    title = "a private key would be published among examples, in 2 files like this one"
    where = f"{SDIST_NAME}: PKG-INFO:{METADATA.count(chr(10)) + 1}"
    assert run(context(path, tracked=None)) == (finding("TC40", where, title, Severity.NOTE),)


@pytest.mark.parametrize(
    "block",
    [
        key("", b"\x30\x82"),
        key("EC ", b"\x30\x77"),
        key("OPENSSH ", b"openssh-key-v1\0"),
        key("ENCRYPTED ", b"\x01"),
        key().replace(b"\n", b"\\n"),
        b'b"' + key().rstrip().replace(b"\n", b'\\n"\n    b"') + b'"\n',
        key("RSA ", b"\x99").replace(
            b"KEY-----\n", b"KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,AB\n\n", 1
        ),
    ],
    ids=["PKCS 8", "elliptic curve", "OpenSSH", "encrypted", "one line", "string literals", "encrypted in the old way"],
)
def test_shapes_of_keys(tmp_path: Path, block: bytes) -> None:
    """A private key is found in each of the shapes that keys have in files and in code."""
    found = run(context(wheel(tmp_path, {"wheelhouse/keys.py": block}), tracked=None))
    assert [(f.code, f.severity) for f in found] == [("TC40", Severity.ERROR)]


@pytest.mark.parametrize(
    "text",
    [
        b"pypi-AgEIcHlwaS5vcmcCJ" + b"x" * 60,
        b"pypi-AgEIcHlwaS5vcmc...",
        pypi(signature=31),
        pypi()[:-9],
        b"ghp_" + b"x" * 36,
        github("ghp")[:-1] + b"x",
        b"github_pat_" + b"a" * 22 + b"_" + b"b" * 59,
        b"AKIAIOSFODNN7EXAMPLE",
        b"AKIAXXXXXXXXXXXXXXXX",
        b'aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"',
        b"xoxb-123456789012-123456789012-abcdefghijklmnopqrstuvwx",
        b"https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        b"-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        b"-----BEGIN RSA PRIVATE KEY-----\nyour key here, in some fifty or more characters of base 64\n"
        b"-----END RSA PRIVATE KEY-----",
        key("", b"made up and not DER"),
        key().replace(b"PRIVATE", b"PUBLIC"),
    ],
)
def test_placeholders_are_quiet(tmp_path: Path, text: bytes) -> None:
    """What documentation shows instead of a secret is no finding, even in the package."""
    assert run(context(wheel(tmp_path, {"wheelhouse/help.py": b'"""' + text + b'"""\n'}), tracked=None)) == ()


@pytest.mark.requirement("D8")
@pytest.mark.parametrize(
    "path",
    [".env", ".env.production", ".pypirc", ".netrc", "deploy/id_rsa", "id_ed25519", ".git-credentials", ".ssh/config"],
)
def test_private_files(tmp_path: Path, path: str) -> None:
    """A file that is named like one that holds credentials is an error in either archive."""
    built = wheel(tmp_path, {f"wheelhouse/{path}": b"made up"}), sdist(tmp_path, {path: b"made up"})
    title = f"{path.rpartition('/')[2]} would be published"
    assert run(context(*built, tracked=None)) == (
        finding("TC41", f"{WHEEL_NAME}: wheelhouse/{path}", title),
        finding("TC41", f"{SDIST_NAME}: {path}", title),
    )


def test_repository_inside(tmp_path: Path) -> None:
    """A whole `.git` folder is one error."""
    built = sdist(tmp_path, {".git/config": b"[core]", ".git/HEAD": b"ref", "sub/.git": b"gitdir: elsewhere"})
    assert run(context(built, tracked=None)) == (
        finding("TC41", f"{SDIST_NAME}: .git", ".git would be published"),
        finding("TC41", f"{SDIST_NAME}: sub/.git", ".git would be published"),
    )


def test_private_names_of_examples(tmp_path: Path) -> None:
    """A `.env` among tests is a note; templates, empty files and public keys are nothing."""
    quiet = dict.fromkeys([".env.example", ".env.template", "id_rsa.pub", ".github/x"], b"made up")
    built = sdist(tmp_path, {"tests/.env": b"made up", ".env": b"", **quiet})
    title = ".env would be published"
    assert run(context(built, tracked=None)) == (finding("TC41", f"{SDIST_NAME}: tests/.env", title, Severity.NOTE),)
