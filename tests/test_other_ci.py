"""The examples for other CI systems do what they say: their own lines run, in order, in the embedded world."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tagship.model import Target
from tagship.rehearsal import fit
from tagship.rehearsal.doors import environment as through
from tagship.rehearsal.request import Request
from tagship.services.uv import binary
from tests.cli.calling import IMPORTED
from tests.rehearsal.act.generated import act_cache, outfit
from tests.rehearsing import Opened, Stage, git

__all__ = ["act_cache", "outfit"]
ROOT = Path(__file__).resolve().parent.parent
GITLAB = ROOT / "examples" / "gitlab" / ".gitlab-ci.yml"
SHELL = ROOT / "examples" / "shell" / "release.sh"
FILES = ["pocket_calendar-{}-py3-none-any.whl", "pocket_calendar-{}.tar.gz"]


@dataclass(frozen=True)
class Ended:
    """How a pipeline ended."""

    jobs: tuple[tuple[str, int], ...]
    """The jobs that ran, in order, each with its exit code."""
    said: str


@dataclass(frozen=True)
class GitLab:
    """What a GitLab runner does with a pipeline: a fresh checkout and interpreter for each job, artifacts handed on."""

    opened: Opened
    folder: Path
    image: Path
    """An interpreter with pip alone, of which each job gets a copy."""

    def run(self, **variables: str) -> Ended:
        """Run the jobs that the rules choose, stage after stage, until one fails."""
        document = YAML(typ="safe").load(GITLAB)
        ended: list[tuple[str, int]] = []
        artifacts, said = self.folder / "artifacts", ""
        artifacts.mkdir(parents=True)
        for stage in document["stages"]:
            for name, job in document.items():
                whole = _extended(document, job) if isinstance(job, dict) and not name.startswith(".") else {}
                if whole.get("stage") != stage or not _chosen(whole.get("rules"), variables):
                    continue
                done = self._job(name, whole, variables, artifacts)
                said += done.stdout + done.stderr
                ended.append((name, done.returncode))
            if any(code for _, code in ended):
                break
        return Ended(jobs=tuple(ended), said=said)

    def _job(
        self, name: str, job: Mapping[str, object], variables: Mapping[str, str], artifacts: Path
    ) -> subprocess.CompletedProcess[str]:
        place = self.folder / name
        git(self.folder, "clone", "--quiet", "--no-checkout", str(self.opened.embedded.github.git.root), str(place))
        git(place, "checkout", "--quiet", "--detach", variables["CI_COMMIT_SHA"])
        shutil.copytree(artifacts, place, dirs_exist_ok=True)
        interpreter = self.folder / f"{name}-python"
        shutil.copytree(self.image, interpreter, symlinks=True)
        lines = [*_words(job.get("before_script")), *_words(job.get("script"))]
        done = subprocess.run(
            ("bash", "-eo", "pipefail", "-c", "\n".join(lines)),
            cwd=place,
            env=self._environ(job, variables, interpreter),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        kept = job.get("artifacts")
        for path in kept["paths"] if isinstance(kept, dict) and done.returncode == 0 else ():
            source = place / path
            (shutil.copytree if source.is_dir() else shutil.copy)(source, artifacts / path.rstrip("/"))
        return done

    def _environ(self, job: Mapping[str, object], variables: Mapping[str, str], interpreter: Path) -> dict[str, str]:
        doors = through(self.opened.embedded.doors, self.opened.embedded.ca)
        inner = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "GIT_CONFIG_GLOBAL")}
        given, tokens = job.get("variables"), job.get("id_tokens")
        own = {str(key): str(value) for key, value in given.items()} if isinstance(given, dict) else {}
        minted = {
            str(key): self._identity(str(job["environment"]), str(value["aud"]))
            for key, value in (tokens.items() if isinstance(tokens, dict) else ())
        }
        path = {"PATH": f"{interpreter / 'bin'}:{os.environ['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        return inner | doors | {"CI": "true", "GITLAB_CI": "true"} | dict(variables) | own | minted | path

    def _identity(self, environment: str, audience: str) -> str:
        """The job's identity; GitHub's words stand in for GitLab's, whose claims the embedded index does not judge."""
        embedded, pushed = self.opened.embedded, self.opened.scene.pushed
        claims = {**fit.job(embedded, pushed.event, pushed.project).claims(), "environment": environment}
        address = f"{embedded.doors.url}/identity?audience={audience}"
        request = urllib.request.Request(
            address, headers={"Authorization": f"bearer {embedded.identity.allow(claims)}"}
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return str(json.load(answer)["value"])


def _extended(document: Mapping[str, dict[str, object]], job: dict[str, object]) -> dict[str, object]:
    base = document[str(job["extends"])] if "extends" in job else {}
    return {**base, **job}


def _chosen(rules: object, variables: Mapping[str, str]) -> bool:
    """The two conditions that the example knows; any other is a failure of this test."""
    known = {
        "$CI_COMMIT_TAG": "CI_COMMIT_TAG" in variables,
        "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH": variables.get("CI_COMMIT_BRANCH") == variables["CI_DEFAULT_BRANCH"],
    }
    return rules is None or any(known[rule["if"]] for rule in rules) if isinstance(rules, list) else True


def _words(lines: object) -> Sequence[str]:
    if not isinstance(lines, list):
        return []
    assert all(isinstance(line, str) for line in lines), lines  # `a: b` is a mapping to YAML
    return lines


@pytest.fixture(scope="module")
def elsewhere(outfit: str, act_cache: Path) -> Stage:
    """Opens worlds whose PyPI also has what tagship and twine need."""
    return Stage(upstream=outfit, cache=act_cache)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image of the pipeline has: Python and pip."""
    path = tmp_path_factory.mktemp("image") / "python"
    subprocess.run((sys.executable, "-m", "venv", str(path)), check=True)
    return path


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the tests of this module make once, each under the scrubbed variables of a test."""
    return tmp_path_factory.mktemp("gitlab")


@pytest.fixture
def example(elsewhere: Stage, shelf: Path) -> Path:
    """The small example with the pipeline, and with the locks that the page tells to make."""
    path = shelf / "small"
    if (path / GITLAB.name).exists():
        return path
    subprocess.run((sys.executable, str(ROOT / "scripts" / "example.py"), "small", str(path)), check=True)
    with elsewhere.open(path) as opened:
        for tool in ("tagship", "twine"):
            lock = path / ".gitlab" / f"{tool}.txt"
            lock.parent.mkdir(exist_ok=True)
            subprocess.run(
                (binary(), "pip", "compile", "--quiet", "--universal", "--generate-hashes", "-", "-o", str(lock)),
                input=tool,
                env=os.environ | through(opened.embedded.doors, opened.embedded.ca),
                text=True,
                check=True,
            )
    shutil.copy(GITLAB, path)
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--message", "Publish from GitLab")
    return path


def public(opened: Opened, target: Target) -> dict[str, str]:
    """The files of the example on an index, with their digests."""
    index = opened.embedded.pypi if target is Target.PYPI else opened.embedded.testpypi
    return {file.filename: file.sha256 for file in index.state.files("pocket-calendar")}


def digests(folder: Path) -> dict[str, str]:
    """The files of a folder, with their digests."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.requirement("D9")
def test_a_tag_on_gitlab_ends_on_pypi(elsewhere: Stage, example: Path, image: Path, tmp_path: Path) -> None:
    """The lines of the GitLab example release a tag: tested, built once, uploaded by twine without a token, verified.

    Of trusted publishing twine's side is real; the index judges GitHub's claims in the place of GitLab's.
    """
    with elsewhere.open(example) as opened:
        pushed = opened.scene.pushed.event
        pipeline = GitLab(opened=opened, folder=tmp_path / "pipeline", image=image)
        ended = pipeline.run(CI_COMMIT_TAG="v1.4.0", CI_COMMIT_SHA=pushed.sha, CI_DEFAULT_BRANCH="main")
        jobs = ("tests", "build", "publish-pypi", "verify", "release")
        assert ended.jobs == tuple((name, 0) for name in jobs), ended.said
        built = digests(tmp_path / "pipeline" / "artifacts" / "dist")
        assert sorted(built) == [file.format("1.4.0") for file in FILES]
        assert (public(opened, Target.PYPI), public(opened, Target.TESTPYPI)) == (built, {})
    assert (tmp_path / "pipeline" / "artifacts" / "notes.md").read_text().strip()


@pytest.mark.slow
@pytest.mark.requirement("D9")
def test_a_push_on_gitlab_ends_on_testpypi(elsewhere: Stage, example: Path, image: Path, tmp_path: Path) -> None:
    """A push to the default branch puts a development version on TestPyPI, and makes no release."""
    with elsewhere.open(example, Request(kind="push")) as opened:
        pipeline = GitLab(opened=opened, folder=tmp_path / "pipeline", image=image)
        sha = opened.scene.pushed.event.sha
        ended = pipeline.run(CI_COMMIT_BRANCH="main", CI_COMMIT_SHA=sha, CI_DEFAULT_BRANCH="main")
        assert ended.jobs == (("tests", 0), ("build", 0), ("publish-testpypi", 0), ("verify", 0)), ended.said
        assert sorted(public(opened, Target.TESTPYPI)) == [file.format("1.4.0.dev2") for file in FILES]
        assert public(opened, Target.PYPI) == {}


@pytest.mark.requirement("D9")
def test_failed_tests_on_gitlab_publish_nothing(elsewhere: Stage, example: Path, image: Path, tmp_path: Path) -> None:
    """Where a job of the stage `test` fails, no later job begins."""
    path = shutil.copytree(example, tmp_path / "small")
    (path / "tests" / "test_more.py").write_text("def test_more() -> None:\n    assert False\n")
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--message", "A test that fails")
    with elsewhere.open(path) as opened:
        pipeline = GitLab(opened=opened, folder=tmp_path / "pipeline", image=image)
        sha = opened.scene.pushed.event.sha
        ended = pipeline.run(CI_COMMIT_TAG="v1.4.0", CI_COMMIT_SHA=sha, CI_DEFAULT_BRANCH="main")
        assert (ended.jobs, public(opened, Target.PYPI)) == ((("tests", 1),), {}), ended.said


def test_the_gitlab_pipeline_is_one_that_gitlab_takes() -> None:
    """GitLab's own schema finds nothing wrong with the example."""
    command = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(GITLAB))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.requirement("D9")
