"""Names that a repository may have, in the workflow: what went in is what every reader gets out."""

from dataclasses import dataclass

import pytest

from tagship.project.patterns import matches
from tagship.workflow.document import Document, Items, Scalar, read, text
from tagship.workflow.render import render
from tagship.workflow.variant import Variant, glob

HOSTILE = (
    "plain",
    "on",
    "No",
    "NULL",
    "1.10",
    "0x1F",
    "~",
    "a: b",
    "a #b",
    "#b",
    "- a",
    "'single'",
    '"double"',
    "back\\slash",
    "two\nlines",
    "tab\there",
    " blanks ",
    "*star",
    "&anchor",
    "!tag",
    "{a: 1}",
    "[a]",
    "%",
    "@at",
    "`tick`",
    "🚀 rocket",
    "naïve",
    "line\u2028separator\u2029next\x85line",
    "nul-free \x07 bell",
    "${{ github.token }}",
    "${{github.token}}",
    "$${{{ }}",
    "<< x >>",
    "<% x %>",
    "$(curl evil)",
    "; rm -rf /",
    "=",
    "---",
    "",
)


@dataclass(frozen=True)
class Read:
    """The scalars of the file that come from the repository, as a strict reader has them."""

    document: Document

    def filter(self, kind: str) -> str:
        """The only entry of a filter of `push`."""
        node = self.document.triggers["push"].filters.get(kind)
        assert isinstance(node, Items)
        (only,) = node.items
        return text(only)


def evaluate(value: str) -> str:
    """What GitHub makes of text in which every expression is a literal: `${{ '…' }}` is what stands in quotes."""
    return value.replace("${{ '$' }}", "$")


def hostile(**changes: str) -> Read:
    """A workflow with these values, read strictly; GitHub would find nothing wrong with it."""
    fields: dict[str, str] = {"project": "sample", "repository": "owner/sample"} | changes
    document = read(render(Variant(**fields)).encode(), "publish.yml")  # type: ignore[arg-type]
    assert document.problems == ()
    assert len(document.jobs) == 7
    return Read(document)


@pytest.mark.requirement("A1")
@pytest.mark.parametrize("name", [*filter(None, HOSTILE), "!not", "a+b", "[ab]", "a?", "a*b**c", "a]b"], ids=repr)
def test_a_branch_of_any_name(name: str) -> None:
    """A default branch of any name is the branch that pushes are waited for, and nothing in it is an expression."""
    found = hostile(default_branch=name).filter("branches")
    assert found == glob(name)
    assert "${{" not in found
    assert matches(name, (found,))
    assert not any(matches(other, (found,)) for other in HOSTILE if other != name)


@pytest.mark.requirement("A7")
@pytest.mark.parametrize("name", HOSTILE, ids=repr)
def test_environments_of_any_name(name: str) -> None:
    """An environment of any name is that environment, and no expression in it is evaluated."""
    document = hostile(pypi=name, testpypi=f"test {name}").document
    assert evaluate(document.jobs["publish-pypi"].environment) == name
    assert evaluate(document.jobs["publish-testpypi"].environment) == f"test {name}"
    for job in ("publish-pypi", "publish-testpypi"):
        found = document.expressions(document.jobs[job].node.get("environment"))
        assert {e.text for e in found} <= {"'$'", "needs.pre-publish-validation.outputs.version"}


@pytest.mark.parametrize("name", HOSTILE, ids=repr)
def test_a_package_in_a_folder_of_any_name(name: str) -> None:
    """A package's folder reaches the commands through the environment, never as part of a script."""
    document = hostile(package=name).document
    node = document.root.get("env")
    assert evaluate(text(node.get("PACKAGE"))) == name  # type: ignore[union-attr]
    scripts = [step.run.text for job in document.jobs.values() for step in job.steps if isinstance(step.run, Scalar)]
    used = [script for script in scripts if "PACKAGE" in script]
    assert len(used) == 8
    assert all(script.endswith('--package "$PACKAGE"') for script in used)


@pytest.mark.requirement("A13")
def test_no_script_holds_an_expression() -> None:
    """Nothing is put into a script by GitHub: values come through the environment, where no shell reads them."""
    document = hostile().document
    scripts = [step.run for job in document.jobs.values() for step in job.steps if step.run is not None]
    assert len(scripts) == 16
    assert [script.text for script in scripts if "${{" in script.text] == []
