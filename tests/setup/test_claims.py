"""What a job will say of itself, and whether an index takes it: the doctor beside the embedded index."""

from collections.abc import Mapping
from dataclasses import replace
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
from tagship.services.index_settings import Listing
from tagship.services.index_settings import Publisher as Registered
from tagship.services.reading import Reading
from tagship.services.shell import Shell
from tagship.setup.claims import Identity, at, differences, identities
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


def upload(
    job: str, *, environment: str = "", index: str = "", permission: str = "id-token: write", attest: str = ""
) -> str:
    """A job that uploads by the publish action."""
    lines = [f"  {job}:", "    runs-on: ubuntu-latest", f"    permissions: {{{permission}}}"]
    lines += [f"    environment: {environment}"] if environment else []
    lines += ["    steps:", "      - uses: pypa/gh-action-pypi-publish@v1"]
    lines += [f"        with: {{repository-url: {index}}}"] if index else []
    lines += [f"        with: {{attestations: {attest}}}"] if attest else []
    return "\n".join(lines)


def flow(*jobs: str, on: str = "{push: {tags: ['v*']}}") -> str:
    """A workflow of jobs."""
    return "\n".join((f"on: {on}", "jobs:", *jobs, ""))


TEST = "https://test.pypi.org/legacy/"
TOKEN = flow(
    "  upload:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: pypa/gh-action-pypi-publish@v1\n"
    "        with: {password: '${{ secrets.PYPI_API_TOKEN }}'}"
)
BOTH = "matrix: {include: [{e: pypi, i: 'https://upload.pypi.org/legacy/'}, {e: Test, i: 'https://test.pypi.org/legacy/'}]}"


def each_row(matrix: str, *, environment: str = "${{ matrix.e }}", index: str = "") -> str:
    """A workflow whose job uploads once for each row of a matrix."""
    made = upload("up", environment=environment, index=index)
    return flow(made.replace("    steps:", f"    strategy: {{{matrix}}}\n    steps:"))


