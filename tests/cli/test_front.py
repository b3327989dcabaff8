"""What is there at once: the version, the front page and the completion of words; and what a command imports."""

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tagship import __version__
from tagship.cli.app import run, tagship
from tagship.cli.commands import COMMANDS, GROUPS, SUMMARIES
from tests.cli.calling import IMPORTED, call, on_a_terminal
from tests.rehearsing import repository

STYLE = re.compile(r"\x1b\[[0-9;]*m")
PROBE = """
import atexit, json, sys
sys.argv[1:] = {words!r}
atexit.register(lambda: print("\\n" + json.dumps([*sys.modules]), file=sys.stderr))
from tagship.cli import main
main()
"""


def imported(*words: str, cwd: Path, environ: dict[str, str] | None = None) -> set[str]:
    """The modules that a process has in the end that runs a command."""
    done = subprocess.run(
        (sys.executable, "-c", PROBE.format(words=[*words])),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": IMPORTED, **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    modules: list[str] = json.loads(done.stderr.splitlines()[-1])
    return {*modules}


@pytest.mark.parametrize("word", ["--version", "-V", "--help", "-h"])
def test_the_first_words_import_no_library(word: str, tmp_path: Path) -> None:
    """The version and the front page need nothing that is not there when Python has started, but two files of ours."""
    program = "import atexit, json, sys; print(json.dumps([*sys.modules]))"
    there = json.loads(subprocess.check_output((sys.executable, "-c", program)))
    ours = {"tagship", "tagship.cli"} | ({"tagship.cli.commands"} if "h" in word else set())
    assert imported(word, cwd=tmp_path) - {*there} == ours


def test_the_front_page_names_every_command_and_fits(tmp_path: Path) -> None:
    """It has each command with what it does, in its group, on at most 80 columns; and no styles where it is piped."""
    page = call("--help", cwd=tmp_path)
    assert (page.code, page.err) == (0, "")
    rows = [line for line in page.out.splitlines() if line.startswith("  ") and not line.startswith("   ")]
    assert rows[: len(COMMANDS)] == [f"  {name:<16}{does}" for name, does in SUMMARIES.items()]
    assert [heading for heading, _ in GROUPS if f"\n\n{heading}\n" not in page.out] == []
    assert [line for line in page.out.splitlines() if len(line) > 80] == []
    assert STYLE.search(page.out) is None


def test_the_front_page_is_the_same_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`-h`, the option in a longer call, and no word at all, which is a wrong call, show what `--help` shows."""
    page = call("--help", cwd=tmp_path)
    assert call("-h", cwd=tmp_path) == page
    assert run(["--help", "rehearse"]) == 0
    assert capsys.readouterr() == (page.out, "")
    assert run([]) == 2
    assert capsys.readouterr() == (page.out, "")


def test_the_front_page_has_colours_on_a_terminal_only(tmp_path: Path) -> None:
    """On a terminal headings and names stand out, on any stream with FORCE_COLOR, and nowhere with NO_COLOR."""
    plain = call("--help", cwd=tmp_path).out
    shown = on_a_terminal("--help", cwd=tmp_path).replace("\r\n", "\n")
    assert STYLE.sub("", shown) == plain
    assert "\x1b[1mSet up\x1b[0m\n  \x1b[1;36minit            \x1b[0mSet up a repository\n" in shown
    assert call("--help", cwd=tmp_path, environ={"FORCE_COLOR": "1"}).out == shown
    for quiet in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert call("--help", cwd=tmp_path, environ={"FORCE_COLOR": "1", **quiet}).out == plain


@pytest.mark.parametrize("name", COMMANDS)
def test_the_front_page_says_what_the_command_says(name: str) -> None:
    """What the table says about a command is how the command's own help begins, to the end of a word."""
    with click.Context(tagship) as context:
        command = tagship.get_command(context, name)
    assert command is not None
    assert re.match(re.escape(SUMMARIES[name]) + r"\b", inspect.cleandoc(command.help or ""))


def test_help_of_a_command_has_colours_where_they_are_wanted(tmp_path: Path) -> None:
    """rich draws the help of a command, with styles where they are asked for and the same words without."""
    shown = call("explain", "--help", cwd=tmp_path, environ={"FORCE_COLOR": "1", "COLUMNS": "80"}).out
    plain = call("explain", "--help", cwd=tmp_path, environ={"COLUMNS": "80"}).out
    assert STYLE.search(shown)
    assert STYLE.sub("", shown) == plain
    assert STYLE.search(plain) is None


def test_a_group_without_a_command_shows_its_help(tmp_path: Path) -> None:
    """`tagship version` alone shows what can follow, and ends with 2."""
    helped, alone = call("version", "--help", cwd=tmp_path), call("version", cwd=tmp_path)
    assert (alone.code, alone.out, alone.err) == (2, helped.out, "")


def completed(*words: str, at: Path) -> list[str]:
    """What bash offers for the last word, by the script that tagship gives it."""
    tool = at / "tagship"
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tagship "$@"\n')
    tool.chmod(0o755)
    program = (
        'eval "$(_TAGSHIP_COMPLETE=bash_source tagship)"; complete -p tagship >&2; '
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tagship_completion tagship; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ("bash", "--norc", "-c", program, "bash", "tagship", *words),
        cwd=at,
        env={**os.environ, "PYTHONPATH": IMPORTED, "PATH": f"{at}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "-F _tagship_completion tagship" in done.stderr, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["re"], ["rehearse", "release"]),
        ([""], [*COMMANDS]),
        (["--v"], ["--version"]),
        (["version", "b"], ["bump"]),
        (["version", "bump", "--d"], ["--dry-run"]),
        (["notes", "--from", "c"], ["changelog", "commits"]),
        (["github-release", "--mani"], ["--manifest"]),
        (["nothing", "x"], []),
    ],
    ids=["command", "any", "option", "subcommand", "its option", "choice", "stage", "no command"],
)
def test_bash_completes(words: list[str], offered: list[str], tmp_path: Path) -> None:
    """The script for bash completes commands, options and their choices."""
    assert completed(*words, at=tmp_path) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_a_script_and_summaries(shell: str, tmp_path: Path) -> None:
    """zsh and fish get a script of their own, and with each command what it does."""
    script = call(cwd=tmp_path, environ={"_TAGSHIP_COMPLETE": f"{shell}_source"})
    assert (script.code, script.err) == (0, "")
    assert f"_TAGSHIP_COMPLETE={shell}_complete" in script.out
    asked = {"_TAGSHIP_COMPLETE": f"{shell}_complete", "COMP_WORDS": "tagship do", "COMP_CWORD": "1"}
    offered = call(cwd=tmp_path, environ=asked | ({"COMP_CWORD": "do"} if shell == "fish" else {}))
    assert re.split(r"[,\n\t]", offered.out.strip())[-2:] == ["doctor", SUMMARIES["doctor"]]


def test_completing_a_name_imports_no_command(tmp_path: Path) -> None:
    """To complete the name of a command click is imported, and neither a command nor what draws or reads records."""
    asked = {"_TAGSHIP_COMPLETE": "bash_complete", "COMP_WORDS": "tagship re", "COMP_CWORD": "1"}
    found = imported(cwd=tmp_path, environ=asked)
    assert {name for name in found if name.startswith("tagship")} == {
        "tagship",
        "tagship.cli",
        "tagship.cli.app",
        "tagship.cli.clicking",
        "tagship.cli.commands",
    }
    assert found & {"rich", "rich_click", "msgspec", "urllib3", "ssl", "asyncio"} == set()


def test_the_version_in_a_longer_call(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` is answered by itself whatever follows."""
    assert run(["--version", "rehearse"]) == 0
    assert capsys.readouterr().out == f"tagship {__version__}\n"


SLOW = {
    *("rich", "rich_click", "urllib3", "ssl", "http", "asyncio", "cryptography", "jinja2", "twine", "werkzeug"),
    *("tomlkit", "ruamel", "trove_classifiers", "packaging.tags", "configparser", "hashlib", "tagship.services.world"),
}
"""What costs more to import than a version to decide."""


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("version current", set()),
        ("version info", set()),
        ("version validate", set()),
        ("version next minor", set()),
        ("version bump minor --dry-run", set()),
        ("notes --from commits", set()),
        ("changelog check", set()),
        ("config", {"ruamel"}),
        ("explain TE03", set()),
        ("explain TS01", {"hashlib"}),
        ("explain TC40", {"trove_classifiers", "packaging.tags", "configparser", "hashlib"}),
        ("version --help", {"rich", "rich_click"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_local_command_imports_what_it_is_about(command: str, wanted: set[str], tmp_path: Path) -> None:
    """What only looks at files and asks git imports nothing that draws, connects, encrypts or edits."""
    path = repository(tmp_path / "sample", {"CHANGELOG.md": "# Changes\n\n## 1.0.0 - 2024-01-02\n\n- One.\n"})
    assert imported(*command.split(), cwd=path) & SLOW <= wanted


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [("--version",), ("--help",), ("explain",), ("version", "--help")], ids=" ".join)
def test_who_closes_the_pipe_is_shown_no_traceback(words: tuple[str, ...], unbuffered: str, tmp_path: Path) -> None:
    """A reader that is gone, `head` for example, is told by the exit code alone."""
    environ = {**os.environ, "PYTHONPATH": IMPORTED, "PYTHONUNBUFFERED": unbuffered}
    reader, writer = os.pipe()
    os.close(reader)
    program = (sys.executable, "-P", "-m", "tagship", *words)
    try:
        done = subprocess.run(program, cwd=tmp_path, env=environ, stdout=writer, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")
