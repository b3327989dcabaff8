"""The stages as commands: each a process of its own, with the manifest as the only thing between them."""

import socket
from pathlib import Path

import pytest

from tagship.errors import PlanRefused
from tagship.model import manifest_from_json
from tagship.rehearsal.doors import environment as through
from tagship.stages import STAGES
from tagship.stages import Stage as Row
from tests.cli.calling import Answer, call
from tests.rehearsing import Opened, Stage, git, repository

NO_EVENT = """\
plan
  error TE02: Nothing was planned: no event and no tag was named
    fix: Name what to release: tagship plan --tag v1.2.3, or --branch main for a development version.
  failed in """
NO_MANIFEST = """
  error TE02: Nothing was done: there is no tagship-manifest.json
    fix: Run `tagship plan` first.
  tagship explain TE02: https://github.com/tagship/tagship/blob/main/docs/codes.md#te02
"""


def test_plan_without_an_event_says_how_to_name_one(tmp_path: Path) -> None:
    """Outside of GitHub Actions and without `--tag` or `--branch`, `plan` ends with 2 and names both."""
    answer = call("plan", cwd=repository(tmp_path / "sample", {}))
    assert (answer.code, answer.out, answer.err[: len(NO_EVENT)]) == (2, "", NO_EVENT)


@pytest.mark.requirement("A14")
def test_a_manifest_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """What there was is never written into: whoever is killed meanwhile leaves the old manifest or the new one."""
    manifest, before = tmp_path / "tagship-manifest.json", tmp_path / "before.json"
    manifest.write_text("old")
    before.hardlink_to(manifest)
    call("plan", "--manifest", str(manifest), cwd=repository(tmp_path / "sample", {}))
    assert [entry.stage for entry in manifest_from_json(manifest.read_bytes()).log] == ["plan"]
    assert before.read_text() == "old"


@pytest.mark.parametrize("row", STAGES[1:], ids=lambda row: row.name)
def test_a_stage_before_the_plan_is_refused(row: Row, tmp_path: Path) -> None:
    """Every stage but the first needs the manifest of the ones before, and writes nothing without."""
    path = repository(tmp_path / "sample", {})
    assert call(row.name, cwd=path) == Answer(code=2, out="", err=NO_MANIFEST)
    assert git(path, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "Input data was truncated"),
        ('{"schema": 2}', "Invalid enum value 2"),
        ('{"schema": 1, "plans": []}', "Object contains unknown field `plans`"),
    ],
    ids=["cut off", "another schema", "an unknown key"],
)
def test_a_manifest_that_is_none_is_refused(content: str, said: str, tmp_path: Path) -> None:
    """A file that is no manifest of this schema ends with 2, says why, and stays as it was."""
    path = repository(tmp_path / "sample", {})
    manifest = tmp_path / "manifest.json"
    manifest.write_text(content)
    answer = call("build", "--manifest", str(manifest), cwd=path)
    assert (answer.code, answer.out) == (2, "")
    assert f"{manifest} is no manifest of this version: {said}" in answer.err
    assert manifest.read_text() == content


def test_tag_and_branch_exclude_each_other(tmp_path: Path) -> None:
    """One event is one ref."""
    answer = call("plan", "--tag", "v1.0.0", "--branch", "main", cwd=repository(tmp_path / "sample", {}))
    said = "\n  error TE02: Nothing was done: --tag and --branch exclude each other\n    fix: Give one of them.\n"
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(said)


def elsewhere(opened: Opened) -> dict[str, str]:
    """The variables of another CI system whose proxy leads into an embedded world: no event, no GitHub."""
    doors = through(opened.embedded.doors, opened.embedded.ca)
    return doors | {"UV_CACHE_DIR": str(opened.embedded.place.cache / "uv")}


def on_github(opened: Opened, row: Row, **more: str) -> Answer:
    """Run a stage's command as its job on GitHub would, with that job's variables and tokens."""
    world = opened.scene.world_of(row)
    variables = elsewhere(opened) | dict(world.environment) | more
    return call(row.name, "--json", cwd=world.workspace.root, environ=variables)


