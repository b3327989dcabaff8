"""The stages as the jobs of the workflow call them: each job with its own manifest, which the jobs that follow read."""

import json
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from tagship.cli.render import output
from tagship.cli.stage import exit_code
from tagship.errors import Broken, NotVisibleYet
from tagship.model import Entry, Manifest, Target, manifest_from_json, to_json
from tagship.rehearsal.doors import environment as through
from tagship.services.addresses import page_of
from tagship.stages import STAGES, Result
from tests.cli.calling import Answer, call
from tests.rehearsing import Opened, Stage, repository
from tests.samples import PLAN

KEPT = "tagship-manifest.json"


@dataclass(frozen=True)
class Run:
    """One run of the workflow: every job has a clone of its own, and what it kept is in `artifacts`."""

    opened: Opened
    folder: Path

    def job(self, name: str, *commands: str, **variables: str) -> list[Answer]:
        """Run the commands of a job in its checkout, and keep its manifest as the workflow does."""
        return [self.step(name, command, **variables) for command in commands]

    def step(self, name: str, command: str, **variables: str) -> Answer:
        """Run one command of a job with the variables that GitHub sets there."""
        stage, *words = command.split()
        row = next(row for row in STAGES if row.name == stage)
        world = self.opened.scene.world_of(row)
        place = self.folder / name
        place.mkdir(parents=True, exist_ok=True)
        doors = through(self.opened.embedded.doors, self.opened.embedded.ca)
        environ = doors | dict(world.environment) | {"UV_CACHE_DIR": str(self.opened.embedded.place.cache / "uv")}
        environ |= {"GITHUB_OUTPUT": str(place / "output"), "GITHUB_STEP_SUMMARY": str(place / "summary.md")}
        dist = str(self.folder / "dist")
        given = ["--dist", dist] if "--dist" not in words else []
        written = ["--manifest", str(place / KEPT)]
        return call(stage, *written, *words, *given, cwd=world.workspace.root, environ=environ | variables)

    def outputs(self, name: str) -> dict[str, str]:
        """The outputs of a job's steps, read as the runner reads them (runner, FileCommandManager.cs)."""
        lines = iter((self.folder / name / "output").read_text().splitlines())
        found = {}
        for line in lines:
            key, _, end = line.partition("<<")
            value: list[str] = []
            while (inside := next(lines)) != end:
                value.append(inside)
            found[key] = "\n".join(value)
        return found

    def manifest(self, name: str) -> Manifest:
        """What a job kept."""
        return manifest_from_json((self.folder / name / KEPT).read_bytes())


def needs(**results: str) -> str:
    """The `needs` context of the last job, underscores for hyphens."""
    return json.dumps({name.replace("_", "-"): {"result": result, "outputs": {}} for name, result in results.items()})


@pytest.mark.requirement("A10", "E2")
def test_a_release_job_by_job(stage: Stage, tmp_path: Path) -> None:
    """Gate and validation plan for themselves, and agree; verify, release and summary take what the jobs kept.

    The upload is made by something that is not tagship, so that no manifest has a word of it.
    """
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        run = Run(opened=opened, folder=tmp_path / "run")
        kept = tmp_path / "run" / "kept"
        answers = run.job("kept/wait-for-ci", "plan", "gate", GITHUB_RUN_ATTEMPT="2")  # its first attempt failed
        answers += run.job("kept/validation", "plan", "build", "test", "check")
        others = f"--manifest {kept / 'wait-for-ci' / KEPT} --manifest {kept / 'validation' / KEPT}"
        answers += run.job("upload", f"publish {others}")  # stands in for the action, its manifest is dropped
        (kept / "verify").mkdir()
        (kept / "verify" / KEPT).write_bytes((kept / "validation" / KEPT).read_bytes())
        answers += run.job("kept/verify", "verify --allow-slow-index")
        answers += run.job("release", f"github-release --manifest {kept}")
        (kept / "release").mkdir()
        (kept / "release" / KEPT).write_bytes((tmp_path / "run" / "release" / KEPT).read_bytes())
        results = needs(
            wait_for_ci="success",
            pre_publish_validation="success",
            publish_testpypi="skipped",
            publish_pypi="success",
            verify="success",
            create_github_release="success",
        )
        answers += run.job("summary", f"summary --manifest {kept}", TAGSHIP_NEEDS=results)
        assert [answer.code for answer in answers] == [0] * 10, answers
        releases = [(release.tag, release.draft) for release in opened.embedded.github.releases]
    dists = run.manifest("kept/validation").dists
    assert run.outputs("kept/wait-for-ci") == {"channel": "pypi", "version": "1.0.0"}
    assert run.outputs("kept/validation") == {
        "channel": "pypi",
        "version": "1.0.0",
        "sha256sums": "\n".join(f"{dist.sha256}  {dist.filename}" for dist in dists),
    }
    assert releases == [("v1.0.0", False)]
    merged = [entry.stage for entry in run.manifest("summary").log]
    assert merged == ["plan", "gate", "build", "test", "check", "verify", "github-release", "summary"]
    text = (tmp_path / "run" / "summary" / "summary.md").read_text()
    assert text.startswith("## ✅ sample 1.0.0 is on PyPI\n")
    assert "| publish-testpypi | ⏭️ skipped | it goes to PyPI: the tag v1.0.0 |\n" in text


