"""What the doctor says of PyPI and TestPyPI: each check where it is ok, where not, and where it is unseen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from werkzeug import Response

from tagship.rehearsal.index import Flag, Lifecycle, Project
from tagship.services.index_settings import Listing, certified
from tagship.services.reading import Reading
from tagship.setup.check import Seen
from tagship.setup.index import CHECKS as INDEX
from tagship.setup.publishers import CHECKS as PUBLISHERS
from tests.attesting import COMMIT, REF, certificate, provenance
from tests.made_dists import good_sdist, good_wheel
from tests.rehearsing import git, repository
from tests.setup.test_claims import seen_in
from tests.setup.worlds import SLUG, Auth, SetUp, Stagehand, vouch

PUBLISH = ".github/workflows/publish.yml"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A world, and what checks say in it."""

    what: str
    """What is otherwise than in the right world."""
    says: Mapping[str, str]
    """Status and detail, by the check and the index."""
    remedy: str = ""
    """Part of what the first of them tells to do."""
    change: Callable[[SetUp], None] = lambda made: None
    fresh: bool = False
    auth: Auth = "trusted-publishing"

    def __str__(self) -> str:
        return f"{', '.join(self.says)}: {self.what}"


def _down(host: str, status: int = 503) -> Callable[[SetUp], None]:
    """A host that answers everything with a status."""
    return lambda made: made.embedded.doors.hosts.__setitem__(host, Response("down\n", status=status))


def _hidden(made: SetUp) -> None:
    made.embedded.pypi.state.flags.add(Flag.NO_ATTESTATIONS)


def _vouched(whose: dict[str, str | None] | None, **claims: str) -> Callable[[SetUp], None]:
    return lambda made: vouch(made, whose, **claims)


def _as(index: str, **fields: object) -> Callable[[SetUp], None]:
    def change(made: SetUp) -> None:
        state = (made.embedded.pypi if index == "pypi" else made.embedded.testpypi).state
        state.put(replace(state.projects["sample"], **fields))  # type: ignore[arg-type]

    return change


def _taken(index: str, *lines: str, user: str = "stranger") -> Callable[[SetUp], None]:
    """The project of somebody, with one release whose metadata has these lines."""

    def change(made: SetUp) -> None:
        state = (made.embedded.pypi if index == "pypi" else made.embedded.testpypi).state
        state.add_project(Project(name="sample", roles={user: "Owner"}))
        state.add_file(good_wheel(made.root.parent, "sample", "0.1", *lines), uploaded=made.ago(900))

    return change


def _named(name: str, *others: str) -> Callable[[SetUp], None]:
    """The project is called otherwise, and there are others."""

    def change(made: SetUp) -> None:
        made.edit("pyproject.toml", 'name = "sample"', f'name = "{name}"')
        for other in others:
            made.embedded.pypi.state.add_project(Project(name=other, roles={"stranger": "Owner"}))

    return change


def _transferred(made: SetUp) -> None:
    _taken("pypi", "Project-URL: Source, https://github.com/old/sample")(made)
    vouch(made, {"repository": "old/sample"}, owner_id="77")


def _empty(made: SetUp) -> None:
    made.embedded.pypi.state.add_project(Project(name="sample", roles={"owner": "Owner"}))


def _renamed_file(made: SetUp) -> None:
    git(made.root, "mv", PUBLISH, ".github/workflows/release.yml")
    made.write("README.md", "# Sample, again\n")


def _renamed_repository(made: SetUp) -> None:
    made.github.former.add(made.github.full_name)
    made.github.name = "samples"


def _one_more(with_provenance: dict[str, str | None] | None) -> Callable[[SetUp], None]:
    """A later release, by somebody else or by hand."""

    def change(made: SetUp) -> None:
        state = made.embedded.pypi.state
        state.add_file(good_wheel(made.root.parent, "sample", "0.9.1"), uploaded=made.ago(3))
        state.add_file(good_sdist(made.root.parent, "sample", "0.9.1"), uploaded=made.ago(3))
        if with_provenance is not None:
            project = state.projects["sample"]
            whose = {"kind": "GitHub", "repository": SLUG, "workflow": "publish.yml", "environment": "pypi"}
            text = provenance(whose | with_provenance, {COMMIT: "0" * 40})
            releases = tuple(
                replace(r, files=tuple(replace(f, provenance=text) for f in r.files))
                if str(r.version) == "0.9.1"
                else r
                for r in project.releases
            )
            state.put(replace(project, releases=releases))

    return change


