"""What a job will say of itself, and whether an index takes it: the doctor beside the embedded index."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest
from werkzeug.test import Client

from tagship.errors import Refused, TagshipError
from tagship.model import Target
from tagship.project.discover import read
from tagship.rehearsal import fit
from tagship.rehearsal.identity import Issuer, Job
from tagship.rehearsal.index import EmbeddedIndex, Project, Publisher
from tagship.services.addresses import PYPI
from tagship.services.git import Git
from tagship.services.index_settings import Publisher as Registered
from tagship.services.shell import Shell
from tagship.setup.claims import Identity, differences, identity
from tagship.setup.observed import Files, Local, Observed
from tagship.workflow.document import read as document
from tagship.workflow.variant import Variant, variant
from tests.rehearsing import git, repository

NOW = 1_790_000_000.0
REPOSITORIES = ("owner/sample", "Owner/sample", "owner/Sample", "other/sample")
WORKFLOWS = ("publish.yml", "Publish.yml", "publish.yaml")
ENVIRONMENTS = ("", "pypi", "release")


def test_the_doctor_takes_what_the_index_takes() -> None:
    """Every publisher beside every identity: the doctor sees a difference exactly where no token is minted."""
    issuer, wrong = Issuer(), []
    for registered in product(REPOSITORIES, WORKFLOWS, ENVIRONMENTS):
        index = EmbeddedIndex(PYPI, lambda: NOW, issuer)
        index.state.add_project(Project(name="sample", roles={"owner": "Owner"}))
        repo, workflow, environment = registered
        publisher = Publisher(repository=repo, workflow=workflow, environment=environment)
        index.state.add_publisher("sample", publisher)
        served = Registered(kind="GitHub", repository=repo, workflow=workflow, environment=environment)
        client = Client(index)
        for presented in product(REPOSITORIES, WORKFLOWS, (*ENVIRONMENTS, "PyPI")):
            asking = Identity(repository=presented[0], workflow=presented[1], environment=presented[2])
            if _minted(client, issuer, presented) is not (differences(asking, served) == ()):
                wrong.append((registered, presented))
        index.close()
    assert wrong == []


def _minted(client: Client, issuer: Issuer, presented: tuple[str, str, str]) -> bool:
    job = Job(
        repository=presented[0],
        ref="refs/tags/v1.0.0",
        sha="0" * 40,
        workflow="Publish to PyPI",
        workflow_file=presented[1],
        event_name="push",
        environment=presented[2] or None,
    )
    token = issuer.token(job.claims(), audience="pypi", now=NOW)
    return client.post("/_/oidc/mint-token", base_url=PYPI.web, json={"token": token}).status_code == 200


def upload(job: str, *, environment: str = "", index: str = "", permission: str = "id-token: write") -> str:
    """A job that uploads by the publish action."""
    lines = [f"  {job}:", "    runs-on: ubuntu-latest", f"    permissions: {{{permission}}}"]
    lines += [f"    environment: {environment}"] if environment else []
    lines += ["    steps:", "      - uses: pypa/gh-action-pypi-publish@v1"]
    lines += [f"        with: {{repository-url: {index}}}"] if index else []
    return "\n".join(lines)


def flow(*jobs: str, on: str = "{push: {tags: ['v*']}}") -> str:
    """A workflow of jobs."""
    return "\n".join((f"on: {on}", "jobs:", *jobs, ""))


TEST = "https://test.pypi.org/legacy/"
TOKEN = flow(
    "  upload:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: pypa/gh-action-pypi-publish@v1\n"
    "        with: {password: '${{ secrets.PYPI_API_TOKEN }}'}"
)
ROWS = (
    ("none", {}, ("publish.yml", "pypi", False), ("publish.yml", "testpypi", False)),
    ("an own one", {"release.yml": flow(upload("up", environment="prod"))}, ("release.yml", "prod", False), None),
    ("an own one without environment", {"release.yaml": flow(upload("up"))}, ("release.yaml", "", False), None),
    (
        "the environment has an address",
        {"release.yml": flow(upload("up", environment="{name: prod, url: 'https://example.invalid'}"))},
        ("release.yml", "prod", False),
        None,
    ),
    (
        "one for each index",
        {"a.yml": flow(upload("test", environment="t", index=TEST), upload("up", environment="p"))},
        ("a.yml", "p", False),
        ("a.yml", "t", False),
    ),
    (
        "tagship's beside an old one",
        {"release.yml": flow(upload("up", environment="old")), "publish.yml": flow(upload("up", environment="pypi"))},
        ("publish.yml", "pypi", False),
        None,
    ),
    ("tokens", {"release.yml": TOKEN}, None, None),
    (
        "a token beside the permission",
        {"release.yml": flow(upload("up"), "        with: {password: '${{ secrets.PYPI_API_TOKEN }}'}")},
        None,
        None,
    ),
    (
        "an index that only the run knows",
        {"release.yml": flow(upload("up", environment="prod", index="'${{ inputs.index }}'"))},
        ("release.yml", "prod", False),
        ("release.yml", "prod", False),
    ),
    ("no permission", {"release.yml": flow(upload("up", permission="contents: read"))}, None, None),
    (
        "one that is only called",
        {"release.yml": flow(upload("up", environment="pypi"), on="workflow_call")},
        ("release.yml", "pypi", True),
        None,
    ),
    (
        "an expression",
        {"release.yml": flow(upload("up", environment="${{ vars.E }}"))},
        ("release.yml", "${{ vars.E }}", False),
        None,
    ),
    (
        "a file that is no workflow",
        {"release.yml": "jobs: ["},
        ("publish.yml", "pypi", False),
        ("publish.yml", "testpypi", False),
    ),
)


@pytest.mark.parametrize(("workflows", "pypi", "testpypi"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_identity_is_that_of_the_workflow(
    workflows: Mapping[str, str],
    pypi: tuple[str, str, bool] | None,
    testpypi: tuple[str, str, bool] | None,
    tmp_path: Path,
) -> None:
    """The workflow in the checkout says file and environment; where none uploads, what tagship would write does."""
    root = repository(tmp_path / "sample", {f".github/workflows/{name}": text for name, text in workflows.items()})
    git(root, "remote", "add", "origin", "git@github.com:Owner/Sample.git")
    observed = seen_in(root)
    found = {target: identity(observed, target) for target in (Target.PYPI, Target.TESTPYPI)}
    said = {target: (one.workflow, one.environment, one.called) if one else None for target, one in found.items()}
    assert said == {Target.PYPI: pypi, Target.TESTPYPI: testpypi}
    assert {one.repository for one in found.values() if one} <= {"Owner/Sample"}
    if pypi is not None:
        assumed = fit.publishing(observed.project)
        assert (assumed.workflow, assumed.pypi) == pypi[:2]


@pytest.mark.parametrize("address", ["https://gitlab.com/owner/sample.git", "https://git.example.invalid/owner/sample"])
def test_elsewhere_nothing_is_presented(address: str, tmp_path: Path) -> None:
    """PyPI trusts GitHub itself: a repository anywhere else has no identity to show."""
    root = repository(tmp_path / "sample", {})
    git(root, "remote", "add", "origin", address)
    assert identity(seen_in(root), Target.PYPI) is None


def seen_in(root: Path) -> Observed:
    """What the files of a repository show, and nothing else."""
    project = read(root, Git(Shell({}), root))
    wanted: Variant | TagshipError
    try:
        wanted = variant(project)
    except TagshipError as error:
        wanted = error
    folder = root / ".github/workflows"
    files = tuple(document(path.read_bytes(), f".github/workflows/{path.name}") for path in sorted(folder.iterdir()))
    return Observed(
        now=NOW,
        project=project,
        local=Local(),
        wanted=wanted,
        kept=Refused("not compared", remedy="none"),
        files=Files(workflows=files),
    )
