"""The guides agree with the code: the drawn pipeline, the security checklist, what is said about others."""

import re
import xml.etree.ElementTree as ET

import pytest

from tagship.setup.check import Group
from tagship.setup.doctor import CHECKS
from tagship.stages import STAGES
from tests.docs.blocks import DOCS, blocks


def test_the_drawn_pipeline_has_every_job_and_stage() -> None:
    """The picture names each job of the workflow and each stage that a job is not named after, and loads nothing."""
    text = (DOCS / "assets" / "pipeline.svg").read_text(encoding="utf-8")
    words = re.sub(r"\s+", " ", " ".join(ET.fromstring(text).itertext()))
    named = {stage.job for stage in STAGES} | {"publish-testpypi", "plan, build, test, check", "gate"}
    assert [name for name in sorted(named) if name not in words] == []
    assert re.findall(r"url\((?!#)|href=|@import|<script|<image", text) == []


def test_each_item_of_the_checklist_says_who_confirms_it() -> None:
    """An item of the security checklist names checks of the doctor, under their codes, or a person; both may be."""
    text = (DOCS / "security-checklist.md").read_text(encoding="utf-8")
    items = re.findall(r"^- \[ \] (.+(?:\n  .+)*)", text, re.MULTILINE)
    assert len(items) > 20
    assert [item for item in items if "**You.**" not in item and "codes.md#" not in item] == []
    codes = {check.id: check.page.code.lower() for check in CHECKS}
    named = re.findall(r"\[`([\w.-]+)`\]\(codes\.md#(\w+)\)", text)
    assert [(check, code) for check, code in named if codes.get(check) != code] == []


def test_the_checklist_has_every_check_of_security() -> None:
    """Each check of the group `security` is named in the security checklist."""
    text = (DOCS / "security-checklist.md").read_text(encoding="utf-8")
    assert [c.id for c in CHECKS if c.group is Group.SECURITY and f"[`{c.id}`]" not in text] == []


def test_what_only_a_person_can_see_is_on_the_checklist() -> None:
    """No check of the doctor can see second factors, recovery codes, owners who left and unused publishers."""
    text = (DOCS / "security-checklist.md").read_text(encoding="utf-8")
    items = re.findall(r"^- \[ \] (.+(?:\n  .+)*)", text, re.MULTILINE)
    by_hand = " ".join(item for item in items if "**You.**" in item)
    for words in ("two-factor", "Recovery codes", "has left", "pending publisher", "earlier workflow", ".pypirc"):
        assert words in by_hand, words


@pytest.mark.requirement("C5")
@pytest.mark.parametrize(
    ("page", "headings"),
    [
        ("pypi-setup.md", ("The account", "The publisher", "The environments", "With API tokens", "The first release")),
        ("security-checklist.md", ("Who may publish", "What can be released", "What runs", "Secrets")),
        ("usage.md", ("Release", "Versions", "By hand", "Without the required CI", "Watching", "When a run failed")),
        (
            "migration.md",
            ("twine scripts", "tokens to trusted", "semantic-release", "copied workflow"),
        ),
        ("maintenance.md", ("A calendar",)),
        ("incident-drill.md", ("A leaked token", "A wrong release", "A compromised account", "The drill")),
        ("by-hand.md", ("What you need", "The release", "Afterwards, at once")),
    ],
)
def test_the_guides_are_there_and_are_run(page: str, headings: tuple[str, ...]) -> None:
    """Each guide has its parts, and commands that the tests of the documentation run."""
    path = DOCS / page
    written = "\n".join(re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert [heading for heading in headings if heading not in written] == []
    assert any(block.language == "console" and not block.not_run for block in blocks(path))


def test_the_comparison_is_dated_and_has_sources() -> None:
    """The page about other tools says when it was written, and gives every tool of its table an address."""
    text = (DOCS / "comparison.md").read_text(encoding="utf-8")
    assert re.search(r"^Written on \d+ \w+ 20\d\d, ", text, re.MULTILINE)
    table = text.partition("## Side by side")[2].partition("## One by one")[0]
    tools = re.findall(r"^\| ([\w, '-]+?) \|", table, re.MULTILINE)
    names = {name.strip().removeprefix("the ") for row in tools for name in row.split(",")} - {"tagship", "---"}
    linked = " ".join(re.findall(r"\[([^]]+)\]\(https://", text.replace("**", "")))
    assert len(names) > 12
    assert sorted(name for name in names if name.casefold() not in linked.casefold()) == []