def test_the_shell_script_releases_a_tag(elsewhere: Stage, tmp_path: Path) -> None:
    """`release.sh v1.4.0` with two token files ends on PyPI and with a GitHub release; again, it changes nothing."""
    path = tmp_path / "small"
    subprocess.run((sys.executable, str(ROOT / "scripts" / "example.py"), "small", str(path)), check=True)
    with elsewhere.open(path) as opened:
        checkout = tmp_path / "checkout"
        git(tmp_path, "clone", "--quiet", str(opened.embedded.github.git.root), str(checkout))
        git(checkout, "checkout", "--quiet", "v1.4.0")
        environ = shell_environment(opened, tmp_path)
        before: dict[str, str] | None = None
        for _ in range(2):
            done = subprocess.run(
                ("sh", str(SHELL), "v1.4.0"), cwd=checkout, env=environ, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            files = public(opened, Target.PYPI)
            releases = [(release.tag, release.draft) for release in opened.embedded.github.releases]
            assert (sorted(files), releases) == ([file.format("1.4.0") for file in FILES], [("v1.4.0", False)])
            assert before is None or before == files
            before = files


def shell_environment(opened: Opened, folder: Path) -> dict[str, str]:
    """The variables of a machine of somebody's own, with two made-up tokens in files."""
    may = {"contents": "write", "actions": "read", "checks": "read", "statuses": "read"}
    (folder / "github").write_text(opened.embedded.github.issue_token("fine-grained", may).value)
    (folder / "pypi").write_text(opened.embedded.pypi.state.token_for("maintainer", ["pocket-calendar"]))
    launcher = folder / "bin" / "tagship"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nPYTHONPATH="{IMPORTED}" exec "{sys.executable}" -m tagship "$@"\n')
    launcher.chmod(0o755)
    return {
        **os.environ,
        **through(opened.embedded.doors, opened.embedded.ca),
        "UV_CACHE_DIR": str(opened.embedded.place.cache / "uv"),
        "PATH": f"{launcher.parent}:{os.environ['PATH']}",
        "GITHUB_REPOSITORY": opened.embedded.github.full_name,
        "GITHUB_TOKEN_FILE": str(folder / "github"),
        "PYPI_TOKEN_FILE": str(folder / "pypi"),
    }


def test_the_shell_script_is_clean() -> None:
    """ShellCheck finds nothing in the script."""
    done = subprocess.run(
        (str(Path(sys.executable).parent / "shellcheck"), str(SHELL)), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