CALLING = flow("  up:\n    uses: ./.github/workflows/release.yml")
HANDED = "  go:\n    permissions: {{id-token: {permission}}}\n    uses: a/b/.github/workflows/pypi.yml@v1\n{more}"
ROWS: tuple[tuple[str, Mapping[str, str], tuple[str, ...], tuple[str, ...]], ...] = (
    ("none", {}, ("publish.yml pypi",), ("publish.yml testpypi",)),
    ("an own one", {"release.yml": flow(upload("up", environment="prod"))}, ("release.yml prod",), ()),
    ("an own one without environment", {"release.yaml": flow(upload("up"))}, ("release.yaml",), ()),
    (
        "the environment has an address",
        {"release.yml": flow(upload("up", environment="{name: prod, url: 'https://example.invalid'}"))},
        ("release.yml prod",),
        (),
    ),
    (
        "one for each index",
        {"a.yml": flow(upload("test", environment="t", index=TEST), upload("up", environment="p"))},
        ("a.yml p",),
        ("a.yml t",),
    ),
    (
        "tagship's beside an old one",
        {"old.yml": flow(upload("up", environment="old")), "publish.yml": flow(upload("up", environment="pypi"))},
        ("publish.yml pypi", "old.yml old"),
        (),
    ),
    (
        "tagship's beside that of another package",
        {
            "publish-other.yml": flow(
                "  b:\n    steps:\n      - run: tagship build", upload("up", environment="other")
            ),
            "publish.yml": flow(upload("up", environment="pypi")),
        },
        ("publish.yml pypi",),
        (),
    ),
    (
        "two that somebody wrote",
        {"nightly.yml": flow(upload("up", environment="nightly")), "release.yml": flow(upload("up"))},
        ("nightly.yml nightly", "release.yml"),
        (),
    ),
    (
        "several jobs, of which two say the same",
        {
            "a.yml": flow(
                upload("wheels", environment="pypi"),
                upload("sdist", environment="PyPI"),
                upload("extra", environment="x"),
            )
        },
        ("a.yml pypi", "a.yml x"),
        (),
    ),
    (
        "a matrix of environments",
        {"a.yml": each_row("matrix: {e: [one, two], os: [linux, windows]}")},
        ("a.yml one", "a.yml two"),
        (),
    ),
    ("a matrix of indexes", {"a.yml": each_row(BOTH, index="'${{ matrix.i }}'")}, ("a.yml pypi",), ("a.yml Test",)),
    (
        "a matrix that only the run knows",
        {"a.yml": each_row("matrix: '${{ fromJSON(needs.plan.outputs.rows) }}'")},
        ("a.yml ${{ matrix.e }}",),
        (),
    ),
    ("tokens", {"release.yml": TOKEN}, (), ()),
    (
        "a token beside the permission",
        {"release.yml": flow(upload("up"), "        with: {password: '${{ secrets.PYPI_API_TOKEN }}'}")},
        (),
        (),
    ),
    (
        "an index that only the run knows",
        {"release.yml": flow(upload("up", environment="prod", index="'${{ inputs.index }}'"))},
        ("release.yml prod",),
        ("release.yml prod",),
    ),
    ("no permission", {"release.yml": flow(upload("up", permission="contents: read"))}, (), ()),
    (
        "one that is only called",
        {"release.yml": flow(upload("up", environment="pypi"), on="workflow_call")},
        ("release.yml pypi called by other workflows, refused",),
        (),
    ),
    (
        "one that another one calls",
        {
            "tag.yml": CALLING,
            "release.yml": flow(upload("up", environment="pypi"), on="[workflow_call, workflow_dispatch]"),
        },
        ("release.yml pypi called by tag.yml, refused",),
        (),
    ),
    (
        "one that another one calls, of which one job makes no attestations",
        {
            "tag.yml": CALLING,
            "release.yml": flow(upload("a", attest="false"), upload("up", attest="true"), on="workflow_call"),
        },
        ("release.yml called by tag.yml, refused",),
        (),
    ),
    (
        "one that another one calls, without attestations",
        {"tag.yml": CALLING, "release.yml": flow(upload("up", attest="'false'"), on="workflow_call")},
        ("release.yml called by tag.yml",),
        (),
    ),
    (
        "one that another one calls for TestPyPI",
        {"tag.yml": CALLING, "release.yml": flow(upload("up", index=TEST), on="workflow_call")},
        (),
        ("release.yml called by tag.yml, refused",),
    ),
    (
        "one that is handed to another repository",
        {"tag.yml": flow(HANDED.format(permission="write", more=""))},
        ("a/b/.github/workflows/pypi.yml called by tag.yml, refused",),
        (),
    ),
    (
        "one for TestPyPI that is handed to another repository, beside an own one",
        {"a.yml": flow(upload("up"), HANDED.replace("pypi.yml", "test-pypi.yml").format(permission="write", more=""))},
        ("a.yml",),
        ("a/b/.github/workflows/test-pypi.yml called by a.yml, refused",),
    ),
    (
        "another repository's with a token, and one without an identity",
        {
            "a.yml": flow(HANDED.format(permission="write", more="    secrets: {token: '${{ secrets.PYPI_TOKEN }}'}")),
            "b.yml": flow(HANDED.format(permission="none", more="")),
        },
        ("publish.yml pypi",),
        ("publish.yml testpypi",),
    ),
    (
        "an expression",
        {"release.yml": flow(upload("up", environment="${{ vars.E }}"))},
        ("release.yml ${{ vars.E }}",),
        (),
    ),
    ("a file that is no workflow", {"release.yml": "jobs: ["}, ("publish.yml pypi",), ("publish.yml testpypi",)),
)