def _forked(made: SetUp) -> None:
    git(made.root, "remote", "add", "upstream", "https://github.com/upstream/sample.git")
    _taken("pypi", "Home-page: https://github.com/upstream/sample")(made)


def _lost_tag(made: SetUp) -> None:
    git(made.root, "tag", "--delete", "v0.9.0")


def _piled_up(made: SetUp) -> None:
    state = made.embedded.testpypi.state
    (release,) = state.projects["sample"].releases
    files = (replace(release.files[0], size=81 * 2**30 // 10), *release.files[1:])
    state.put(replace(state.projects["sample"], releases=(replace(release, files=files),)))


def _only_called(made: SetUp) -> None:
    text = (made.root / PUBLISH).read_text()
    on = text[text.index("\non:\n") : text.index("\npermissions:")]
    made.write(PUBLISH, text.replace(on, "\non:\n  workflow_call:\n"))


def _second(made: SetUp) -> None:
    """A nightly workflow publishes to the same index from an environment of its own."""
    job = "  up:\n    permissions: {id-token: write}\n    environment: nightly\n    steps:\n"
    step = "      - uses: pypa/gh-action-pypi-publish@release/v1\n"
    made.write(".github/workflows/nightly.yml", f"on: {{schedule: [{{cron: '0 3 * * *'}}]}}\njobs:\n{job}{step}")


def _matrix(made: SetUp) -> None:
    """The job publishes from two environments."""
    text = (made.root / PUBLISH).read_text()
    before, job, after = text.partition("  publish-pypi:\n")
    matrix = "    strategy: {matrix: {environment: [pypi, other]}}\n"
    made.write(PUBLISH, before + job + matrix + after.replace("name: pypi\n", "name: ${{ matrix.environment }}\n", 1))


def _called_by(made: SetUp) -> None:
    """Another workflow, which a tag starts, calls the one that publishes."""
    made.edit(PUBLISH, "\non:\n", "\non:\n  workflow_call:\n")
    caller = "on: {push: {tags: ['v*']}}\njobs: {go: {uses: ./.github/workflows/publish.yml}}\n"
    made.write(".github/workflows/tag.yml", caller)


def _expression(made: SetUp) -> None:
    made.edit(PUBLISH, "name: pypi\n", "name: ${{ vars.ENVIRONMENT }}\n")


HERE = "owner/sample, publish.yml, environment pypi"
NIGHTLY = "nightly.yml, environment nightly"
DOWN = "unknown: PyPI could not be asked for /simple/sample/: 503 SERVICE UNAVAILABLE"
ANOTHER = "problem: 0.9.0 was published by another:"
PROVENANCE = "/integrity/sample/0.9.0/sample-0.9.0-py3-none-any.whl/provenance"
UNSHOWN = f"unknown: PyPI did not show {PROVENANCE}: 403 FORBIDDEN"
FORM = "https://pypi.org/manage/project/sample/settings/publishing/?provider=github&owner=owner&repository=sample"
PUBLISHER = (
    "index.publisher",
    "index.environment",
    "index.publishers",
    "index.provenance",
    "index.commit",
    "index.owner",
)
ROWS = (
    Row(
        what="all is right",
        says={
            "index.name:pypi": "ok: owned by owner, second; published by this repository",
            "index.name:testpypi": "ok: owned by owner, second; its page names this repository",
            "index.status:pypi": "ok: active",
            "index.status:testpypi": "ok: active",
            "index.room:testpypi": "ok: 1.1 kB, 0% of what TestPyPI gives every project",
            "index.publisher:pypi": f"ok: 0.9.0 by {HERE}",
            "index.environment:pypi": "ok: 0.9.0 by environment pypi",
            "index.publishers:pypi": f"ok: 0.9.0 by {HERE}",
            "index.provenance:pypi": "ok: all 2 of 0.9.0",
            "index.owner:pypi": "ok: owner, number 1000001",
            "index.claims:pypi": f"ok: {HERE}",
            "index.claims:testpypi": "ok: owner/sample, publish.yml, environment testpypi",
            "index.vulnerabilities:pypi": "ok: none in 0.9.0",
            "index.owners:pypi": "ok: owner, second",
        },
    ),
    Row(
        what="PyPI is down",
        change=_down("pypi.org"),
        says={
            **{f"{check}:pypi": DOWN for check in ("index.name", "index.status", *PUBLISHER)},
            "index.vulnerabilities:pypi": DOWN,
            "index.owners:pypi": DOWN,
            "index.room:pypi": DOWN,
            "index.name:testpypi": "ok: owned by owner, second; its page names this repository",
            "index.status:testpypi": "ok: active",
            "index.claims:pypi": f"ok: {HERE}",
        },
        remedy="Wait a few minutes",
    ),
    Row(
        what="PyPI shows no attestations",
        change=_hidden,
        says={
            **{f"{check}:pypi": UNSHOWN for check in PUBLISHER},
            "index.name:pypi": "ok: owned by owner, second; its page names this repository",
        },
        remedy=f"Open https://pypi.org{PROVENANCE} in a browser.",
    ),
    Row(
        what="before the first release",
        fresh=True,
        says={
            "index.publisher:pypi": f"pending: sample is not there yet; {HERE} will ask",
            "index.publisher:testpypi": "pending: sample is not there yet; owner/sample, publish.yml, environment "
            "testpypi will ask",
            "index.name:pypi": "ok: sample is free, and so are the names that look most like it",
            "index.name:testpypi": "ok: sample is free, and so are the names that look most like it",
        },
        remedy="Register a pending publisher (PyPI project name: sample, Owner: owner, Repository name: sample, "
        "Workflow name: publish.yml, Environment name: pypi): https://pypi.org/manage/account/publishing/",
    ),
    Row(
        what="the page names the repository in another spelling",
        change=_taken("pypi", "Project-URL: Source, https://github.com/Owner/Sample.git"),
        says={"index.name:pypi": "ok: owned by stranger; its page names this repository"},
    ),
    Row(
        what="the page names another repository",
        change=_taken("pypi", "Project-URL: Issues, https://github.com/stranger/sample/issues"),
        says={"index.name:pypi": "problem: owned by stranger; it is stranger/sample's, and not this repository's"},
        remedy="Choose another name, or ask stranger for a role.",
    ),
    Row(
        what="the repository is a fork of the one that releases",
        change=_forked,
        says={"index.name:pypi": "problem: owned by stranger; it is upstream/sample's, of which this is a fork"},
    ),
    Row(
        what="nothing tells whose it is",
        change=_taken("pypi"),
        says={"index.name:pypi": "unknown: owned by stranger; nothing on it names this repository"},
        remedy="If stranger is none of you, choose another name.",
    ),
    Row(
        what="the name is taken on TestPyPI",
        change=_taken("testpypi"),
        says={"index.name:testpypi": "problem: owned by stranger; the project on PyPI by owner, second"},
        remedy="Releases do without: their tag takes them to PyPI. For development versions, ask stranger for a role.",
    ),
    Row(
        what="the name is the same owner's on TestPyPI",
        change=_taken("testpypi", user="second"),
        says={"index.name:testpypi": "ok: owned by second; as on PyPI"},
    ),
    Row(
        what="the first upload failed after the project was made",
        change=_empty,
        fresh=True,
        says={
            "index.name:pypi": "unknown: it has no release, and only its owner sees whose it is",
            "index.publisher:pypi": f"pending: no release shows who published it; {HERE} will ask",
        },
        remedy="https://pypi.org/manage/projects/",
    ),
    Row(
        what="there is a name that looks the same",
        change=_named("sarnple-lib", "sarnplelib"),
        fresh=True,
        says={"index.name:pypi": "problem: sarnple-lib is too similar to sarnplelib"},
    ),
    Row(
        what="the name is that of a module of Python",
        change=_named("asyncio"),
        fresh=True,
        says={"index.name:pypi": "problem: PyPI gives asyncio to nobody"},
    ),
    Row(
        what="the name is reserved",
        change=_named("requirements"),
        fresh=True,
        says={"index.name:testpypi": "problem: TestPyPI gives requirements to nobody"},
    ),
    Row(
        what="the project is archived",
        change=_as("pypi", status=Lifecycle.ARCHIVED),
        says={"index.status:pypi": "problem: it is archived: every upload is refused with 403"},
        remedy="Take it out of the archive: https://pypi.org/manage/project/sample/settings/",
    ),
    Row(
        what="the project is in quarantine",
        change=_as("testpypi", status=Lifecycle.QUARANTINED),
        says={
            "index.status:testpypi": "problem: it is in quarantine: nobody can install it, and every upload is refused "
            "with 403"
        },
        remedy="Only TestPyPI's administrators can lift it",
    ),
    Row(
        what="another workflow file is registered",
        change=_vouched({"workflow": "release.yml"}),
        says={"index.publisher:pypi": f"{ANOTHER} the workflow was release.yml and is publish.yml"},
        remedy=f"{FORM}&workflow_filename=publish.yml&environment=pypi",
    ),
    Row(
        what="the workflow file was renamed",
        change=_renamed_file,
        says={
            "index.publisher:pypi": f"{ANOTHER} the workflow was publish.yml and is release.yml",
            "index.claims:pypi": "ok: owner/sample, release.yml, environment pypi",
        },
        remedy=f"{FORM}&workflow_filename=release.yml&environment=pypi",
    ),
    Row(
        what="the repository is registered in another spelling",
        change=_vouched({"repository": "Owner/sample"}),
        says={
            "index.publisher:pypi": f"{ANOTHER} the repository is spelt Owner/sample there and owner/sample "
            "on GitHub: upper and lower case matter"
        },
    ),
    Row(
        what="the repository came from somebody else",
        change=_vouched({"repository": "old/sample"}, owner_id="77"),
        says={"index.publisher:pypi": f"{ANOTHER} the repository was old/sample and is owner/sample"},
    ),
    Row(
        what="the repository came from somebody else, whom the page still names",
        change=_transferred,
        says={
            "index.name:pypi": "ok: owned by stranger; published by old/sample, as this repository was called",
            "index.publisher:pypi": "problem: 0.1 was published by another: the repository was old/sample "
            "and is owner/sample",
        },
    ),
    Row(
        what="the index spells the name otherwise",
        change=_as("pypi", name="Sample"),
        says={"index.name:pypi": "ok: owned by owner, second; published by this repository; spelt Sample there"},
    ),
    Row(
        what="the page names another repository of the same account",
        change=_taken("pypi", "Project-URL: Source, git+http://www.github.com/owner/old#readme"),
        says={"index.name:pypi": "ok: owned by stranger; its page names owner/old, of the same account"},
    ),
    Row(
        what="the page names a page of GitHub that is no repository",
        change=_taken("pypi", "Project-URL: Funding, https://github.com/sponsors/stranger"),
        says={"index.name:pypi": "unknown: owned by stranger; nothing on it names this repository"},
    ),
    Row(
        what="the repository had another name",
        change=_vouched({"repository": "owner/old"}),
        says={
            "index.name:pypi": "ok: owned by owner, second; published by owner/old, as this repository was called",
            "index.publisher:pypi": f"{ANOTHER} the repository was owner/old and is owner/sample",
        },
    ),
    Row(
        what="the repository got another name on GitHub",
        change=_renamed_repository,
        says={
            "index.publisher:pypi": f"{ANOTHER} the repository was owner/sample and is owner/samples",
            "index.name:pypi": "ok: owned by owner, second; published by this repository",
            "index.owner:pypi": "ok: owner, number 1000001",
        },
        remedy="repository=samples&workflow_filename=publish.yml",
    ),
    Row(
        what="GitHub does not show the repository",
        change=_down("api.github.com"),
        says={
            "index.publisher:pypi": "unknown: GitHub does not answer now: 503 SERVICE UNAVAILABLE",
            "index.owner:pypi": "unknown: GitHub does not answer now: 503 SERVICE UNAVAILABLE",
            "index.name:pypi": "ok: owned by owner, second; published by this repository",
        },
    ),
    Row(
        what="releases came from GitLab",
        change=_vouched({"kind": "GitLab", "environment": None}),
        says={"index.publisher:pypi": f"{ANOTHER} it came from GitLab, and the workflow runs on GitHub Actions"},
    ),
    Row(
        what="another environment is registered",
        change=_vouched({"environment": "release"}),
        says={"index.publisher:pypi": f"{ANOTHER} the job had the environment release and has pypi"},
    ),
    Row(
        what="the environment is spelt otherwise",
        change=_vouched({"environment": "PyPI"}),
        says={"index.publisher:pypi": f"ok: 0.9.0 by {HERE}"},
    ),
    Row(
        what="no environment is registered",
        change=_vouched({"environment": None}),
        says={
            "index.environment:pypi": "problem: 0.9.0 came by a publisher without environment: publish.yml of any "
            "branch may publish",
            "index.publisher:pypi": f"ok: 0.9.0 by {HERE}",
        },
        remedy=f"Do this, then remove the other one. Register {HERE} as a trusted publisher: {FORM}",
    ),
    Row(
        what="nothing was ever published by a workflow",
        change=_vouched(None),
        says={"index.publisher:pypi": f"pending: no release shows who published it; {HERE} will ask"},
        remedy=f"{FORM}&workflow_filename=publish.yml&environment=pypi",
    ),
    Row(
        what="the newest release came from another workflow",
        change=_one_more({"workflow": "old.yml"}),
        says={
            "index.publishers:pypi": f"problem: owner/sample, old.yml, environment pypi; {HERE}",
            "index.publisher:pypi": f"ok: 0.9.0 by {HERE}",
        },
        remedy="https://pypi.org/manage/project/sample/settings/publishing/",
    ),
    Row(
        what="the newest release came by hand",
        change=_one_more(None),
        says={
            "index.provenance:pypi": "problem: sample-0.9.1-py3-none-any.whl, sample-0.9.1.tar.gz of 0.9.1 came by "
            "hand, with a token, or without attestations",
            "index.publisher:pypi": f"ok: 0.9.0 by {HERE}",
        },
    ),
    Row(
        what="this clone lacks the tag",
        change=_lost_tag,
        says={"index.commit:pypi": "unknown: this clone has no tag v0.9.0"},
        remedy="git fetch --tags",
    ),
    Row(
        what="the account has the name of another",
        change=_vouched({}, owner_id="42"),
        says={"index.owner:pypi": "problem: owner has the number 1000001, and 0.9.0 came from number 42"},
        remedy=f"Remove the publisher. Register {HERE} as a trusted publisher: {FORM}",
    ),
    Row(
        what="the certificate says nothing",
        change=_vouched({}, commit="", ref="", owner_id=""),
        says={
            "index.commit:pypi": "unknown: the certificate of 0.9.0 does not say its commit",
            "index.owner:pypi": "unknown: the certificate of 0.9.0 does not say its owner",
        },
        remedy=f"https://pypi.org{PROVENANCE}",
    ),
    Row(
        what="the release was made from a branch",
        change=_vouched({}, ref="refs/heads/main"),
        says={"index.publisher:pypi": f"ok: 0.9.0 by {HERE}"},
    ),
    Row(
        what="the workflow is one that others call",
        change=_only_called,
        says={"index.claims:pypi": "problem: publish.yml is called by other workflows, and PyPI takes that from none"},
    ),
    Row(
        what="another workflow calls the one that publishes",
        change=_called_by,
        says={"index.claims:pypi": "problem: publish.yml is called by tag.yml, and PyPI takes that from none"},
        remedy="Let the job that uploads be in the workflow that the tag starts.",
    ),
    Row(
        what="a second workflow publishes, and no release came from it",
        change=_second,
        says={
            f"index.publisher:pypi, {NIGHTLY}": f"pending: 0.9.0 came from publish.yml, environment pypi, and none of "
            f"the newest from {NIGHTLY}",
            "index.publisher:pypi, publish.yml, environment pypi": f"ok: 0.9.0 by {HERE}",
            f"index.claims:pypi, {NIGHTLY}": f"ok: owner/sample, {NIGHTLY}",
            "index.publishers:pypi": f"ok: 0.9.0 by {HERE}",
        },
        remedy="Take the job out where nothing needs it: .github/workflows/nightly.yml:3. Else: Register owner/sample, "
        f"{NIGHTLY} as a trusted publisher: {FORM}&workflow_filename=nightly.yml&environment=nightly",
    ),
    Row(
        what="two workflows publish, and each did",
        change=lambda made: (_second(made), _one_more({"workflow": "nightly.yml", "environment": "nightly"})(made))[0],
        says={
            f"index.publisher:pypi, {NIGHTLY}": f"ok: 0.9.1 by owner/sample, {NIGHTLY}",
            "index.publisher:pypi, publish.yml, environment pypi": f"ok: 0.9.0 by {HERE}",
            "index.publishers:pypi": f"ok: 0.9.1, 0.9.0 by owner/sample, {NIGHTLY}; {HERE}",
        },
    ),
    Row(
        what="two workflows publish, and another one is registered",
        change=lambda made: (_second(made), _vouched({"workflow": "old.yml"})(made))[0],
        says={
            f"index.publisher:pypi, {NIGHTLY}": f"{ANOTHER} the workflow was old.yml and is nightly.yml; the job had "
            "the environment pypi and has nightly",
            "index.publisher:pypi, publish.yml, environment pypi": f"{ANOTHER} the workflow was old.yml and is "
            "publish.yml",
        },
    ),
    Row(
        what="the job publishes from a matrix of environments",
        change=_matrix,
        says={
            "index.publisher:pypi, publish.yml, environment other": "pending: 0.9.0 came from publish.yml, environment "
            "pypi, and none of the newest from publish.yml, environment other",
            "index.publisher:pypi, publish.yml, environment pypi": f"ok: 0.9.0 by {HERE}",
        },
        remedy="Register owner/sample, publish.yml, environment other as a trusted publisher",
    ),
    Row(
        what="the environment is an expression, and the file another one",
        change=lambda made: (_expression(made), _renamed_file(made))[0],
        says={"index.publisher:pypi": f"{ANOTHER} the workflow was publish.yml and is release.yml"},
    ),
    Row(
        what="the environment is an expression",
        change=_expression,
        says={
            "index.claims:pypi": "unknown: its environment is known when the job runs, and not before",
            "index.publisher:pypi": "unknown: its environment is known when the job runs, and not before",
        },
        remedy="Write the name of the environment into the workflow",
    ),
    Row(
        what="development versions have piled up",
        change=_piled_up,
        says={"index.room:testpypi": "problem: 8.7 GB, 81% of what TestPyPI gives every project"},
        remedy="Delete old development versions",
    ),
    Row(
        what="a vulnerability is known",
        change=_as("pypi", vulnerabilities=("PYSEC-2026-1",)),
        says={"index.vulnerabilities:pypi": "problem: PYSEC-2026-1 in 0.9.0"},
    ),
    Row(
        what="one account owns it",
        change=_as("pypi", roles={"owner": "Owner", "helper": "Maintainer"}),
        says={"index.owners:pypi": "problem: owner alone"},
        remedy="Invite a second owner",
    ),
    Row(
        what="an organisation owns it",
        change=_as("pypi", roles={}, organization="Sample Foundation"),
        says={
            "index.owners:pypi": "ok: Sample Foundation",
            "index.name:pypi": "ok: owned by Sample Foundation; published by this repository",
        },
    ),
    Row(
        what="tokens are used",
        auth="token",
        says={"index.name:pypi": "ok: owned by owner, second; its page names this repository"},
    ),
)
SILENT = {
    "tokens are used": ("index.publisher", "index.claims", "index.provenance"),
    "the name is reserved": ("index.publisher", "index.status"),
    "the page names another repository": ("index.publisher:pypi", "index.owners"),
    "the project is in quarantine": ("index.name:testpypi", "index.publisher:testpypi"),
    "all is right": ("index.publisher:testpypi", "index.commit:testpypi"),
    "the release was made from a branch": ("index.commit",),
}
"""Checks that do not apply, and say nothing."""


@pytest.mark.requirement("C2")
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_check_of_an_index_says_what_is_there(worlds: Stagehand, row: Row) -> None:
    """Each check tells a right set-up from a wrong one and from one that it could not see, with a remedy."""
    with worlds.open(f"index-{ROWS.index(row)}", fresh=row.fresh, auth=row.auth) as made:
        row.change(made)
        found = {check.fact.id: check for check in made.doctor().checks if check.fact.id.startswith("index.")}
    said = {name: f"{check.fact.status}: {check.fact.detail}" for name, check in found.items()}
    assert {name: said.get(name) for name in row.says} == row.says
    first = found[next(iter(row.says))]
    assert row.remedy in (first.finding.remedy if first.finding else "")
    assert all(check.fact.how for check in found.values())
    assert not [name for name in said for silent in SILENT.get(row.what, ()) if name.startswith(silent)]


@pytest.mark.parametrize("moved", [False, True])
def test_the_commit_of_a_release_is_compared_with_its_tag(worlds: Stagehand, moved: bool) -> None:
    """A tag that points where the certificate says is right; one that was moved is a problem with both commits."""
    with worlds.open(f"index-moved-{moved}") as made:
        released = git(made.root, "rev-parse", "v0.9.0")[:12]
        if moved:
            git(made.root, "tag", "--force", "v0.9.0", "HEAD")
        now = git(made.root, "rev-parse", "v0.9.0")[:12]
        fact = next(check.fact for check in made.doctor().checks if check.fact.id == "index.commit:pypi")
    right = f"0.9.0 and v0.9.0: {now}"
    assert fact.detail == (f"0.9.0 was made from {released}, and v0.9.0 is {now}" if moved else right)
    assert fact.status == ("problem" if moved else "ok")


def test_an_annotated_tag_counts_as_its_commit(worlds: Stagehand) -> None:
    """The certificate names a commit; the tag's own object has another id, and that is no difference."""
    with worlds.open("index-annotated") as made:
        git(made.root, "tag", "--force", "--annotate", "--message", "0.9.0", "v0.9.0", "v0.9.0^{}")
        fact = next(check.fact for check in made.doctor().checks if check.fact.id == "index.commit:pypi")
    assert fact.status == "ok"


def test_nothing_but_reads_reaches_an_index(worlds: Stagehand) -> None:
    """The doctor asks no index for a token and sends it nothing: a pending publisher would become a project."""
    with worlds.open("index-reads", fresh=True) as made:
        made.doctor()
        asked = [one for one in made.embedded.exchanges if "pypi.org" in one.url]
        assert {one.method for one in asked} == {"GET"}
        assert not [one.url for one in asked if "oidc" in one.url]
        assert made.embedded.pypi.state.pending
        assert not made.embedded.pypi.state.projects


@pytest.mark.parametrize("value", ["v1.0.0", "v" * 127, "v" * 128, "v" * 200, ""])
def test_a_certificate_is_read(value: str) -> None:
    """The text of an extension is read whatever its length, of which the encoding has two forms."""
    assert certified(certificate(((COMMIT, "0" * 40), (REF, value)))) == {"commit": "0" * 40, "ref": value}


@pytest.mark.parametrize("text", ["", "not base64!", "bm8gY2VydGlmaWNhdGU=", "MIIB"])
def test_what_is_no_certificate_says_nothing(text: str) -> None:
    """Bytes that are no certificate crash nothing."""
    assert certified(text) == {}


@pytest.mark.parametrize(
    ("status", "said"),
    [("deprecated", "ok: deprecated"), ("frozen", "unknown: frozen, of which tagship does not know what it means")],
)
def test_a_status_that_pypi_does_not_give_yet(status: str, said: str, tmp_path: Path) -> None:
    """A deprecated project takes uploads (PEP 792); of a status that comes later nothing is claimed."""
    root = repository(tmp_path / "sample", {})
    observed = replace(seen_in(root), pypi=Listing(status=Reading(value=status)))
    look = next(check.look for check in INDEX if check.id == "index.status")
    found = look(observed)
    assert not isinstance(found, Seen)
    assert [f"{seen.status}: {seen.detail}" for seen in found] == [said]


def test_every_check_has_rows() -> None:
    """Each check of the indexes is ok, a problem and unknown somewhere in the rows above."""
    rows = {(name.partition(":")[0], said.partition(":")[0]) for row in ROWS for name, said in row.says.items()}
    elsewhere = {("index.commit", "ok"), ("index.commit", "problem")}
    wanted = {(check.id, status) for check in (*INDEX, *PUBLISHERS) for status in ("ok", "problem", "unknown")}
    assert wanted - rows == elsewhere
