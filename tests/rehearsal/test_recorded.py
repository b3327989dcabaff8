"""A rehearsal in a world that the doctor recorded: what the real settings would do to the release is what happens."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tagship.errors import PlanRefused, UsageError
from tagship.model import to_json
from tagship.rehearsal.github.state import Environment, Rule, Ruleset
from tagship.rehearsal.request import Assumptions, Request
from tagship.setup.observe import observe
from tagship.setup.snapshot import Snapshot, snapshot
from tests.cli.calling import call
from tests.rehearsing import Stage, git, repository, why
from tests.setup.worlds import SetUp, Stagehand, stagehand, vouch

Change = Callable[[SetUp], object]


@pytest.fixture(scope="module")
def worlds(tooling: str, cache: Path, tmp_path_factory: pytest.TempPathFactory):
    """Worlds to be recorded."""
    with stagehand(tmp_path_factory.mktemp("recorded"), tooling, cache) as made:
        yield made


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The sample, whose remote is the recorded repository."""
    root = repository(tmp_path / "sample", {})
    git(root, "remote", "add", "origin", "https://github.com/owner/sample.git")
    return root


def recorded(made: SetUp, token: str | None = None) -> Snapshot:
    """What the doctor records, through a file."""
    seen = observe(made.world(made.token() if token is None else token), made.project)
    return msgspec.json.decode(to_json(snapshot(seen)), type=Snapshot)


def pypi(change: Callable[[Environment], object]) -> Change:
    """Another environment for PyPI."""
    return lambda made: change(made.github.environments["pypi"])


def _reviewed(environment: Environment) -> None:
    environment.reviewers, environment.prevent_self_review = ("owner",), True


def _nobody(made: SetUp) -> None:
    made.github.rulesets[:] = [Ruleset(id=1, name="nobody", target="tag", created=0, rules=(Rule(type="creation"),))]


WORLDS: tuple[tuple[str, Change, list[tuple[str, str]]], ...] = (
    ("as it should be", lambda made: None, []),
    ("only branches may deploy", pypi(lambda one: setattr(one.policies[0], "type", "branch")), [("publish", "TE10")]),
    ("who starts it may not approve it", pypi(_reviewed), [("publish", "TE10")]),
    ("a reviewer approves", pypi(lambda one: setattr(one, "reviewers", ("mary",))), []),
    ("another environment is registered", lambda made: vouch(made, {"environment": "live"}, at="0" * 40),
     [("publish", "TE10")]),
)  # fmt: skip


@pytest.mark.parametrize(("name", "change", "causes"), WORLDS, ids=[name for name, _, _ in WORLDS])
def test_what_was_recorded_happens(
    name: str, change: Change, causes: list[tuple[str, str]], worlds: Stagehand, sample: Path, stage: Stage
) -> None:
    """A release that the real settings would stop is stopped in the rehearsal, at the same place; others succeed."""
    with worlds.open(name.replace(" ", "-")) as made:
        change(made)
        world = recorded(made)
    result = stage(sample, Request(tag="v1.0.0", assumptions=Assumptions(recorded=world)))
    assert (why(result), result.verdict) == (causes, "refused" if causes else "ready"), result.headline
    row = next(row for row in result.assumptions if row.name == "Recorded settings")
    assert (
        "environments, rulesets, classic protection, who may pass them by, immutable releases, what Actions may do"
        in row.value
    )
    assert "Environments" not in [row.name for row in result.assumptions]


def test_a_recorded_ruleset_refuses_the_push(worlds: Stagehand, sample: Path, stage: Stage) -> None:
    """Where the real rules let nobody make a tag, the rehearsal ends with the push, in GitHub's words."""
    with worlds.open("nobody") as made:
        _nobody(made)
        world = recorded(made)
    with pytest.raises(PlanRefused, match="creations being restricted"):
        stage(sample, Request(tag="v1.0.0", assumptions=Assumptions(recorded=world)))


def test_what_was_not_seen_is_assumed(worlds: Stagehand, sample: Path, stage: Stage) -> None:
    """Without a token some settings are hidden: the rehearsal says which, and takes them for right."""
    with worlds.open("anonymous") as made:
        world = recorded(made, token="")
    result = stage(sample, Request(tag="v1.0.0", assumptions=Assumptions(recorded=world)))
    assert result.verdict == "ready"
    row = next(row for row in result.assumptions if row.name == "Recorded settings")
    assert row.value.endswith(
        "assumed: classic protection, who may pass them by, immutable releases, what Actions may do"
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"repository": "someone/else"}, "someone/else, and this is owner/sample"),
     ({"project": "Other.One"}, "other-one, and this is sample")],
)  # fmt: skip
def test_the_settings_of_another_are_refused(
    changed: dict[str, str], said: str, worlds: Stagehand, sample: Path, stage: Stage
) -> None:
    """What was recorded for another repository or project says nothing about this one."""
    with worlds.open("another") as made:
        world = msgspec.structs.replace(recorded(made), **changed)
    with pytest.raises(UsageError, match=f"Nothing was rehearsed: the settings were recorded for {said}"):
        stage(sample, Request(tag="v1.0.0", assumptions=Assumptions(recorded=world)))


@pytest.mark.usefixtures("kept")
def test_an_environment_is_the_same_in_capitals(worlds: Stagehand, sample: Path, stage: Stage) -> None:
    """GitHub takes `PyPI` and `pypi` for one environment: its patterns let the tag in all the same."""
    with worlds.open("capitals") as made:
        pypi = made.github.environments.pop("pypi")
        pypi.name = "PyPI"
        made.github.environments["PyPI"] = pypi
        world = recorded(made)
    result = stage(sample, Request(tag="v1.0.0", assumptions=Assumptions(recorded=world)))
    assert (why(result), result.verdict) == ([], "ready"), result.headline


def test_the_commands_hand_it_over_without_secrets(
    worlds: Stagehand, sample: Path, upstream: str, tmp_path: Path
) -> None:
    """The file has names and dates of secrets, neither a value nor the token that was used; `--world` takes it."""
    with worlds.open("secrets", auth="token") as made:
        token, file = made.token(), tmp_path / "world.json"
        output = made.command("--snapshot", str(file), "--allow-unknown", token=token)
        text = file.read_text()
        data = json.loads(text)
    assert output.stderr == ""
    assert [one["name"] for one in data["github"]["environment_secrets"]["pypi"]["value"]] == ["PYPI_API_TOKEN"]
    assert all(value not in text for value in (token, *made.tokens.values()))
    words = ("--world", str(file), "--tag", "v1.0.0", "--json")
    answer = call("rehearse", *words, cwd=sample, environ={"UV_DEFAULT_INDEX": upstream})
    result = json.loads(answer.out)
    assert (answer.code, result["assumptions"][0]["name"]) == (0, "Recorded settings")
    file.write_text(text.replace(f'"at": {data["at"]}', '"at": 1e300'))
    answer = call("rehearse", *words, cwd=sample, environ={"UV_DEFAULT_INDEX": upstream})
    assert (answer.code, "`$.at`" in answer.err) == (2, True)
    file.write_text('{"schema": 1}')
    answer = call("rehearse", *words, cwd=sample, environ={"UV_DEFAULT_INDEX": upstream})
    assert (answer.code, "missing required field `repository`" in answer.err) == (2, True)
