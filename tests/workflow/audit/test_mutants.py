"""The audit's own proof: every mistake is found by the rule that is about it, and nothing is found where none is."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from tagship.workflow.audit import RULES, STRICT, audit, catalogue, publishes
from tagship.workflow.document import read
from tagship.workflow.render import render
from tests.workflow.audit.judges import JUDGES
from tests.workflow.audit.mutants import MUTANTS, Mutant
from tests.workflow.audit.operators import mutations
from tests.workflow.audit.survivors import REASONS, reason
from tests.workflow.variants import VARIANTS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "audit.md"


def section(name: str, text: str) -> None:
    """Compare a marked section of the page with what was measured, or write it where that was asked for."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    page = PAGE.read_text(encoding="utf-8")
    wanted = re.sub(f"(?s){begin}.*?{end}", lambda _: f"{begin}{text}{end}", page)
    if os.environ.get("TAGSHIP_UPDATE_GOLDEN"):
        PAGE.write_text(wanted, encoding="utf-8")
    assert begin in page
    assert PAGE.read_text(encoding="utf-8") == wanted, "TAGSHIP_UPDATE_GOLDEN=1 writes it again"


def codes(source: str) -> list[str]:
    """The codes that are found in a workflow, each once."""
    return sorted({finding.code for finding in audit(read(source.encode(), "publish.yml"))})


@pytest.mark.requirement("A13")
@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_is_found_in_what_tagship_writes(variant: str) -> None:
    """Every variant of the generated workflow publishes, and no rule has anything to say about it."""
    document = read(render(VARIANTS[variant]).encode(), "publish.yml")
    assert (publishes(document), audit(document)) == (True, ())


@pytest.mark.requirement("A13")
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mistake_is_found_by_its_rule(mutant: Mutant) -> None:
    """Exactly the rules that a mistake breaks find it; what others look for is left to them."""
    assert codes(mutant.text) == mutant.codes.split()


def test_each_rule_has_a_mistake_that_shows_it() -> None:
    """No rule is without a mutant, no code is given twice, and each page has a remedy and a source."""
    shown = {code for mutant in MUTANTS for code in mutant.codes.split()}
    pages = catalogue()
    assert shown == {STRICT.code, *(rule.page.code for rule in RULES)} == {page.code for page in pages}
    assert len({page.code for page in pages}) == len(pages)
    assert [page.code for page in pages if not (page.why and page.remedy and (page.source or page.incident))] == []


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Every mutant, and who finds it, as the table of the documentation."""
    folder = tmp_path_factory.mktemp("mutants")
    files = {f"{number:02}.yml": mutant for number, mutant in enumerate(MUTANTS)}
    for file, mutant in files.items():
        (folder / file).write_text(mutant.text, encoding="utf-8")
    found = {name: judge(folder) for name, judge in JUDGES.items()}
    columns = ["tagship", *found]
    rows = [
        [m.name, ", ".join(m.codes.split()), *("yes" if file in found[n] else "" for n in found)]
        for file, m in files.items()
    ]
    sums = [f"**{sum(bool(row[number]) for row in rows)} of {len(rows)}**" for number in range(1, len(columns) + 1)]
    return "".join(
        f"| {' | '.join(row)} |\n"
        for row in (["mistake", *columns], ["---"] * (len(columns) + 1), *rows, ["found", *sums])
    )


@pytest.mark.slow
@pytest.mark.tool("node")
def test_the_page_has_the_table_as_it_is_measured(table: str) -> None:
    """Who finds which mistake stands in the documentation exactly as a run of all the linters says."""
    section("mutants", table)


@pytest.mark.slow
@pytest.mark.tool("node")
def test_every_mistake_is_found_by_somebody(table: str) -> None:
    """No mutant is overlooked by us and by all the others, but what only a shell linter sees."""
    nobody = [line for line in table.splitlines()[2:] if not line.replace(" ", "").split("|", 2)[2].strip("|")]
    assert [line.split(" | ")[0].strip("| ") for line in nobody] == ["unquoted variable"]


@pytest.mark.slow
@pytest.mark.tool("node")
def test_what_no_mechanical_mistake_shows(tmp_path: Path) -> None:
    """Every key dropped, value widened, need exchanged, step removed is found by a rule, by a linter, or is harmless.

    What nobody finds has its reason, and the page has the numbers.
    """
    changed = dict(mutations(render(VARIANTS["simple"])))
    left = [place for place, text in changed.items() if not codes(text)]
    for number, place in enumerate(left):
        (tmp_path / f"{number:03}.yml").write_text(changed[place], encoding="utf-8")
    others = set[str]().union(*(judge(tmp_path) for judge in JUDGES.values()))
    nobody = [place for number, place in enumerate(left) if f"{number:03}.yml" not in others]
    counts = Counter(map(reason, nobody))
    assert [place for place in nobody if not reason(place)] == []
    rows = [f"| {words} | {counts[words]} |\n" for words, _ in REASONS if counts[words]]
    assert len(rows) == len(REASONS)
    section(
        "mechanical",
        f"Of {len(changed)} mechanical mistakes, {len(changed) - len(left)} are found by these rules, and"
        f" {len(left) - len(nobody)} more by one of the linters. {len(nobody)} are found by nobody:\n\n"
        f"| why that does no harm | mistakes |\n| --- | --- |\n{''.join(rows)}",
    )
