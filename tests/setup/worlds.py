"""Set-ups of a project: one in which everything is right, and whatever somebody changes about it.

A repository that `tagship init` set up, pushed to the embedded GitHub whose settings are as the documentation asks;
its CI ran, and a release of it is on the embedded PyPI with the provenance of its own workflow. The doctor looks at it
as it looks at any: through the doors, with a token.
"""

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from tagship.cli.app import run as command_line
from tagship.errors import TagshipError
from tagship.model import Dist, Entry, Event, Manifest, Severity, Status
from tagship.project.ci import FOLDER
from tagship.project.discover import Project, read
from tagship.rehearsal import fit, permitted, starting
from tagship.rehearsal.clock import JumpingClock
from tagship.rehearsal.github import RepositoryState
from tagship.rehearsal.github.state import Asset, Release, Rule, Ruleset, SecretDates
from tagship.rehearsal.granting import Granting, granted
from tagship.rehearsal.index import EmbeddedIndex, Publisher
from tagship.rehearsal.index import Project as Listed
from tagship.rehearsal.receive import guard
from tagship.rehearsal.request import Assumptions
from tagship.rehearsal.run import RUN_ID, Backstage, Outside, backstage
from tagship.rehearsal.world import Embedded, Place, servers
from tagship.services import oidc
from tagship.services.checkout import clone_at
from tagship.services.git import Git
from tagship.services.reporter import Silence
from tagship.services.shell import Output
from tagship.services.world import Workspace, World
from tagship.setup.check import Check
from tagship.setup.doctor import CHECKS, Examination, examine
from tagship.setup.observe import observe
from tagship.stages import STAGES, run
from tagship.workflow.document import Document
from tagship.workflow.document import read as read_workflow
from tagship.workflow.events import Happened, Started, started
from tagship.workflow.permissions import of_job
from tests.attesting import COMMIT, OWNER_ID, REF, provenance
from tests.cli.calling import inside
from tests.made_dists import good_sdist, good_wheel
from tests.rehearsing import git, repository

SLUG = "owner/sample"
ORIGIN = f"https://github.com/{SLUG}.git"
DAY = 86400
SINCE = 30
"""Days since the last release."""
CHECK = "Tests"
"""The required check, as the sample's CI names it."""
ACTIONS_ID = 15368
MORE: Mapping[str, str] = {
    ".github/CODEOWNERS": "/.github/ @owner\n",
    "SECURITY.md": "Write to security@example.invalid.\n",
    "CHANGELOG.md": "# Changelog\n\n## 1.0.0\n\n- New.\n\n## 0.9.0\n\n- First.\n",
}
"""Files of a well-kept repository that `init` cannot write."""
HANDED = ("build", "test", "check", "verify")
"""Stages whose work is not about how things are set up: it is handed over as done."""
Auth = Literal["trusted-publishing", "token"]
ADMIN: Mapping[str, str] = {
    **dict.fromkeys(("contents", "metadata", "actions", "checks", "statuses"), "read"),
    "administration": "write",  # who may bypass a ruleset is shown to those alone who may change it
    **dict.fromkeys(("environments", "secrets", "dependabot_secrets", "issues", "pull_requests"), "read"),
    "organization_administration": "read",
}
"""The permissions of a token with which the doctor sees everything."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the first release says."""

    where: str
    """The step or stage: `push`, `start`, `publish` …; empty where nothing stopped it."""
    words: str
    """The first lines of the error, the service's own words among them."""
    code: str = ""


