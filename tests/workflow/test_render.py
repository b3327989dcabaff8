"""The publishing workflow as it is written: for every combination of options, and judged by other people's tools."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tagship.workflow.render import render
from tests import goldens
from tests.workflow.variants import VARIANTS

TOOLS = Path(sys.executable).parent
ZIZMOR = ("zizmor", "--offline", "--strict-collection", "--no-config", "--persona", "auditor", "--format", "json-v1")
JUDGES = {
    "actionlint": ("actionlint",),
    "schema": ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A folder with every variant as a workflow of its own."""
    folder = tmp_path / ".github" / "workflows"
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
    """actionlint and the schema of workflows find nothing in any variant."""
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
