"""The publishing workflow as it is written: for every combination of options, and judged by other people's tools."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tagship.stages import STAGES
from tagship.workflow.document import Document, Mapping, read, text
from tagship.workflow.permissions import effective
from tagship.workflow.pins import PINS
from tagship.workflow.render import render
from tests import goldens
from tests.workflow.variants import VARIANTS

TOOLS = Path(sys.executable).parent
ZIZMOR = ("zizmor", "--offline", "--strict-collection", "--no-config", "--persona", "auditor", "--format", "json-v1")
JUDGES = {
    "actionlint": ("actionlint", "-shellcheck", str(TOOLS / "shellcheck")),
    "schema": ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every variant as a workflow of its own."""
    folder = tmp_path_factory.mktemp("variants") / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, variant in VARIANTS.items():
        (folder / f"{name}.yml").write_text(render(variant), encoding="utf-8")
    return folder


def _judge(command: tuple[str, ...], folder: Path) -> subprocess.CompletedProcess[str]:
    whole = (str(TOOLS / command[0]), *command[1:], *sorted(map(str, folder.iterdir())))
    return subprocess.run(whole, cwd=folder.parent.parent, capture_output=True, text=True, check=False)


@pytest.mark.requirement("A2")
def test_the_simple_file() -> None:
    """The file that most projects get is the golden one, byte for byte."""
    goldens.same("publish.yml", render(VARIANTS["simple"]))


@pytest.mark.requirement("A13")
@pytest.mark.parametrize("judge", JUDGES)
def test_linters(judge: str, written: Path) -> None:
    """actionlint, with shellcheck for the scripts, and the schema of workflows find nothing in any variant."""
    done = _judge(JUDGES[judge], written)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.requirement("A13")
def test_zizmor(written: Path) -> None:
    """zizmor's auditor finds nothing in any variant, but that a token is used where a token was asked for."""
    done = _judge(ZIZMOR, written)
    found = {
        (Path(finding["locations"][0]["symbolic"]["key"]["Local"]["verbatim_path"]).stem, finding["ident"])
        for finding in json.loads(done.stdout)
    }
    tokens = {(name, "use-trusted-publishing") for name, variant in VARIANTS.items() if variant.auth == "token"}
    assert found == tokens
    assert done.stderr.count("completed") == len(VARIANTS)


def test_nothing_is_silenced(written: Path) -> None:
    """No comment in any variant switches a finding off."""
    assert not [
        file.name for file in written.iterdir() if re.search(r"(zizmor|shellcheck).*(ignore|disable)", file.read_text())
    ]


SIMPLE = read(render(VARIANTS["simple"]).encode(), "publish.yml")
WHOLE = read(render(VARIANTS["inline-wheels"]).encode(), "publish.yml")


@pytest.mark.requirement("A2", "A13")
def test_the_file_is_the_table_of_stages() -> None:
    """Each stage is called in the job that the table names, and that job may do what its stages need, and no more."""
    called = {
        job.id: [
            word.text.split("-m tagship ")[1].split()[0]
            for step in job.steps
            if (word := step.run) and "-m tagship" in word.text
        ]
        for job in SIMPLE.jobs.values()
    }
    table = {job.id: [row.name for row in STAGES if row.job == job.id] for job in SIMPLE.jobs.values()}
    table["wait-for-ci"].insert(0, "plan")  # on a machine of its own it has to know what it is about
    table["publish-pypi"] = []  # done by the action, beside which nothing of ours may be
    assert called == table
    granted = effective(SIMPLE)
    assert {job: tuple(f"{scope}: {level}" for scope, level in granted[job].items()) for job in granted} == {
        job.id: tuple(
            dict.fromkeys(permission for row in STAGES if row.job == job.id for permission in row.permissions)
        )
        or ("id-token: write",)
        for job in SIMPLE.jobs.values()
    }