@dataclass(kw_only=True)
class SetUp:
    """One project with everything around it. Times are seconds since 1970, lengths of time days."""

    root: Path
    """The maintainer's checkout."""
    embedded: Embedded
    auth: Auth
    tokens: dict[str, str] = field(default_factory=dict)
    """Values of the secrets that hold tokens of an index: what a job of their environment would find."""

    @property
    def github(self) -> RepositoryState:
        """The settings on GitHub."""
        return self.embedded.github

    @property
    def indexes(self) -> tuple[EmbeddedIndex, EmbeddedIndex]:
        """PyPI and TestPyPI."""
        return self.embedded.pypi, self.embedded.testpypi

    @property
    def now(self) -> float:
        """The time in this world."""
        return self.embedded.place.clock.now()

    def ago(self, days: float) -> float:
        """So many days before now."""
        return self.now - days * DAY

    # ------------------------------------------------------------------------------------------------- the checkout

    def write(self, path: str, text: str | None, *, message: str = "", push: bool = True) -> None:
        """Change a file of the repository, or with None remove it, commit, and bring it to GitHub."""
        file = self.root / path
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        git(self.root, "add", "--all", "--force")
        git(self.root, "commit", "--quiet", "--allow-empty", "--message", message or f"Change {path}")
        if push:
            self.bring()

    def edit(self, path: str, old: str, new: str) -> None:
        """Change what stands in a file."""
        text = (self.root / path).read_text()
        assert old in text, f"{path} has no {old!r}"
        self.write(path, text.replace(old, new))

    def bring(self) -> None:
        """Put the default branch on GitHub, past all rules, and let CI have run for it."""
        bare = self.github.git
        branch = git(self.root, "symbolic-ref", "--short", "HEAD")
        bare.text(
            "fetch", "--quiet", str(self.root), f"+refs/heads/{branch}:refs/heads/{branch}", "+refs/tags/*:refs/tags/*"
        )
        git(self.root, "update-ref", f"refs/remotes/origin/{branch}", "HEAD")
        git(self.root, "symbolic-ref", "refs/remotes/origin/HEAD", f"refs/remotes/origin/{branch}")
        self.ci()

    def ci(self) -> None:
        """Let every workflow but the publishing one have ended well for the newest commit, where its push starts it."""
        event = self.github.event("push", f"refs/heads/{self.github.default_branch}")
        if event is None:
            return
        checks = {flow.file: [name for job in flow.jobs for name in job.checks] for flow in self.project.ci.workflows}
        changed = tuple(self.github.git.lines("diff-tree", "--root", "--no-commit-id", "--name-only", "-r", event.sha))
        for path in sorted((self.root / FOLDER).glob("*.yml")):
            document, where = read_workflow(path.read_bytes(), path.name), f"{FOLDER}/{path.name}"
            happened = Happened(name="push", ref=event.ref)
            if path.name.startswith("publish") or not isinstance(started(document, happened, changed), Started):
                continue
            if permitted.refused(self.github, document):
                self.github.finish(self.github.add_run(event, where, jobs={}), "startup_failure")
            elif not permitted.barred(self.github, where):
                self.github.add_run(event, where, jobs=dict.fromkeys(checks.get(path.name, ()), "success"))

    # --------------------------------------------------------------------------------------------------- the doctor

    def token(self, permissions: Mapping[str, str] = ADMIN, **more: object) -> str:
        """A made-up token of the maintainer."""
        return self.github.issue_token("fine-grained", permissions, login="owner").value

    def world(self, token: str = "") -> World:
        """The doors as `tagship doctor` opens them."""
        scratch = self.root.parent / "scratch"
        scratch.mkdir(exist_ok=True)
        workspace = Workspace(root=self.root, package=".", dist=scratch, local=scratch, scratch=scratch)
        variables = {"GITHUB_REPOSITORY": self.project.repository.on_github or "", "GH_TOKEN": token}
        return self.embedded.world(workspace, variables, Silence())

    @property
    def project(self) -> Project:
        """What the checkout says about itself."""
        return read(self.root, Git(self.embedded.shell, self.root))

    def doctor(self, token: str | None = None, checks: Iterable[Check] = CHECKS) -> Examination:
        """What the doctor says, in this process; with a token that sees everything, or an empty one for none."""
        return examine(observe(self.world(self.token() if token is None else token), self.project), checks)

    def problems(self, checks: Iterable[Check] = CHECKS) -> dict[str, str]:
        """What the doctor calls a problem, and what it saw of it, by the check's id; advice left out."""
        return {
            check.fact.id: check.fact.detail
            for check in self.doctor(checks=checks).checks
            if check.fact.status is Status.PROBLEM
            and check.finding is not None
            and check.finding.severity is not Severity.NOTE
        }

    def command(
        self, *words: str, token: str = "", name: str = "doctor", extra: Mapping[str, str] | None = None
    ) -> Output:
        """`tagship doctor` as a user calls it, at the default addresses; in this process, which has imported it."""
        argv = (name, str(self.root), *words)
        own = {"NO_COLOR": "1", **({"GH_TOKEN": token} if token else {}), **(extra or {})}
        said = inside(*argv, cwd=self.root, environ={**self.embedded.shell.environment, **own})
        return Output(argv=argv, returncode=said.code, stdout=said.out, stderr=said.err, seconds=0)

    # ---------------------------------------------------------------------------------------------------- a release

    def release(self, *, ref: str = "refs/tags/v1.0.0", login: str = "owner") -> Said:
        """Push a tag for real, or take the branch as pushed, and let the stages run until one of them fails.

        Files made by hand are handed to the stages that publish: what is built is not what these worlds are about.
        """
        if ref.startswith("refs/tags/"):
            git(self.root, "tag", "--force", ref.removeprefix("refs/tags/"))
            pushed = self.push(ref, login)
            if pushed is not None:
                return pushed
        event = self.github.event("push", ref)
        assert event is not None
        return self._stages(msgspec.structs.replace(event, run_id=RUN_ID))

    def starts(self, file: str, happened: Happened) -> Said:
        """Whether GitHub starts a workflow for something, and why not."""
        path = self.root / FOLDER / file
        found = started(read_workflow(path.read_bytes(), file), happened)
        return Said(where="", words="started") if isinstance(found, Started) else Said(where="start", words=found.why)

    def push(self, ref: str, login: str = "owner") -> Said | None:
        """Push for real, under the rules of the repository; None where they took it."""
        guard(self.github.git.root, self.embedded.doors.url)
        output = self.embedded.shell.run(
            ("git", "push", "--quiet", str(self.github.git.root), ref), cwd=self.root, extra={"REMOTE_USER": login}
        )
        return None if output.ok else Said(where="push", words=_first(output.stderr))

    def _stages(self, event: Event) -> Said:
        folder = self.root.parent / "run"
        for name in ("work", "local", "dist"):
            (folder / name).mkdir(parents=True)
        runner = clone_at(self.github.git, event.sha, folder / "runner")
        project = read(runner.root, runner)
        payload = folder / "event.json"
        payload.write_text(json.dumps({"repository": {"default_branch": event.default_branch}, "inputs": None}))
        variables = {
            **self.embedded.started(event, RUN_ID),
            "GITHUB_EVENT_PATH": str(payload),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        }
        workspace = Workspace(
            root=runner.root, package=".", dist=folder / "dist", local=folder / "local", scratch=folder / "work"
        )
        world = self.embedded.world(workspace, variables, Silence())
        granting = Granting(
            embedded=self.embedded,
            project=project,
            event=event,
            assumptions=Assumptions(),
            secrets=self.tokens,
            start=starting.begin(self.github, event, fit.publishing(project).workflow),
        )
        return self._unlike(project) or self._said(world, granting)

    def _unlike(self, project: Project) -> Said | None:
        """What stops the workflow's own lines: they install from a lock, and run in the repository that they name."""
        document = self.publishing(project)
        for name in re.findall(r"--require-hashes \S+ :all: -r (\S+)", document.source if document is not None else ""):
            if not (self.root / name).is_file():
                return Said(where="start", words=f"ERROR: Could not open requirements file: {name}")
        for job in document.jobs.values() if document is not None else ():
            named = re.search(r"github\.repository == '([^']+)'", job.condition)
            if named and named[1].lower() != self.github.full_name.lower():
                return Said(where="start", words=f"Nothing happens: every job is skipped, since {job.condition}")
        return None

    def publishing(self, project: Project) -> Document | None:
        """The publishing workflow, or None where there is none."""
        path = self.root / FOLDER / fit.publishing(project).workflow
        return read_workflow(path.read_bytes(), path.name) if path.is_file() else None

    def _job(self, world: World, granting: Granting) -> World:
        """The world of the job that uploads, with the identity only where the workflow asks for it."""
        document = self.publishing(granting.project)
        target = "testpypi" if fit.goes_to_testpypi(granting.event) else "pypi"
        job = next((p.job for p in granting.project.ci.publishers if p.index == target), None)
        if document is None or job is None or of_job(document, job).get("id-token") == "write":
            return world
        without = {key: value for key, value in world.environment.items() if key != oidc.TOKEN}
        return replace(world, environment=without)

    def _said(self, world: World, granting: Granting) -> Said:
        manifest = Manifest()
        for stage in STAGES:
            if stage.name in HANDED:
                done = Entry(stage=stage.name, outcome="done", started=self.now, seconds=0)
                assert manifest.plan is not None
                made = manifest.dists or _dists(world.workspace.dist, manifest.plan.version)
                manifest = msgspec.structs.replace(manifest, dists=made, log=(*manifest.log, done))
                continue
            try:
                here = granted(stage, world, granting)
                result = run(stage, manifest, self._job(here, granting) if stage.name == "publish" else here)
            except TagshipError as error:
                return Said(where=stage.name, words=_first(error.message), code=error.code)
            if result.error is not None:
                return Said(where=stage.name, words=_first(result.error.message), code=result.error.code)
            manifest = result.manifest
        return Said(where="", words="released")


