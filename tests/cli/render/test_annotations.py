"""Findings as annotations of a workflow run."""

import io

import msgspec
import pytest

from tagship.cli.render import Both
from tagship.cli.render.github import Annotations, annotation
from tagship.cli.render.plain import Plain
from tagship.services.addresses import page_of
from tests.goldens import same
from tests.samples import BROKEN_CHECK, REFUSED, events

pytestmark = pytest.mark.requirement("A10")
FINDING = BROKEN_CHECK.findings[0]


def parsed(command: str) -> tuple[str, dict[str, str], str]:
    """A command as the runner reads it (actions/runner, src/Runner.Common/ActionCommand.cs)."""
    head, _, data = command.removeprefix("::").partition("::")
    name, _, listed = head.partition(" ")
    properties = dict(pair.split("=", 1) for pair in listed.split(","))
    return name, {key: unescaped(value) for key, value in properties.items()}, unescaped(data)


def unescaped(text: str) -> str:
    """The runner's unescaping: `%25` last."""
    for code, meant in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, meant)
    return text


def test_output_is_complete() -> None:
    """Each finding of a run is one annotation, and nothing else is."""
    stream = io.StringIO()
    both = Both(Plain(io.StringIO()), Annotations(stream))
    for event in events(REFUSED):
        both.emit(event)
    same("annotations-refused.txt", stream.getvalue())


def test_any_text_survives_the_escaping() -> None:
    """Percent signs, colons, commas and line feeds arrive as they were; a command cannot be smuggled in."""
    nasty = "100%, a::b,c=d %0A\n::error::no"
    finding = msgspec.structs.replace(FINDING, title=nasty, why=nasty, remedy=nasty, where="src/a b.py")
    command = annotation(finding)
    assert "\n" not in command
    assert parsed(command) == (
        "error",
        {"title": f"TC12: {nasty}"},
        f"Where: src/a b.py\n{nasty}\nWhat to do: {nasty}\nMore: {page_of('TC12')}",
    )


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("README.rst:12:1", {"file": "README.rst", "line": "12", "col": "1"}),
        (".github/workflows/publish.yml:7", {"file": ".github/workflows/publish.yml", "line": "7"}),
        ("pyproject.toml", {"file": "pyproject.toml"}),
        ("wheelhouse-1.4.0-py3-none-any.whl: tests/__init__.py", {}),
        ("https://pypi.org/help.md", {}),
        ("", {}),
    ],
)
def test_a_file_of_the_repository_is_the_place(where: str, place: dict[str, str]) -> None:
    """GitHub shows the finding beside the file and line that it names; other places stay words."""
    _, properties, message = parsed(annotation(msgspec.structs.replace(FINDING, where=where)))
    assert properties == {"title": f"TC12: {FINDING.title}", **place}
    assert message.startswith("Where: ") is (bool(where) and not place)


def test_a_bare_finding_still_has_a_message() -> None:
    """GitHub drops annotations without a message, so the title stands in."""
    bare = msgspec.structs.replace(FINDING, where="", why="", remedy="")
    assert parsed(annotation(bare))[2] == f"{FINDING.title}\nMore: {page_of('TC12')}"
