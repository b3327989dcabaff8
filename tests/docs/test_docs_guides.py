"""The guides agree with the code: the drawn pipeline, the security checklist, what is said about others."""

import re
import xml.etree.ElementTree as ET

from tagship.setup.check import Group
from tagship.setup.doctor import CHECKS
from tagship.stages import STAGES
from tests.docs.blocks import DOCS


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