@pytest.mark.requirement("A10")
def test_a_summary_of_jobs_that_kept_nothing(tmp_path: Path) -> None:
    """Where every job failed before it could keep a manifest, the summary says so, and fails."""
    page = tmp_path / "summary.md"
    answer = call(
        *("summary", "--manifest", "new.json", "--manifest", "nowhere"),
        cwd=tmp_path,
        environ={
            "TAGSHIP_NEEDS": needs(wait_for_ci="failure", pre_publish_validation="failure", publish_pypi="skipped"),
            "GITHUB_STEP_SUMMARY": str(page),
        },
    )
    assert (answer.code, answer.out) == (2, "")
    assert "Not everything happened: wait-for-ci failed, pre-publish-validation failed" in answer.err
    assert page.read_text().startswith(
        "## ❌ Nothing was released: wait-for-ci and pre-publish-validation failed\n\n### What to do\n"
    )


@pytest.mark.requirement("A10")
def test_a_summary_that_cannot_be_written_is_said_and_fails_nothing(tmp_path: Path) -> None:
    """The page of the job is a courtesy: where it cannot be written, that is said, and the release is as good."""
    log = tuple(Entry(stage=name, outcome="done", started=0, seconds=0) for name in ("plan", "build", "test", "check"))
    plan = msgspec.structs.replace(PLAN, target=Target.NONE)
    (tmp_path / "manifest.json").write_bytes(to_json(Manifest(plan=plan, log=log)))
    page = {"GITHUB_STEP_SUMMARY": str(tmp_path)}
    answer = call("summary", "--manifest", "manifest.json", cwd=tmp_path, environ=page)
    assert answer.code == 0, answer.err
    assert "The job's summary could not be written: Is a directory" in answer.err
    assert "Everything that was needed happened" in answer.err


def test_no_other_stage_makes_do_without_a_manifest(tmp_path: Path) -> None:
    """An empty folder of manifests is an error that names it."""
    (tmp_path / "manifests").mkdir()
    answer = call("github-release", "--manifest", "new.json", "--manifest", "manifests", cwd=tmp_path)
    assert (answer.code, answer.err) == (
        2,
        "\n  error TE02: Nothing was done: there is no tagship-manifest.json in manifests\n"
        "    fix: Download what the jobs before have kept.\n"
        f"  tagship explain TE02: {page_of('TE02')}\n",
    )


def test_a_refused_plan_gives_no_output(stage: Stage, tmp_path: Path) -> None:
    """The jobs that follow read the outputs: a stage that failed writes none."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        run = Run(opened=opened, folder=tmp_path / "run")
        assert run.step("validation", "plan", GITHUB_REF="refs/tags/v1.0.0-evil").code == 4
    assert not (tmp_path / "run" / "validation" / "output").exists()


def test_outputs_that_cannot_be_written(stage: Stage, tmp_path: Path) -> None:
    """A plan of which the next jobs would hear nothing has not succeeded."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        run = Run(opened=opened, folder=tmp_path / "run")
        answer = run.step("validation", "plan", GITHUB_OUTPUT=str(tmp_path))
    assert answer.code == 2
    assert f"The jobs that follow were told nothing: {tmp_path} cannot be written: Is a directory" in answer.err


def test_no_value_ends_its_own_output() -> None:
    """An output's end is new each time and cannot be in the value, whatever lines that has."""
    first, second = output("a", "x\ny<<z"), output("a", "x\ny<<z")
    assert first != second
    opening, *value, end = first.split("\n")
    assert (opening, value) == (f"a<<{end}", ["x", "y<<z"])


@pytest.mark.requirement("A8")
@pytest.mark.parametrize(
    ("error", "warning", "codes"),
    [
        (None, None, (0, 0)),
        (None, NotVisibleYet("slow", remedy="wait"), (13, 0)),
        (Broken("other bytes", remedy="yank"), None, (14, 14)),
    ],
    ids=["visible", "not visible yet", "broken"],
)
def test_only_slowness_can_be_allowed(
    error: Broken | None, warning: NotVisibleYet | None, codes: tuple[int, int]
) -> None:
    """--allow-slow-index makes a success of an index that is late, and of nothing that is wrong."""
    result = Result(manifest=Manifest(), error=error, warning=warning)
    assert (exit_code(result, slow=False), exit_code(result, slow=True)) == codes


@pytest.mark.requirement("A12")
def test_wheels_join_a_build(stage: Stage, tmp_path: Path) -> None:
    """`build --wheels` takes the record of the job that built the sdist, and refuses what does not belong to it."""
    (tmp_path / "wheels" / "macos-15").mkdir(parents=True)
    (tmp_path / "wheels" / "macos-15" / "other-2.0-py3-none-any.whl").write_bytes(b"")
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        run = Run(opened=opened, folder=tmp_path / "run")
        assert [answer.code for answer in run.job("sdist", "plan", "build")] == [0, 0]
        kept = f"--manifest {tmp_path / 'run' / 'sdist'}"
        collect = f"build --wheels {tmp_path / 'wheels'} {kept}"
        planned, collected = run.job("validation", "plan", collect)
    assert (planned.code, collected.code) == (0, 6)
    assert "Nothing was collected: other-2.0-py3-none-any.whl is no wheel of sample 1.0.0" in collected.err
    assert "sha256sums" not in run.outputs("validation")


def test_wheels_of_no_build(stage: Stage, tmp_path: Path) -> None:
    """Where nothing was built before, there is nothing that wheels could join; a folder that is not there is named."""
    (tmp_path / "wheels").mkdir()
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        run = Run(opened=opened, folder=tmp_path / "run")
        answers = run.job("validation", "plan", f"build --wheels {tmp_path / 'wheels'}", "build --wheels nowhere")
    assert [answer.code for answer in answers] == [0, 2, 2]
    assert "Nothing was done: there are no built files" in answers[1].err
    assert "Directory 'nowhere' does not exist" in " ".join(answers[2].err.split())