@pytest.mark.requirement("A13")
@pytest.mark.parametrize("document", [SIMPLE, WHOLE], ids=["simple", "inline-wheels"])
def test_every_action_is_in_the_table(document: Document) -> None:
    """Every action is pinned to the commit of the table, with the version behind it; each of the table is used."""
    used = {
        (step.uses.text, document.comment(step.uses))
        for job in document.jobs.values()
        for step in job.steps
        if step.uses
    }
    table = {(f"{pin.action}@{pin.sha}", pin.version) for pin in PINS}
    assert used <= table
    assert all(re.fullmatch(r"[0-9a-f]{40}", pin.sha) for pin in PINS)
    if document is WHOLE:
        assert {pin.action for pin in PINS} - {use.split("@")[0] for use, _ in used} == {"actions/setup-python"}


@pytest.mark.requirement("A14")
@pytest.mark.parametrize("document", [SIMPLE, WHOLE], ids=["simple", "inline-wheels"])
def test_nothing_hangs_and_nothing_is_cancelled(document: Document) -> None:
    """Every job ends by itself, and no run is cancelled by another: not even where two tags are pushed at once."""
    limits = {job.id: text(job.node.get("timeout-minutes")) for job in document.jobs.values() if not job.uses}
    assert all(limit.isdigit() and 0 < int(limit) <= 180 for limit in limits.values()), limits
    concurrency = document.root.get("concurrency")
    assert isinstance(concurrency, Mapping)
    assert text(concurrency.get("cancel-in-progress")) == "false"
    assert text(concurrency.get("group")) == "publish-${{ github.ref_type == 'tag' && github.ref || github.sha }}"


@pytest.mark.requirement("A7")
def test_attestations_are_for_pypi_alone() -> None:
    """A release is attested; a file on TestPyPI is not, since it could be passed off as the release."""
    uploads = {job: SIMPLE.jobs[job].steps[-1].inputs for job in ("publish-testpypi", "publish-pypi")}
    assert {job: {key.text: text(value) for key, value in given.entries} for job, given in uploads.items()} == {
        "publish-testpypi": {"repository-url": "https://test.pypi.org/legacy/", "attestations": "false"},
        "publish-pypi": {"attestations": "true"},
    }


@pytest.mark.requirement("A7")
def test_tokens_are_secrets_of_an_environment() -> None:
    """In the other mode each upload has its own token, from its environment, and no right to an identity."""
    document = read(render(VARIANTS["token"]).encode(), "publish.yml")
    jobs = {"publish-testpypi": "TEST_PYPI_API_TOKEN", "publish-pypi": "PYPI_API_TOKEN"}
    for job, secret in jobs.items():
        assert text(document.jobs[job].steps[-1].inputs.get("password")) == f"${{{{ secrets.{secret} }}}}"
        assert effective(document)[job] == {}
        assert document.jobs[job].environment == job.removeprefix("publish-")


@pytest.mark.requirement("A4")
def test_the_override_is_off_by_default() -> None:
    """The input for a written reason is there only where the project allows it, and is empty by default."""
    inputs = {}
    for name in ("simple", "override"):
        dispatch = read(render(VARIANTS[name]).encode(), "publish.yml").triggers["workflow_dispatch"]
        found = dispatch.filters.get("inputs")
        assert isinstance(found, Mapping)
        inputs[name] = {
            key.text: text(value.get("default")) for key, value in found.entries if isinstance(value, Mapping)
        }
    assert inputs["simple"] == {"dry_run": "false", "target_env": "testpypi"}
    assert inputs["override"] == {**inputs["simple"], "override_reason": ""}


@pytest.mark.requirement("A2")
def test_the_page_about_it() -> None:
    """docs/workflow.md explains every job, and says what each of them may do."""
    page = (Path(__file__).parent.parent.parent / "docs" / "workflow.md").read_text(encoding="utf-8")
    rows = {
        cell.strip() for line in page.splitlines() if line.startswith("| ") for cell in line.split("|")[1].split(",")
    }
    assert SIMPLE.jobs.keys() <= rows
    extra = WHOLE.jobs.keys() - SIMPLE.jobs.keys() - {"ci"}
    assert all(job in page for job in extra)
    dispatched = re.findall(r"--field (\w+)=(\w+)", page)
    assert {name for name, _ in dispatched} == {"dry_run", "target_env"}
