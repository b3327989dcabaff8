"""The job summary, as text and as GitHub's Markdown makes of it."""

from html.parser import HTMLParser

import comrak
import msgspec
import pytest

from tagship.model import Dist, Entry, Manifest, Severity, Target
from tagship.stages.summary_text import summary
from tests.goldens import same
from tests.samples import (
    BROKEN_CHECK,
    BUILT,
    CHECKED,
    DISTS,
    GATED,
    PLAN,
    PLANNED,
    PUBLISHED,
    READY,
    REFUSED,
    STAGES,
    UNDECIDED,
    VERIFIED,
)

pytestmark = pytest.mark.requirement("A10")
HOSTILE = "<script>x</script> | **bold** `a|b`` [l](javascript:1) \\| ~~s~~\n# heading\u202e"


class Seen(HTMLParser):
    """What a reader gets: elements, cells a row, text."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        options = comrak.ExtensionOptions()
        options.table = options.strikethrough = options.autolink = True
        rendering = comrak.RenderOptions()
        rendering.unsafe_ = True
        self.elements: list[str] = []
        self.links: list[str] = []
        self.rows: list[int] = []
        self.text = ""
        self.feed(comrak.render_markdown(markdown, extension_options=options, render_options=rendering))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count elements and cells."""
        self.elements.append(tag)
        if tag == "tr":
            self.rows.append(0)
        elif tag in ("td", "th"):
            self.rows[-1] += 1
        elif tag == "a":
            self.links.append(dict(attrs)["href"] or "")

    def handle_data(self, data: str) -> None:
        """Collect the text."""
        self.text += data


def heading(manifest: Manifest) -> str:
    """The first line, without its marks."""
    return summary(manifest).splitlines()[0].removeprefix("## ")


@pytest.mark.parametrize("rehearsal", [READY, REFUSED, UNDECIDED], ids=lambda r: r.verdict)
def test_output_is_complete(rehearsal: object) -> None:
    """What is public, what to do, the card, files, stages with those that did not run, and doubts."""
    same(f"summary-{rehearsal.verdict}.md", summary(rehearsal.manifest, STAGES[:-1]))


def skipped(entry: Entry) -> Entry:
    """The same stage, skipped."""
    return msgspec.structs.replace(entry, outcome="skipped")


def failed(entry: Entry) -> Entry:
    """The same stage, failed."""
    return msgspec.structs.replace(entry, outcome="failed")


BEFORE = (PLANNED, GATED, BUILT, CHECKED)


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ((*BEFORE, PUBLISHED, VERIFIED), "⚠️ Wheelhouse 1.4.0 is on PyPI, but github-release is not done"),
        ((*BEFORE, VERIFIED), "⚠️ Wheelhouse 1.4.0 is on PyPI, but github-release is not done"),
        ((*BEFORE, PUBLISHED), "⚠️ Wheelhouse 1.4.0 was uploaded to PyPI, but not verified"),
        ((*BEFORE, PUBLISHED, failed(VERIFIED)), "❌ Wheelhouse 1.4.0 is on PyPI, but verify failed"),
        (
            (*BEFORE, failed(PUBLISHED), PUBLISHED, VERIFIED),
            "⚠️ Wheelhouse 1.4.0 is on PyPI, but github-release is not done",
        ),
        (BEFORE, "❌ Wheelhouse 1.4.0 was not released: it was not published on PyPI"),
        ((*BEFORE, skipped(PUBLISHED)), "❌ Wheelhouse 1.4.0 was not released: it was not published on PyPI"),
        ((PLANNED, failed(GATED), BROKEN_CHECK), "❌ Wheelhouse 1.4.0 was not released: gate and check failed"),
        ((), "❌ Wheelhouse 1.4.0 was not released: it was not published on PyPI"),
    ],
)
def test_the_heading_says_what_is_public(log: tuple[Entry, ...], said: str) -> None:
    """A release is called released only if it was published or verified, whatever else succeeded."""
    assert heading(Manifest(plan=PLAN, dists=DISTS, log=log)) == said


def test_no_plan_is_not_a_success() -> None:
    """Without a plan nothing was released, and that is the heading."""
    assert heading(Manifest()) == "❌ Nothing was released: there is no plan"


