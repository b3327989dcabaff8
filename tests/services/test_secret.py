"""Credentials: taken from the environment whole or not at all, and seen nowhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tagship.errors import BUG, UsageError
from tagship.services.secret import Secret, likely, named, redact
from tagship.services.shell import Shell
from tests.cli.calling import IMPORTED, call
from tests.rehearsing import repository

TOKEN = "ghs_madeUpForThisTest123"
"""No token of anybody."""


@pytest.mark.parametrize(
    ("text", "values", "shown"),
    [
        (f"a {TOKEN} b {TOKEN}", [TOKEN], "a *** b ***"),
        ("one first-1 two second", ["first-1", "second"], "one *** two ***"),
        ("short stays", ["short"], "short stays"),
        ("no secret here", [TOKEN], "no secret here"),
        ("nothing known", [], "nothing known"),
    ],
)
def test_known_values_are_taken_out_of_text(text: str, values: list[str], shown: str) -> None:
    """Every occurrence of every value of six characters or more is replaced, and nothing else."""
    assert redact(text, map(Secret, values)) == shown


def test_a_program_s_words_are_without_its_secrets(tmp_path: Path) -> None:
    """A secret that a program is given, and prints, stands in neither of its outputs, nor among its arguments."""
    shell = Shell(dict(os.environ))
    words = ("sh", "-c", 'echo "out $TOKEN"; echo "err $TOKEN" >&2')
    output = shell.run(words, cwd=tmp_path, extra={"TOKEN": Secret(TOKEN)})
    assert (output.argv, output.stdout, output.stderr) == (words, "out ***\n", "err ***\n")


def test_a_secret_prints_as_stars() -> None:
    """No way of turning a secret into text gives its value, and it cannot be pickled."""
    secret = Secret(TOKEN)
    assert (str(secret), repr(secret), f"{secret}", f"{[secret]}") == ("***", "***", "***", "[***]")
    with pytest.raises(TypeError, match="does not travel"):
        secret.__reduce__()


@pytest.mark.parametrize("value", [TOKEN, f"{TOKEN}\n", f" {TOKEN}\r\n"])
def test_a_token_is_taken_without_the_line_feed(value: str) -> None:
    """What a file or a paste adds around a token is no part of it, and the first variable that is set wins."""
    found = named({"EMPTY": " \n", "GH_TOKEN": value, "OTHER": "another"}, "ABSENT", "EMPTY", "GH_TOKEN", "OTHER")
    assert found is not None
    assert found.reveal() == TOKEN


@pytest.mark.parametrize("inside", ["\n", "\0", " ", "\x7f", "\u2026"])
def test_a_token_that_no_header_carries_is_refused(inside: str, tmp_path: Path) -> None:
    """A token with a line feed or the like in it ends a command with 2, names the variable, and is not shown."""
    with pytest.raises(UsageError) as caught:
        named({"GH_TOKEN": f"{TOKEN}{inside}tail"}, "GH_TOKEN")
    said = "Nothing was sent: GH_TOKEN has a blank, a line feed or another character that no token has"
    assert (caught.value.message, caught.value.where) == (said, "GH_TOKEN")
    if inside == "\0":  # no variable of a process holds one
        return
    path = repository(tmp_path / "sample", {})
    answer = call("plan", "--tag", "v1.0.0", cwd=path, environ={"GH_TOKEN": f"{TOKEN}{inside}tail"})
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert TOKEN not in answer.err


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("GH_TOKEN", f"{TOKEN}\n", [TOKEN]),
        ("NPM_AUTH", "a b", ["a", "b"]),
        ("GH_PAT", TOKEN, [TOKEN]),
        ("deploy_key", "line1\nline2", ["line1", "line2"]),
        ("HTTPS_PROXY", "http://somebody:word-made-up@proxy:3128", ["word-made-up"]),
        ("PATH", "/usr/bin:/bin", []),
        ("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring", []),
        ("URL", "https://example.invalid:443/a@b", []),
    ],
)
def test_credentials_are_known_by_their_names(name: str, value: str, found: list[str]) -> None:
    """Variables named like credentials, word by word, and passwords in addresses; other values stay readable."""
    assert [secret.reveal() for secret in likely({name: value})] == found


BUGGY = """
import sys
from tagship.cli import app
app.COMMANDS["buggy"] = "buggy:command"
sys.exit(app.run(["buggy"]))
"""
COMMAND = f"""
import click

@click.command()
def command():
    raise ValueError("Invalid header value b'Bearer {TOKEN}\\\\n'")
"""


def test_a_bug_shows_no_credential(tmp_path: Path) -> None:
    """The traceback of a bug has stars where it would show the value of a variable named like a credential."""
    (tmp_path / "buggy.py").write_text(COMMAND)
    done = subprocess.run(
        (sys.executable, "-c", BUGGY),
        env={"PYTHONPATH": f"{IMPORTED}:{tmp_path}", "GH_TOKEN": f"{TOKEN}\n"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (BUG, "")
    assert "ValueError: Invalid header value b'Bearer ***\\n'" in done.stderr
    assert "This is a bug in tagship." in done.stderr
    assert TOKEN not in done.stderr