@pytest.mark.parametrize(("workflows", "pypi", "testpypi"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_identities_are_those_of_the_workflows(
    workflows: Mapping[str, str], pypi: tuple[str, ...], testpypi: tuple[str, ...], tmp_path: Path
) -> None:
    """Each job that uploads says its file and environment; where none does, what tagship would write does."""
    root = repository(tmp_path / "sample", {f".github/workflows/{name}": text for name, text in workflows.items()})
    git(root, "remote", "add", "origin", "git@github.com:Owner/Sample.git")
    observed = seen_in(root)
    found = {target: identities(observed, target) for target in (Target.PYPI, Target.TESTPYPI)}
    assert {target: tuple(map(_said, several)) for target, several in found.items()} == {
        Target.PYPI: pypi,
        Target.TESTPYPI: testpypi,
    }
    assert {one.repository for several in found.values() for one in several} <= {"Owner/Sample"}
    told = "".join(workflows.values())
    if len(pypi) == len(workflows) == 1 and "matrix" not in told and "uses: a/b" not in told:
        assumed, one = fit.publishing(observed.project), found[Target.PYPI][0]
        assert (assumed.workflow, assumed.pypi) == (one.workflow, one.environment)


def _said(one: Identity) -> str:
    words = f"{one.workflow} {one.environment}".strip()
    words += f" called by {one.callers}" if one.callers else ""
    return f"{words}, refused" if one.refused else words


def test_the_form_is_filled_in_whatever_tagship_could_write(tmp_path: Path) -> None:
    """What to register is known from the job, also where tagship would write no workflow for the project."""
    root = repository(tmp_path / "sample", {".github/workflows/up.yml": flow(upload("up", environment="prod"))})
    git(root, "remote", "add", "origin", "git@github.com:owner/sample.git")
    observed = replace(seen_in(root), wanted=Refused("No workflow was written", remedy="none"))
    there = at(replace(observed, pypi=Listing(status=Reading(value="active"))), Target.PYPI)
    new = at(observed, Target.PYPI)
    assert (there.register(there.presented[0]), new.register(new.presented[0])) == (
        "Register owner/sample, up.yml, environment prod as a trusted publisher: https://pypi.org/manage/project/"
        "sample/settings/publishing/?provider=github&owner=owner&repository=sample&workflow_filename=up.yml"
        "&environment=prod",
        "Register a pending publisher (PyPI project name: sample, Owner: owner, Repository name: sample, Workflow "
        "name: up.yml, Environment name: prod): https://pypi.org/manage/account/publishing/",
    )


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_package_is_rehearsed_with_its_own_workflow(name: str, tmp_path: Path) -> None:
    """Of several packages each is published by its own workflow, in the doctor's eyes and in a rehearsal's."""
    files = {f"{one}/pyproject.toml": f'[project]\nname = "{one}"\nversion = "1.0.0"\n' for one in "ab"}
    build = "  build:\n    steps:\n      - run: tagship build"
    flows = {
        f".github/workflows/publish-{one}.yml": flow(build, upload("up", environment=f"pypi-{one}"), on="push")
        for one in "ab"
    }
    root = repository(tmp_path / "sample", files | flows)
    git(root, "remote", "add", "origin", "git@github.com:owner/sample.git")
    observed = seen_in(root, name)
    (found,) = identities(observed, Target.PYPI)
    assumed = fit.publishing(observed.project)
    assert (found.workflow, found.environment) == (f"publish-{name}.yml", f"pypi-{name}")
    assert (assumed.workflow, assumed.pypi, assumed.testpypi) == (found.workflow, found.environment, f"testpypi-{name}")


@pytest.mark.parametrize("address", ["https://gitlab.com/owner/sample.git", "https://git.example.invalid/owner/sample"])
def test_elsewhere_nothing_is_presented(address: str, tmp_path: Path) -> None:
    """PyPI trusts GitHub itself: a repository anywhere else has no identity to show."""
    root = repository(tmp_path / "sample", {})
    git(root, "remote", "add", "origin", address)
    assert identities(seen_in(root), Target.PYPI) == ()


def seen_in(root: Path, package: str = ".") -> Observed:
    """What the files of a repository show, and nothing else."""
    project = read(root / package, Git(Shell({}), root))
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
