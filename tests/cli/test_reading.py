"""Commands that only read, and what every command has in common."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import msgspec
import pytest

from tagship import __version__
from tagship.cli.app import COMMANDS, run, tagship
from tagship.cli.pages import pages
from tagship.errors import ERRORS, TagshipError
from tagship.services.addresses import page_of
from tests.cli.calling import IMPORTED, Answer, call, inside
from tests.rehearsing import repository

IMPORTABLE = os.environ | {"PYTHONPATH": IMPORTED}


def test_the_version_is_one_line(tmp_path: Path) -> None:
    """`--version` and `-V` print the name and the version, and nothing on standard error."""
    expected = Answer(code=0, out=f"tagship {__version__}\n", err="")
    assert [call(word, cwd=tmp_path) for word in ("--version", "-V")] == [expected, expected]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` and `-h` of each command say what it does and end with an example of exactly that command."""
    assert run([name, "--help"]) == 0
    shown = capsys.readouterr()
    assert f"Usage: tagship {name} [OPTIONS]" in shown.out
    assert f"Example: tagship {name}" in shown.out
    assert shown.err == ""
    assert run([name, "-h"]) == 0
    assert capsys.readouterr().out == shown.out


@pytest.mark.parametrize("name", COMMANDS)
def test_no_word_of_a_help_is_broken(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal of 80 columns every option says what it is, and each of its choices stands on one line."""
    monkeypatch.setenv("COLUMNS", "80")
    assert run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    command = tagship.get_command(click.Context(tagship), name)
    assert command is not None
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []
    choices = [word for option in options if isinstance(option.type, click.Choice) for word in option.type.choices]
    assert [word for word in choices if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", shown)] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["reherse"], "No such command 'reherse'"),
        (["rehearse", "--tga", "v1.0.0"], "No such option"),
        (["rehearse", "--target", "npm"], "'npm' is not one of 'testpypi', 'pypi'"),
        (["rehearse", "--stale", "often"], "'often' is not a valid integer"),
        (["rehearse", "--world", "missing.toml"], "'missing.toml' does not exist"),
        (["plan", "surplus"], "Got unexpected extra argument (surplus)"),
    ],
    ids=["command", "option", "choice", "number", "file", "argument"],
)
def test_wrong_usage_ends_with_2_and_says_why(words: list[str], said: str, tmp_path: Path) -> None:
    """A call that cannot work ends with exit code 2, with words on standard error and nothing on standard output."""
    answer = inside(*words, cwd=tmp_path)
    told = " ".join(answer.err.replace("│", " ").split())
    assert (answer.code, answer.out, said in told) == (2, "", True)
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--tag", "v1.0.0", "--push"],
            "error TE02: Nothing was rehearsed: --tag and --push are different scenarios\n    fix: Choose one.",
        ),
        (["--ci", "failure"], "error TE02: Nothing was rehearsed: --ci 'failure' is no NAME=END"),
    ],
    ids=["two scenarios", "no name"],
)
def test_contradictions_are_refused_before_anything_starts(words: list[str], said: str, tmp_path: Path) -> None:
    """Options that contradict each other end with 2 and a remedy, and no report is written."""
    answer = call("rehearse", *words, cwd=tmp_path)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert not (tmp_path.parent / "cache" / "reports").exists()


def test_config_tells_where_each_value_comes_from(tmp_path: Path) -> None:
    """`config` prints a line for each value, tab-separated when piped, with the place that it comes from."""
    answer = inside("config", cwd=repository(tmp_path / "sample", {}))
    rows = {name: (value, source) for name, value, source in map(_cells, answer.out.splitlines())}
    assert (answer.code, answer.err) == (0, "")
    assert rows["name"] == ("sample", "pyproject.toml:6 [project].name")
    assert rows["version"][0] == "1.0.0"


def _cells(line: str) -> tuple[str, str, str]:
    name, value, source = line.split("\t")
    return name, value, source


def test_config_as_json_says_the_same(tmp_path: Path) -> None:
    """`config --json` is one object with the number of its schema and the same rows as the text."""
    path = repository(tmp_path / "sample", {})
    rows = [_cells(line) for line in inside("config", cwd=path).out.splitlines()]
    printed = json.loads(inside("config", "--json", cwd=path).out)
    assert printed == {
        "schema": 1,
        "values": [{"name": name, "value": value, "source": source} for name, value, source in rows],
    }


@pytest.mark.requirement("B7")
def test_the_schema_is_for_editors(tmp_path: Path) -> None:
    """`config --schema` prints a JSON schema that knows every key; it needs no repository."""
    answer = inside("config", "--schema", cwd=tmp_path)
    schema = msgspec.json.decode(answer.out.encode())
    keys = schema["$defs"]["Config"]["properties"]
    assert (answer.code, answer.err) == (0, "")
    assert {"ci", "tests", "release-branches", "tag", "package", "allow-override"} <= keys.keys()
    assert schema["$defs"]["Config"]["additionalProperties"] is False
    assert [key for key, value in keys.items() if not value.get("description")] == []


def test_config_outside_of_a_repository(tmp_path: Path) -> None:
    """Where there is no repository `config` ends with 3 and says what to do."""
    answer = inside("config", cwd=tmp_path)
    assert (answer.code, answer.out) == (3, "")
    assert answer.err == (
        "\n  error TE03: . is not inside a git repository\n"
        "    fix: Run it in a clone of the project, or make it one: git init && git add . && git commit\n"
        f"  tagship explain TE03: {page_of('TE03')}\n"
    )


def test_an_unknown_key_names_the_right_one(tmp_path: Path) -> None:
    """An unknown key ends with 3, its place, and the key that was probably meant."""
    path = repository(tmp_path / "sample", {"pyproject.toml": None, "tagship.toml": "relase-branches = ['main']\n"})
    answer = inside("config", cwd=path)
    assert answer.code == 3
    assert "the configuration has an unknown key: relase-branches (did you mean release-branches?)" in answer.err
    assert "at: tagship.toml:1" in answer.err


def test_explain_lists_every_code(tmp_path: Path) -> None:
    """`explain` prints one line for each code, sorted."""
    answer = inside("explain", cwd=tmp_path)
    lines = [line.split("  ", 1) for line in answer.out.splitlines()]
    assert (answer.code, answer.err) == (0, "")
    assert lines == [[page.code, page.title] for page in pages().values()]
    assert sorted(lines) == lines


@pytest.mark.parametrize("code", ["TC40", "tc40"])
def test_explain_shows_one_page(code: str, tmp_path: Path) -> None:
    """`explain CODE` prints the page, in whatever case the code is written."""
    page = pages()["TC40"]
    answer = inside("explain", code, cwd=tmp_path)
    assert answer == Answer(
        code=0,
        out=f"TC40: {page.title}\n\n{page.why}\n\nWhat to do: {page.remedy}\n\nSource: {page.source}\n",
        err="",
    )


def test_an_unknown_code_gets_a_suggestion(tmp_path: Path) -> None:
    """A code that does not exist ends with 2 and names one that does."""
    answer = inside("explain", "TC4", cwd=tmp_path)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        "\n  error TE02: There is no code TC4\n    fix: Did you mean TC64? `tagship explain` lists all.\n"
        f"  tagship explain TE02: {page_of('TE02')}\n"
    )


def test_a_reader_that_leaves_is_no_error() -> None:
    """Output into a pipe that nobody reads any more ends quietly."""
    program = f"{sys.executable} -m tagship explain | head -n 1"
    done = subprocess.run(("bash", "-c", program), env=IMPORTABLE, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("TC01  A built file cannot be read\n", "")


def test_every_error_has_a_page_that_says_what_to_do() -> None:
    """The page of each error has advice of its own and its exit code, and no two errors give the same."""
    known = pages()
    remedies = [known[error.code].remedy for error in ERRORS]
    assert len({*remedies}) == len(ERRORS)
    assert [error.code for error in ERRORS if error.advice == TagshipError.advice] == []
    assert [error.code for error, text in zip(ERRORS, remedies, strict=True) if str(error.exit_code) not in text] == []