def _first(message: str) -> str:
    """What an error says, without its last lines."""
    return "\n".join(line.rstrip() for line in message.strip().splitlines()[:4])


def _dists(folder: Path, version: str) -> tuple[Dist, ...]:
    """A wheel and an sdist of the sample."""
    kinds: tuple[tuple[Literal["sdist", "wheel"], Path], ...] = (
        ("sdist", good_sdist(folder, "sample", version)),
        ("wheel", good_wheel(folder, "sample", version)),
    )
    return tuple(
        Dist(
            filename=path.name, kind=kind, size=len(data := path.read_bytes()), sha256=hashlib.sha256(data).hexdigest()
        )
        for kind, path in kinds
    )


@dataclass(frozen=True, kw_only=True)
class Stagehand:
    """Opens worlds, each with a copy of what `tagship init` wrote once."""

    templates: Mapping[Auth, Path]
    behind: Backstage
    outside: Outside
    folder: Path

    @contextlib.contextmanager
    def open(self, name: str, *, auth: Auth = "trusted-publishing", fresh: bool = False) -> Iterator[SetUp]:
        """A world in which everything is right.

        Args:
            name: of its folder.
            fresh: whether nothing was ever released, so that the project is on no index.
        """
        place = self.folder / name
        root = place / "checkout"
        shutil.copytree(self.templates[auth], root, symlinks=True)
        git(root, "clone", "--quiet", "--bare", str(root), str(place / "remote.git"))
        own = Place(folder=place, cache=self.outside.cache, environ=self.outside.environ, clock=JumpingClock())
        try:
            with servers(own, self.behind.keeper) as embedded:
                made = SetUp(root=root, embedded=embedded, auth=auth)
                _settings(made)
                _names(made, fresh=fresh)
                if not fresh:
                    _released(made)
                made.bring()
                yield made
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _settings(made: SetUp) -> None:
    """GitHub as the documentation asks for it."""
    repo, past = made.github, made.ago(400)
    repo.owner, _, repo.name = SLUG.partition("/")
    repo.created = past
    repo.immutable_releases = True
    repo.policy.sha_pinning_required = True
    repo.policy.fork_approval = "all_external_contributors"
    for name, policies in (
        ("testpypi", (("branch", "main"), ("tag", "v*"))),
        ("pypi", (("tag", "v*"),)),
    ):
        environment = repo.add_environment(name, policies=policies)  # type: ignore[arg-type]
        environment.can_admins_bypass = False
        if made.auth == "token":
            secret = "PYPI_API_TOKEN" if name == "pypi" else "TEST_PYPI_API_TOKEN"
            environment.secrets[secret] = SecretDates(created=made.ago(20), updated=made.ago(20))
    checks = {
        "strict_required_status_checks_policy": True,
        "required_status_checks": [{"context": CHECK, "integration_id": ACTIONS_ID}],
    }
    reviews = {
        "required_approving_review_count": 1,
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": True,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
    repo.rulesets += [
        Ruleset(
            id=repo.new_id(),
            name="Release tags",
            target="tag",
            created=past,
            include=("refs/tags/v*",),
            rules=tuple(Rule(type=kind) for kind in ("creation", "update", "deletion")),
            bypass=("owner",),
        ),
        Ruleset(
            id=repo.new_id(),
            name="Default branch",
            target="branch",
            created=past,
            include=("~DEFAULT_BRANCH",),
            rules=(
                Rule(type="deletion"),
                Rule(type="non_fast_forward"),
                Rule(type="pull_request", parameters=reviews),
                Rule(type="required_status_checks", parameters=checks),
            ),
        ),
    ]


def _names(made: SetUp, *, fresh: bool) -> None:
    """The project on both indexes, and who may publish it; before the first release its pending publishers."""
    owner = str(made.github.id_of(made.github.owner))
    for index, environment in zip(made.indexes, ("pypi", "testpypi"), strict=True):
        publisher = Publisher(repository=SLUG, owner_id=owner, workflow="publish.yml", environment=environment)
        state = index.state
        if not fresh:
            state.add_project(Listed(name="sample", roles={"owner": "Owner", "second": "Owner"}))
        if made.auth == "token":
            secret = "PYPI_API_TOKEN" if environment == "pypi" else "TEST_PYPI_API_TOKEN"
            made.tokens[secret] = state.token_for("owner", None if fresh else ["sample"])
        elif fresh:
            state.add_pending("sample", publisher, user="owner")
        else:
            state.add_publisher("sample", publisher)


def _released(made: SetUp) -> None:
    """Version 0.9.0 on PyPI and as a GitHub release, a development version of it on TestPyPI."""
    git(made.root, "tag", "v0.9.0", "HEAD~1")
    folder = made.root.parent / "released"
    folder.mkdir()
    for index, version, environment in (
        (made.embedded.pypi, "0.9.0", "pypi"),
        (made.embedded.testpypi, "0.9.0.dev1", "testpypi"),
    ):
        about = (folder, "sample", version, f"Project-URL: Source, https://github.com/{SLUG}")
        for path in (good_wheel(*about), good_sdist(*about)):
            index.state.add_file(path, uploaded=made.ago(SINCE))
        if made.auth == "trusted-publishing" and environment == "pypi":
            vouch(made, {})
    whole = [path for path in sorted(folder.iterdir()) if ".dev" not in path.name]
    made.github.releases.append(
        Release(
            id=made.github.new_id(),
            tag="v0.9.0",
            target="main",
            name="0.9.0",
            body="First.",
            draft=False,
            prerelease=False,
            created=made.ago(SINCE),
            author="owner",
            updated=made.ago(SINCE),
            published=made.ago(SINCE),
            immutable=True,
            assets=[_asset(made, path) for path in whole],
        )
    )
    made.bring()


def _asset(made: SetUp, path: Path) -> Asset:
    data = path.read_bytes()
    return Asset(
        id=made.github.new_id(),
        name=path.name,
        label=None,
        content_type="application/octet-stream",
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        state="uploaded",
        uploader="owner",
        created=made.ago(SINCE),
    )


def vouch(made: SetUp, whose: Mapping[str, str | None] | None, **claims: str) -> None:
    """Give every file on PyPI a provenance: of the sample's own workflow, except for what `whose` says.

    Args:
        whose: `repository`, `workflow`, `environment` of the publisher; None for no provenance at all.
        claims: `commit`, `ref`, `owner_id` of the certificate where they are not those of the release.
    """
    right = {"kind": "GitHub", "repository": SLUG, "workflow": "publish.yml", "environment": "pypi"}
    certified = {
        COMMIT: claims.get("commit", git(made.root, "rev-parse", "v0.9.0")),
        REF: claims.get("ref", "refs/tags/v0.9.0"),
        OWNER_ID: claims.get("owner_id", str(made.github.id_of(made.github.owner))),
    }
    text = None if whose is None else provenance({**right, **whose}, certified)
    state = made.embedded.pypi.state
    for project in list(state.projects.values()):
        releases = tuple(
            replace(release, files=tuple(replace(file, provenance=text) for file in release.files))
            for release in project.releases
        )
        state.put(replace(project, releases=releases))


def template(folder: Path, auth: Auth) -> Path:
    """The sample after two commits: the package, and what `tagship init` writes for it."""
    root = repository(folder, MORE)
    git(root, "remote", "add", "origin", ORIGIN)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
        code = command_line(["init", str(root), *(("--auth", auth) if auth == "token" else ())])
    assert code == 0, said.getvalue()
    git(root, "add", "--all", "--force")
    git(root, "commit", "--quiet", "--message", "Release by tagship")
    return root


@contextlib.contextmanager
def stagehand(folder: Path, tooling: str, cache: Path) -> Iterator[Stagehand]:
    """Prepare what all worlds share.

    Args:
        tooling: the index from which `init` locks.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_DEFAULT_INDEX", tooling)
        patch.setenv("TAGSHIP_CACHE_DIR", str(cache))
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        auths: tuple[Auth, ...] = ("trusted-publishing", "token")
        templates = {auth: template(folder / auth, auth) for auth in auths}
        outside = Outside(
            path=templates["trusted-publishing"], environ=dict(os.environ), cache=cache, clock=JumpingClock()
        )
        usual = tempfile.gettempdir()
        with backstage(outside, offline=True, enforce=False) as behind:
            tempfile.tempdir = usual  # other tests run meanwhile
            yield Stagehand(templates=templates, behind=behind, outside=outside, folder=folder / "worlds")
