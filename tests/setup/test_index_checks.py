"""What the doctor says of PyPI and TestPyPI: each check where it is ok, where not, and where it is unseen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tagship.rehearsal.index import Lifecycle
from tagship.services.index_settings import Listing, certified
from tagship.services.reading import Reading
from tagship.setup.check import Seen
from tagship.setup.index import CHECKS as INDEX
from tagship.setup.publishers import CHECKS as PUBLISHERS
from tests.attesting import COMMIT, REF, certificate
from tests.rehearsing import git, repository
from tests.setup import index_changes as there
from tests.setup.test_claims import seen_in
from tests.setup.worlds import Auth, SetUp, Stagehand


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


HERE = "owner/sample, publish.yml, environment pypi"
UNUSABLE = "unknown: GET https://pypi.org/simple/sample/ got an answer that cannot be used"
NIGHTLY = "nightly.yml, environment nightly"
DOWN = "unknown: PyPI could not be asked for /simple/sample/: 503 SERVICE UNAVAILABLE"
BLIND = "unknown: GitHub does not answer now: 503 SERVICE UNAVAILABLE"
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
ASKED = tuple(f"{check}:pypi" for check in ("index.name", "index.status", "index.room", "index.yanked", *PUBLISHER))
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
            "index.yanked:pypi": "ok: 0.9.0, which installers take",
            "index.owners:pypi": "ok: owner, second",
        },
    ),
    Row(
        what="PyPI is down",
        change=there.down("pypi.org"),
        says={
            **{f"{check}:pypi": DOWN for check in ("index.name", "index.status", *PUBLISHER)},
            "index.vulnerabilities:pypi": DOWN,
            "index.owners:pypi": DOWN,
            "index.room:pypi": DOWN,
            "index.yanked:pypi": DOWN,
            "index.name:testpypi": "ok: owned by owner, second; its page names this repository",
            "index.status:testpypi": "ok: active",
            "index.claims:pypi": f"ok: {HERE}",
        },
        remedy="Wait a few minutes",
    ),
    Row(
        what="PyPI limits how often it is asked",
        change=there.down("pypi.org", 429),
        says=dict.fromkeys(ASKED, DOWN.replace("503 SERVICE UNAVAILABLE", "429 TOO MANY REQUESTS")),
        remedy="Wait a few minutes",
    ),
    Row(
        what="a page to log in stands before PyPI",
        change=there.answering("pypi.org", "<!doctype html><title>Log in</title>"),
        says=dict.fromkeys(ASKED, f"{UNUSABLE}: JSON is malformed: invalid character (byte 0)"),
        remedy="behind a broken proxy",
    ),
    Row(
        what="PyPI breaks off in the middle",
        change=there.answering("pypi.org", '{"meta": {"api-version": "1.4"}, "name": "sample", "fi'),
        says=dict.fromkeys(ASKED, f"{UNUSABLE}: Input data was truncated"),
    ),
    Row(
        what="PyPI sends something else",
        change=there.answering("pypi.org", "{}"),
        says=dict.fromkeys(ASKED, f"{UNUSABLE}: Object missing required field `files`"),
    ),
    Row(
        what="PyPI shows no attestations",
        change=there.without_attestations,
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
        change=there.taken("pypi", "Project-URL: Source, https://github.com/Owner/Sample.git"),
        says={"index.name:pypi": "ok: owned by stranger; its page names this repository"},
    ),
    Row(
        what="the page names another repository",
        change=there.taken("pypi", "Project-URL: Issues, https://github.com/stranger/sample/issues"),
        says={"index.name:pypi": "problem: owned by stranger; it is stranger/sample's, and not this repository's"},
        remedy="Choose another name, or ask stranger for a role.",
    ),
    Row(
        what="the repository is a fork of the one that releases",
        change=there.forked,
        says={"index.name:pypi": "problem: owned by stranger; it is upstream/sample's, of which this is a fork"},
    ),
    Row(
        what="nothing tells whose it is",
        change=there.taken("pypi"),
        says={"index.name:pypi": "unknown: owned by stranger; nothing on it names this repository"},
        remedy="If stranger is none of you, choose another name.",
    ),
    Row(
        what="the name is taken on TestPyPI",
        change=there.taken("testpypi"),
        says={"index.name:testpypi": "problem: owned by stranger; the project on PyPI by owner, second"},
        remedy="Releases do without: their tag takes them to PyPI. For development versions, ask stranger for a role.",
    ),
    Row(
        what="the name is the same owner's on TestPyPI",
        change=there.taken("testpypi", user="second"),
        says={"index.name:testpypi": "ok: owned by second; as on PyPI"},
    ),
    Row(
        what="the first upload failed after the project was made",
        change=there.empty,
        fresh=True,
        says={
            "index.name:pypi": "unknown: it has no release, and only its owner sees whose it is",
            "index.publisher:pypi": f"pending: no release shows who published it; {HERE} will ask",
        },
        remedy="https://pypi.org/manage/projects/",
    ),
    Row(
        what="there is a name that looks the same",
        change=there.named("sarnple-lib", "sarnplelib"),
        fresh=True,
        says={"index.name:pypi": "problem: sarnple-lib is too similar to sarnplelib"},
    ),
    Row(
        what="the name is that of a module of Python",
        change=there.named("asyncio"),
        fresh=True,
        says={"index.name:pypi": "problem: PyPI gives asyncio to nobody"},
    ),
    Row(
        what="the name is reserved",
        change=there.named("requirements"),
        fresh=True,
        says={"index.name:testpypi": "problem: TestPyPI gives requirements to nobody"},
    ),
    Row(
        what="the project is archived",
        change=there.having("pypi", status=Lifecycle.ARCHIVED),
        says={"index.status:pypi": "problem: it is archived: every upload is refused with 403"},
        remedy="Take it out of the archive: https://pypi.org/manage/project/sample/settings/",
    ),
    Row(
        what="the project is in quarantine",
        change=there.having("testpypi", status=Lifecycle.QUARANTINED),
        says={
            "index.status:testpypi": "problem: it is in quarantine: nobody can install it, and every upload is refused "
            "with 403"
        },
        remedy="Only TestPyPI's administrators can lift it",
    ),
    Row(
        what="another workflow file is registered",
        change=there.vouched({"workflow": "release.yml"}),
        says={"index.publisher:pypi": f"{ANOTHER} the workflow was release.yml and is publish.yml"},
        remedy=f"{FORM}&workflow_filename=publish.yml&environment=pypi",
    ),
    Row(
        what="the workflow file was renamed",
        change=there.renamed_file,
        says={
            "index.publisher:pypi": f"{ANOTHER} the workflow was publish.yml and is release.yml",
            "index.claims:pypi": "ok: owner/sample, release.yml, environment pypi",
        },
        remedy=f"{FORM}&workflow_filename=release.yml&environment=pypi",
    ),
    Row(
        what="the repository is registered in another spelling",
        change=there.vouched({"repository": "Owner/sample"}),
        says={
            "index.publisher:pypi": f"{ANOTHER} the repository is spelt Owner/sample there and owner/sample "
            "on GitHub: upper and lower case matter"
        },
    ),
    Row(
        what="the repository came from somebody else",
        change=there.vouched({"repository": "old/sample"}, owner_id="77"),
        says={"index.publisher:pypi": f"{ANOTHER} the repository was old/sample and is owner/sample"},
    ),
    Row(
        what="the repository came from somebody else, whom the page still names",
        change=there.transferred,
        says={
            "index.name:pypi": "ok: owned by stranger; published by old/sample, as this repository was called",
            "index.publisher:pypi": "problem: 0.1 was published by another: the repository was old/sample "
            "and is owner/sample",
        },
    ),
    Row(
        what="the repository was transferred, which only GitHub tells",
        change=there.moved_by_token,
        says={"index.name:pypi": "ok: owned by stranger; its page names old/sample, as this repository was called"},
    ),
    Row(
        what="the repository was transferred, and released from before",
        change=there.moved,
        says={
            "index.name:pypi": "ok: owned by stranger; published by old/sample, as this repository was called",
            "index.publisher:pypi": "problem: 0.1 was published by another: the repository was old/sample and is "
            "owner/sample",
        },
    ),
    Row(
        what="the repository may have been transferred, and GitHub does not tell",
        change=there.unseen(there.moved),
        says=dict.fromkeys(("index.name:pypi", "index.publisher:pypi", "index.owners:pypi"), BLIND),
        remedy="Wait (the header x-ratelimit-reset says until when)",
    ),
    Row(
        what="the page names another repository, and GitHub does not tell whether it is this one",
        change=there.unseen(there.taken("pypi", "Project-URL: Issues, https://github.com/stranger/sample/issues")),
        says=dict.fromkeys(("index.name:pypi", "index.publisher:pypi", "index.owners:pypi"), BLIND),
    ),
    Row(
        what="the page names this repository, GitHub shows none, and releases came from another",
        change=there.unseen(there.vouched({"repository": "old/sample"}, owner_id="77")),
        says={
            "index.name:pypi": "ok: owned by owner, second; its page names this repository",
            "index.publisher:pypi": BLIND,
        },
    ),
    Row(
        what="the index spells the name otherwise",
        change=there.having("pypi", name="Sample"),
        says={"index.name:pypi": "ok: owned by owner, second; published by this repository; spelt Sample there"},
    ),
    Row(
        what="the page names another repository of the same account",
        change=there.taken("pypi", "Project-URL: Source, git+http://www.github.com/owner/old#readme"),
        says={"index.name:pypi": "ok: owned by stranger; its page names owner/old, of the same account"},
    ),
    Row(
        what="the page names a page of GitHub that is no repository",
        change=there.taken("pypi", "Project-URL: Funding, https://github.com/sponsors/stranger"),
        says={"index.name:pypi": "unknown: owned by stranger; nothing on it names this repository"},
    ),
    Row(
        what="the repository had another name",
        change=there.vouched({"repository": "owner/old"}),
        says={
            "index.name:pypi": "ok: owned by owner, second; published by owner/old, as this repository was called",
            "index.publisher:pypi": f"{ANOTHER} the repository was owner/old and is owner/sample",
        },
    ),
    Row(
        what="the repository got another name on GitHub",
        change=there.renamed_repository,
        says={
            "index.publisher:pypi": f"{ANOTHER} the repository was owner/sample and is owner/samples",
            "index.name:pypi": "ok: owned by owner, second; published by this repository",
            "index.owner:pypi": "ok: owner, number 1000001",
        },
        remedy="repository=samples&workflow_filename=publish.yml",
    ),
    Row(
        what="GitHub does not show the repository",
        change=there.down("api.github.com"),
        says={
            "index.publisher:pypi": BLIND,
            "index.owner:pypi": BLIND,
            "index.name:pypi": "ok: owned by owner, second; published by this repository",
        },
    ),
    Row(
        what="releases came from GitLab",
        change=there.vouched({"kind": "GitLab", "environment": None}),
        says={"index.publisher:pypi": f"{ANOTHER} it came from GitLab, and the workflow runs on GitHub Actions"},
    ),
    Row(
        what="another environment is registered",
        change=there.vouched({"environment": "release"}),
        says={"index.publisher:pypi": f"{ANOTHER} the job had the environment release and has pypi"},
    ),
    Row(
        what="the environment is spelt otherwise",
        change=there.vouched({"environment": "PyPI"}),
        says={"index.publisher:pypi": f"ok: 0.9.0 by {HERE}"},
    ),
    Row(
        what="no environment is registered",
        change=there.vouched({"environment": None}),
        says={
            "index.environment:pypi": "problem: 0.9.0 came by a publisher without environment: publish.yml of any "
            "branch may publish",
            "index.publisher:pypi": f"ok: 0.9.0 by {HERE}",
        },
        remedy=f"Do this, then remove the other one. Register {HERE} as a trusted publisher: {FORM}",
    ),
    Row(
        what="nothing was ever published by a workflow",
        change=there.vouched(None),
        says={"index.publisher:pypi": f"pending: no release shows who published it; {HERE} will ask"},
        remedy=f"{FORM}&workflow_filename=publish.yml&environment=pypi",
    ),
    Row(
        what="the newest release came from another workflow",
        change=there.one_more({"workflow": "old.yml"}),
        says={
            "index.publishers:pypi": f"problem: owner/sample, old.yml, environment pypi; {HERE}",
            "index.publisher:pypi": f"ok: 0.9.0 by {HERE}",
        },
        remedy="https://pypi.org/manage/project/sample/settings/publishing/",
    ),
    Row(
        what="the newest release came by hand",
        change=there.one_more(None),
        says={
            "index.provenance:pypi": "problem: sample-0.9.1-py3-none-any.whl, sample-0.9.1.tar.gz of 0.9.1 came by "
            "hand, with a token, or without attestations",
            "index.publisher:pypi": f"ok: 0.9.0 by {HERE}",
        },
    ),
    Row(
        what="this clone lacks the tag",
        change=there.lost_tag,
        says={"index.commit:pypi": "unknown: this clone has no tag v0.9.0"},
        remedy="git fetch --tags",
    ),
    Row(
        what="the account has the name of another",
        change=there.vouched({}, owner_id="42"),
        says={"index.owner:pypi": "problem: owner has the number 1000001, and 0.9.0 came from number 42"},
        remedy=f"Remove the publisher. Register {HERE} as a trusted publisher: {FORM}",
    ),
    Row(
        what="a file of the newest release came from a branch of somebody else",
        change=there.smuggled,
        says={
            "index.owner:pypi": "problem: owner has the number 1000001, and 0.9.0 came from number 42",
            "index.environment:pypi": "ok: 0.9.0 by environment pypi, environment other",
            "index.publishers:pypi": f"problem: {HERE}; owner/sample, publish.yml, environment other",
        },
    ),
    Row(
        what="the certificate says nothing",
        change=there.vouched({}, commit="", ref="", owner_id=""),
        says={
            "index.commit:pypi": "unknown: the certificate of 0.9.0 does not say its commit",
            "index.owner:pypi": "unknown: the certificate of 0.9.0 does not say its owner",
        },
        remedy=f"https://pypi.org{PROVENANCE}",
    ),
    Row(
        what="the release was made from a branch",
        change=there.vouched({}, ref="refs/heads/main"),
        says={"index.publisher:pypi": f"ok: 0.9.0 by {HERE}"},
    ),
    Row(
        what="the workflow is one that others call",
        change=there.only_called,
        says={"index.claims:pypi": "problem: publish.yml is called by other workflows, and PyPI takes that from none"},
    ),
    Row(
        what="another workflow calls the one that publishes",
        change=there.called_by,
        says={"index.claims:pypi": "problem: publish.yml is called by tag.yml, and PyPI takes that from none"},
        remedy="Let the job that uploads be in the workflow that the tag starts.",
    ),
    Row(
        what="the identity is handed to a workflow of another repository",
        change=there.handed,
        says={
            "index.claims:pypi": "problem: acme/shared/.github/workflows/pypi.yml is called by tag.yml, and PyPI takes "
            "that from none"
        },
        remedy="Let the job that uploads be in the workflow that the tag starts.",
    ),
    Row(
        what="another workflow calls the one that publishes, without attestations",
        change=there.called_bare,
        says={
            "index.claims:pypi": f"ok: {HERE}; called by tag.yml, without attestations: that works, and is not promised"
        },
    ),
    Row(
        what="neither the job nor the publisher has an environment",
        change=there.bare_job,
        says={
            "index.environment:pypi": "problem: 0.9.0 came by a publisher without environment: publish.yml of any "
            "branch may publish",
            "index.publisher:pypi": "ok: 0.9.0 by owner/sample, publish.yml, no environment",
        },
        remedy="Give the job an environment (.github/workflows/publish.yml:",
    ),
    Row(
        what="a second workflow publishes, and no release came from it",
        change=there.second,
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
        change=there.both(there.second, there.one_more({"workflow": "nightly.yml", "environment": "nightly"})),
        says={
            f"index.publisher:pypi, {NIGHTLY}": f"ok: 0.9.1 by owner/sample, {NIGHTLY}",
            "index.publisher:pypi, publish.yml, environment pypi": f"ok: 0.9.0 by {HERE}",
            "index.publishers:pypi": f"ok: 0.9.1, 0.9.0 by owner/sample, {NIGHTLY}; {HERE}",
        },
    ),
    Row(
        what="two workflows publish, and another one is registered",
        change=there.both(there.second, there.vouched({"workflow": "old.yml"})),
        says={
            f"index.publisher:pypi, {NIGHTLY}": f"{ANOTHER} the workflow was old.yml and is nightly.yml; the job had "
            "the environment pypi and has nightly",
            "index.publisher:pypi, publish.yml, environment pypi": f"{ANOTHER} the workflow was old.yml and is "
            "publish.yml",
        },
    ),
    Row(
        what="the job publishes from a matrix of environments",
        change=there.matrix,
        says={
            "index.publisher:pypi, publish.yml, environment other": "pending: 0.9.0 came from publish.yml, environment "
            "pypi, and none of the newest from publish.yml, environment other",
            "index.publisher:pypi, publish.yml, environment pypi": f"ok: 0.9.0 by {HERE}",
        },
        remedy="Register owner/sample, publish.yml, environment other as a trusted publisher",
    ),
    Row(
        what="the environment is an expression, and the file another one",
        change=there.both(there.expression, there.renamed_file),
        says={"index.publisher:pypi": f"{ANOTHER} the workflow was publish.yml and is release.yml"},
        remedy="Write the name of the environment into the workflow, as it is registered. Then: Register",
    ),
    Row(
        what="the environment is an expression",
        change=there.expression,
        says={
            "index.claims:pypi": "unknown: its environment is known when the job runs, and not before",
            "index.publisher:pypi": "unknown: its environment is known when the job runs, and not before",
        },
        remedy="Write the name of the environment into the workflow",
    ),
    Row(
        what="development versions have piled up",
        change=there.piled_up,
        says={"index.room:testpypi": "problem: 8.7 GB, 81% of what TestPyPI gives every project"},
        remedy="Delete old development versions",
    ),
    Row(
        what="a vulnerability is known",
        change=there.having("pypi", vulnerabilities=("PYSEC-2026-1",)),
        says={"index.vulnerabilities:pypi": "problem: PYSEC-2026-1 in 0.9.0"},
    ),
    Row(
        what="one account owns it",
        change=there.having("pypi", roles={"owner": "Owner", "helper": "Maintainer"}),
        says={"index.owners:pypi": "problem: owner alone"},
        remedy="Invite a second owner",
    ),
    Row(
        what="the only release is yanked",
        change=there.yanked("0.9.0"),
        says={
            "index.yanked:pypi": "problem: 0.9.0 is yanked: installers take nothing, unless they are told "
            "sample==VERSION"
        },
        remedy="take the yank back: https://pypi.org/manage/project/sample/releases/",
    ),
    Row(
        what="the newest release is yanked",
        change=there.both(there.one_more({}), there.yanked("0.9.1", "broken on Python 3.11")),
        says={"index.yanked:pypi": "problem: 0.9.1 is yanked (broken on Python 3.11): installers take 0.9.0"},
    ),
    Row(
        what="an older release is yanked",
        change=there.both(there.one_more({}), there.yanked("0.9.0")),
        says={"index.yanked:pypi": "ok: 0.9.1, which installers take"},
    ),
    Row(
        what="an organisation owns it",
        change=there.having("pypi", roles={}, organization="Sample Foundation"),
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
    "the identity is handed to a workflow of another repository": ("index.publisher:pypi",),
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


def test_one_file_that_was_made_from_another_commit_is_seen(worlds: Stagehand) -> None:
    """The tag is right for the wheel; that the sdist beside it came from a commit of a branch is a problem."""
    with worlds.open("index-smuggled") as made:
        there.smuggled(made)
        now = git(made.root, "rev-parse", "v0.9.0")[:12]
        fact = next(check.fact for check in made.doctor().checks if check.fact.id == "index.commit:pypi")
    assert (fact.status, fact.detail) == ("problem", f"0.9.0 was made from {'f' * 12}, and v0.9.0 is {now}")


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