@pytest.mark.requirement("D9")
@pytest.mark.parametrize(("words", "version"), [(("--tag", "v1.0.0"), "1.0.0"), (("--branch", "main"), "1.0.1.dev1")])
def test_stages_run_where_there_is_no_github(
    words: tuple[str, str], version: str, stage: Stage, tmp_path: Path
) -> None:
    """With `--tag` or `--branch` alone, plan, build, test and check run anywhere, and leave files and a manifest."""
    path = repository(tmp_path / "sample", {})
    git(path, "tag", "v1.0.0")
    with stage.open(path) as opened:
        checkout = tmp_path / "checkout"
        git(tmp_path, "clone", "--quiet", str(path), str(checkout))
        variables = elsewhere(opened)
        first = call("plan", *words, cwd=checkout, environ=variables)
        assert (first.code, first.out) == (0, ""), first.err
        others = [call(name, cwd=checkout, environ=variables) for name in ("build", "test", "check")]
        assert [(answer.code, answer.out) for answer in others] == [(0, "")] * 3, others
    manifest = manifest_from_json((checkout / "tagship-manifest.json").read_bytes())
    assert manifest.plan is not None
    assert (manifest.plan.version, manifest.plan.event.repository) == (version, "")
    assert [(entry.stage, entry.outcome) for entry in manifest.log] == [
        (name, "done") for name in ("plan", "build", "test", "check")
    ]
    names = [f"sample-{version}-py3-none-any.whl", f"sample-{version}.tar.gz"]
    assert sorted(dist.filename for dist in manifest.dists) == names
    assert sorted(file.name for file in (checkout / "dist").iterdir()) == names


@pytest.mark.requirement("D9")
def test_the_gate_is_told_which_repository(stage: Stage, tmp_path: Path) -> None:
    """Outside of GitHub Actions `gate` asks nobody before GITHUB_REPOSITORY says where the CI of the commit is."""
    path = repository(tmp_path / "sample", {})
    git(path, "tag", "v1.0.0")
    with stage.open(path) as opened:
        variables = elsewhere(opened)
        assert call("plan", "--tag", "v1.0.0", cwd=path, environ=variables).code == 0
        answer = call("gate", cwd=path, environ=variables)
    assert (answer.code, answer.out) == (2, "")
    assert "error TE02: GitHub was not asked: which repository this is was not said" in answer.err
    assert "fix: Set GITHUB_REPOSITORY=owner/name, as GitHub Actions does." in answer.err


@pytest.mark.requirement("D9", "E2", "A14")
def test_a_whole_release_in_separate_processes(stage: Stage, tmp_path: Path) -> None:
    """The nine commands, one after another, release a tag; all of them once more succeed and change nothing public."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        states = []
        for _ in range(2):
            answers = [on_github(opened, row) for row in STAGES]
            assert [answer.code for answer in answers] == [0] * len(STAGES), answers
            states.append(_public(opened))
    assert states[0] == states[1]
    assert [name for name, _ in states[0][0]] == ["sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"]
    assert states[0][1] == [("v1.0.0", False, sorted(name for name, _ in states[0][0]))]
    manifest = manifest_from_json(answers[-1].out.encode())
    assert states[0][0] == sorted((dist.filename, dist.sha256) for dist in manifest.dists)


def _public(opened: Opened) -> tuple[list[tuple[str, str]], list[tuple[str, bool, list[str]]]]:
    """The files on PyPI with their digests; the releases on GitHub with whether they are drafts, and their files."""
    files = opened.embedded.pypi.state.projects["sample"].files
    releases = [
        (release.tag, release.draft, sorted(asset.name for asset in release.assets))
        for release in opened.embedded.github.releases
    ]
    return sorted((file.filename, file.sha256) for file in files), releases


@pytest.mark.requirement("D1")
def test_inside_actions_a_refusal_is_an_annotation(stage: Stage, tmp_path: Path) -> None:
    """Inside GitHub Actions a finding is also a workflow command, and the exit code is the error's."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        answer = on_github(opened, STAGES[0], GITHUB_REF="refs/tags/v1.0.0-test")
    lines = [line for line in answer.err.splitlines() if line.startswith("::")]
    assert answer.code == PlanRefused.exit_code
    assert len(lines) == 1
    assert lines[0].startswith("::error title=TE04%3A The tag v1.0.0-test is not released%3A ")
    entry = manifest_from_json(answer.out.encode()).log[0]
    assert (entry.stage, entry.outcome, [finding.code for finding in entry.findings]) == ("plan", "failed", ["TE04"])


@pytest.mark.requirement("D1")
def test_without_a_network_the_plan_says_who_cannot_be_asked(tmp_path: Path) -> None:
    """Where PyPI cannot be reached `plan` ends with 11, names the host, and says that nothing was changed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    path = repository(tmp_path / "sample", {})
    git(path, "tag", "v1.0.0")
    answer = call("plan", "--tag", "v1.0.0", cwd=path, environ={"HTTPS_PROXY": f"http://127.0.0.1:{closed}"})
    assert (answer.code, answer.out) == (11, "")
    assert "error TE11: pypi.org could not be reached: " in answer.err
    assert "run the same command again; nothing was changed." in answer.err
