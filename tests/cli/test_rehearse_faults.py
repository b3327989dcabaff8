"""`tagship rehearse --fault` and `--crash`: what is said, in which form, and with which exit code."""

import json
from pathlib import Path

import pytest

from tests.cli.calling import Answer, call
from tests.rehearsing import repository

pytestmark = [pytest.mark.requirement("E5", "A14"), pytest.mark.usefixtures("kept")]


def rehearse(tmp_path: Path, upstream: str, *words: str) -> Answer:
    """Rehearse the sample with the index of the tests as the user's own."""
    path = repository(tmp_path / "sample", {})
    return call("rehearse", *words, cwd=path, environ={"UV_DEFAULT_INDEX": upstream})


def test_faults_end_in_a_table_and_in_the_report(tmp_path: Path, upstream: str) -> None:
    """Two faults that end as expected: exit code 0, how many ended how, and each in `--json` and in the report."""
    report = tmp_path / "report.html"
    words = ("--fault", "503@publish:4", "--fault", "read-only@index:4", "--json", "--report", str(report))
    done = rehearse(tmp_path, upstream, *words)
    assert done.code == 0, done.err
    table = [line.split() for line in done.err.splitlines() if line.startswith("  publish  ")]
    assert table == [["publish", "1", "1", "0", "0"]]
    assert "Ready: sample 1.0.0 would be released on PyPI, and 2 faults end as expected" in done.err
    cells = [(cell["fault"], cell["expected"], cell["end"]) for cell in json.loads(done.out)["cells"]]
    assert cells == [
        ("503@publish:4", "converged", "converged"),
        ("read-only@publish:4", "after re-run", "after re-run"),
    ]
    html = report.read_text()
    assert html.count('class="end good"') == 2  # the mark and its explanation
    assert 'title="503@publish:4 POST https://upload.pypi.org/legacy/: came right in the same run"' in html


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--fault", "506"), 2, "Nothing was rehearsed: there is no fault called '506'"),
        (("--fault", "expired@plan:1"), 2, "Nothing was broken: expired@plan:1 strikes no request"),
        (("--fault", "503", "--workflow", "publish.yml"), 2, "faults strike the stages, not a workflow"),
        (("--fault", "503", "--ci", "ci.yml=failure"), 5, "they need a release that succeeds"),
        (("--crash", "all", "--dispatch", "main", "--dry-run"), 20, "they need a release that succeeds"),
    ],
)
def test_faults_that_cannot_be_are_no_success(
    tmp_path: Path, upstream: str, words: tuple[str, ...], code: int, said: str
) -> None:
    """A fault that does not exist, meets nothing, or has nothing to break is said, and the exit code is not 0."""
    done = rehearse(tmp_path, upstream, *words)
    assert done.code == code, done.err
    assert said in " ".join(done.err.split())
