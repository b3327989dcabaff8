"""`tagship rehearse` as a user calls it."""

import json
import re
from pathlib import Path

import jsonschema
import msgspec
import pytest

from tagship.errors import GateClosed
from tagship.rehearsal.result import Rehearsal
from tests.cli.calling import Answer, call
from tests.rehearsing import git, repository

pytestmark = pytest.mark.usefixtures("kept")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A repository that can be released."""
    return repository(tmp_path / "sample", {})


def rehearse(path: Path, upstream: str, *words: str, **variables: str) -> Answer:
    """Rehearse with the index of the tests as the user's own."""
    return call("rehearse", *words, cwd=path, environ={"UV_DEFAULT_INDEX": upstream, **variables})


def test_the_result_is_one_json_object(sample: Path, upstream: str) -> None:
    """`--json` prints one object that fits its schema on standard output, and the words on standard error."""
    answer = rehearse(sample, upstream, "--json")
    assert answer.code == 0, answer.err
    jsonschema.validate(json.loads(answer.out), msgspec.json.schema(Rehearsal))
    result = msgspec.json.decode(answer.out.encode(), type=Rehearsal)
    assert (result.verdict, result.exit_code) == ("ready", 0)
    assert "\nReady: sample 1.0.0 would be released on PyPI\n" in answer.err
    assert [name for name in result.stages if f"{name}\n" not in answer.err] == []


def test_without_json_nothing_goes_to_standard_output(sample: Path, upstream: str, cache: Path) -> None:
    """The verdict is words; the report lies in the cache, needs nothing from elsewhere, and the last line names it."""
    answer = rehearse(sample, upstream, "--ci", "ci.yml=failure")
    report = Path(answer.err.rstrip().rpartition("\n")[2].strip())
    assert (answer.code, answer.out) == (GateClosed.exit_code, "")
    assert "\nRefused: Not published: Test Suite (ci.yml) failed\n" in answer.err
    assert report.parent == cache / "reports"
    assert "Test Suite (ci.yml) failed" in report.read_text(encoding="utf-8")
    assert git(sample, "status", "--porcelain", "--ignored") == ""


def test_the_report_goes_where_it_was_asked_for(sample: Path, upstream: str, tmp_path: Path) -> None:
    """`--report` names the file, also in a folder that does not exist yet."""
    wanted = tmp_path / "new folder" / "report.html"
    answer = rehearse(sample, upstream, "--dispatch", "main", "--dry-run", "--report", str(wanted))
    assert (answer.code, answer.err.rstrip().endswith(str(wanted))) == (0, True)
    assert wanted.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_report_that_cannot_be_written_is_said_before_anything_is_done(sample: Path, upstream: str) -> None:
    """A folder that cannot be made, for the report or for the cache, ends at once with the way out."""
    (sample / "file").write_text("")
    for words, variables in ((("--report", "file/report.html"), {}), ((), {"TAGSHIP_CACHE_DIR": str(sample / "file")})):
        answer = rehearse(sample, upstream, *words, **variables)
        assert (answer.code, answer.out) == (2, "")
        assert "Nothing was done: the report " in answer.err
        assert "TAGSHIP_CACHE_DIR" in answer.err


def test_no_colour_where_nobody_looks(sample: Path, upstream: str) -> None:
    """Piped output has no escape sequence, whatever the terminal is called, and with NO_COLOR either."""
    for variables in ({"TERM": "xterm-256color"}, {"TERM": "xterm-256color", "NO_COLOR": "1"}):
        answer = rehearse(sample, upstream, "--ci", "ci.yml=missing", **variables)
        assert (answer.code, re.findall(r"\x1b", answer.err)) == (GateClosed.exit_code, [])


@pytest.mark.requirement("A3", "A10")
def test_inside_actions_findings_are_annotations(sample: Path, upstream: str) -> None:
    """Inside GitHub Actions a rehearsal annotates what stands in the way, and is not confused by the run it is in."""
    outer = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_REPOSITORY": "somebody/else",
    }
    answer = rehearse(sample, upstream, "--ci", "ci.yml=cancelled", **outer)
    lines = [line for line in answer.err.splitlines() if line.startswith("::error ")]
    assert answer.code == GateClosed.exit_code
    assert lines[0].startswith("::error title=TE05%3A Not published%3A Test Suite (ci.yml) was cancelled::")
    assert "somebody/else" not in answer.err