def test_a_dry_run_is_told_from_a_release() -> None:
    """Where nothing was to be published, the summary does not say that something is public."""
    plan = msgspec.structs.replace(PLAN, target=Target.NONE)
    assert heading(Manifest(plan=plan, log=BEFORE)) == "✅ Wheelhouse 1.4.0: nothing was to be published"


def test_an_override_is_on_record() -> None:
    """The written reason of a manual override is in the card."""
    inputs = msgspec.structs.replace(PLAN.event.inputs, override_reason="CI service is down, see #12")
    plan = msgspec.structs.replace(PLAN, event=msgspec.structs.replace(PLAN.event, inputs=inputs))
    assert "| Override | **CI service is down, see \\#12** |\n" in summary(Manifest(plan=plan))


def hostile() -> Manifest:
    """A manifest in which every text that a project or a service chooses is hostile."""
    finding = msgspec.structs.replace(
        CHECKED.findings[0], title=HOSTILE, where=HOSTILE, why=HOSTILE * 5, remedy=HOSTILE, url="javascript:1"
    )
    fact = msgspec.structs.replace(BROKEN_CHECK.facts[0], title=HOSTILE, detail=HOSTILE, how=HOSTILE)
    entry = msgspec.structs.replace(
        CHECKED,
        said=(HOSTILE,),
        facts=(fact,),
        findings=(finding,),
        links=((HOSTILE, "https://example.com/a|b>c\n[d](e)"), (HOSTILE, "javascript:1")),
    )
    plan = msgspec.structs.replace(PLAN, project=HOSTILE, reason=HOSTILE, tag=HOSTILE)
    dist = msgspec.structs.replace(DISTS[0], filename=HOSTILE)
    return Manifest(plan=plan, dists=(dist,), log=(entry,))


def test_foreign_text_stays_text() -> None:
    """No hostile text becomes an element, a link or a cell of its own; GitHub's Markdown shows it as it is."""
    clean, nasty = Seen(summary(REFUSED.manifest)), Seen(summary(hostile()))
    assert set(nasty.elements) <= set(clean.elements) | {"pre", "br"}
    assert nasty.rows == [2] * 8 + [4] * 2 + [4] * 2
    assert [link for link in nasty.links if "github.com" not in link] == ["https://example.com/a%7Cb%3Ec%0A%5Bd%5D(e)"]
    assert "<script>x</script> | **bold**" in nasty.text
    assert "\u202e" not in nasty.text


@pytest.mark.parametrize(("epoch", "shown"), [(0, "1970-01-01 00:00 UTC"), (10**18, f"{10**18} s after 1970")])
def test_a_commit_of_any_date_has_a_summary(epoch: int, shown: str) -> None:
    """A committer's clock may say anything, also what no calendar has."""
    plan = msgspec.structs.replace(PLAN, epoch=epoch)
    assert shown in Seen(summary(Manifest(plan=plan, log=(CHECKED,)))).text


def test_a_program_s_output_keeps_its_lines() -> None:
    """A long explanation is shown as printed, its middle left out."""
    why = "\n".join(f"line {number} of <pytest>" for number in range(500))
    finding = msgspec.structs.replace(CHECKED.findings[0], why=why, severity=Severity.ERROR)
    seen = Seen(summary(Manifest(plan=PLAN, log=(msgspec.structs.replace(CHECKED, findings=(finding,)),))))
    assert "line 9 of <pytest>\n… 461 lines left out …\nline 471 of <pytest>\n" in seen.text


def test_the_summary_is_bounded() -> None:
    """Thousands of findings, facts and files stay below GitHub's limit of 1 MiB, and the rest is counted."""
    finding = msgspec.structs.replace(CHECKED.findings[0], why="x" * 90 + "\n" * 200)
    fact = BROKEN_CHECK.facts[0]
    entry = msgspec.structs.replace(CHECKED, findings=(finding,) * 3000, facts=(fact,) * 3000)
    dist = Dist(filename="w" * 150 + ".whl", kind="wheel", size=1, sha256="0" * 64)
    text = summary(Manifest(plan=PLAN, dists=(dist,) * 3000, log=(entry,)))
    assert len(text.encode()) < 2**20
    assert "… and 2,950 more findings in the log." in text
    assert "… and 2,950 more files." in text
    assert "- … and 2950 more" in text