def test_an_unknown_required_ci_is_named(sample: Path, upstream: str) -> None:
    """`--ci` for a workflow that is not required ends with 2 and lists those that are."""
    answer = rehearse(sample, upstream, "--ci", "nightly.yml=failure")
    assert (answer.code, answer.out) == (2, "")
    assert "Nothing was rehearsed: there is no required CI called nightly.yml\n" in answer.err
    assert "fix: Name one that is required: ci.yml, Test Suite, Tests.\n" in answer.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("project = 'gone'\n", "an assumption was not understood: Invalid enum value 'gone'"),
        ("projct = 'new'\n", "an assumption was not understood: Object contains unknown field `projct`"),
        ("project = \n", "Invalid value (at line 1, column 11)"),
        ("project = " + "[" * 5_000, "Values are nested too deeply"),
        (
            '{"github": {"rulesets": {"value": [{"rules": [{"parameters": ' + "[" * 200_000,
            "maximum recursion depth exceeded",
        ),
    ],
    ids=["value", "key", "syntax", "depth", "depth of a snapshot"],
)
def test_a_world_file_that_is_not_understood(content: str, said: str, sample: Path, tmp_path: Path) -> None:
    """A wrong world file ends with 2, before anything starts, and says what is wrong in it."""
    world = tmp_path / "world.toml"
    world.write_text(content)
    answer = call("rehearse", "--world", str(world), cwd=sample)
    assert (answer.code, answer.out) == (2, "")
    assert "error TE02: Nothing was rehearsed: " in answer.err
    assert said in answer.err


def test_options_override_the_world_file(sample: Path, upstream: str, tmp_path: Path) -> None:
    """What an option says counts more than the same key in the file."""
    world = tmp_path / "world.toml"
    world.write_text('publisher = "missing"\n[ci]\n"ci.yml" = "failure"\n')
    words = ("--world", str(world), "--ci", "ci.yml=success", "--publisher", "registered")
    assert rehearse(sample, upstream, *words).code == 0


@pytest.mark.requirement("A4")
def test_the_override_needs_permission_and_is_recorded(upstream: str, tmp_path: Path) -> None:
    """With failed CI, `--override` publishes only where the configuration allows it, and the reason is recorded."""
    closed = repository(tmp_path / "closed" / "sample", {})
    words = ("--dispatch", "main", "--override", "the test machines are on fire", "--ci", "ci.yml=failure", "--json")
    refused = rehearse(closed, upstream, *words)
    assert refused.code == GateClosed.exit_code
    assert "an override was asked for, and this project does not allow one" in refused.err
    allowed = repository(tmp_path / "open" / "sample", {"tagship.toml": "allow-override = true\n"})
    done = msgspec.json.decode(rehearse(allowed, upstream, *words).out.encode(), type=Rehearsal)
    gate = done.manifest.entry("gate")
    assert gate is not None
    assert (done.exit_code, done.headline) == (0, "sample 1.0.0.dev1 would be released on TestPyPI")
    assert [(fact.id, fact.status, fact.detail) for fact in gate.facts] == [
        ("ci.override", "unknown", "the test machines are on fire")
    ]


@pytest.mark.requirement("A7", "D1")
@pytest.mark.parametrize(
    ("token", "code", "said"),
    [("valid", 0, ""), ("unknown", 10, "Invalid or non-existent authentication information."), ("expired", 10, "")],
)
def test_uploads_with_an_api_token(token: str, code: int, said: str, sample: Path, upstream: str) -> None:
    """A token is taken in place of trusted publishing; one that PyPI refuses is an error in PyPI's words."""
    (sample / "tagship.toml").write_text('auth = "token"\n')
    git(sample, "add", "tagship.toml")
    git(sample, "commit", "--quiet", "--message", "Publish with a token")
    answer = rehearse(sample, upstream, "--api-token", token, "--json")
    assert (answer.code, said in answer.err) == (code, True), answer.err
    assert "pypi-" not in answer.out + answer.err
