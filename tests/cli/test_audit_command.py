"""`tagship audit` as a user calls it: what it says, in which form, and with which exit code."""

import json
import re
import shutil
import sys
from pathlib import Path

import msgspec
import pytest

from tagship.workflow.audit import catalogue
from tagship.workflow.audit.result import Audited
from tagship.workflow.render import render
from tests import goldens
from tests.cli.calling import Answer, inside
from tests.workflow.audit.mutants import MUTANTS
from tests.workflow.variants import VARIANTS

GOOD = render(VARIANTS["simple"])
ERRORS, WARNINGS, NOTHING, UNDECIDED = 22, 21, 23, 20
HAND_WRITTEN = """\
name: Release
on:
  push: {tags: ["v*"]}
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions: {id-token: write, contents: write}
    steps:
      - uses: actions/checkout@v4
      - run: |
          pip install build
          python -m build
      - uses: pypa/gh-action-pypi-publish@release/v1
        with: {skip-existing: true}
"""
TESTS = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{run: pytest}]\n"


def repository(root: Path, **files: str) -> Path:
    """A folder with workflows."""
    folder = root / "project" / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return root / "project"


def mutant(name: str) -> str:
    """The generated workflow with one mistake."""
    return next(mutant.text for mutant in MUTANTS if mutant.name == name)


def linter(folder: Path, name: str, script: str) -> dict[str, str]:
    """A folder with a program of that name in front of the PATH: the variable for it."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


@pytest.mark.requirement("A13")
def test_a_good_workflow_is_a_success(tmp_path: Path) -> None:
    """Where nothing is found, the exit code is 0, and it is said what was looked at."""
    answer = inside("audit", "--no-tools", cwd=repository(tmp_path, publish=GOOD, tests=TESTS))
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.split("\n\n")[-1].splitlines() == [
        "Audited:",
        "  1 workflow that publishes: nothing found",
        "  1 other workflow not judged",
    ]


def test_what_is_said_of_a_workflow_written_by_hand(tmp_path: Path) -> None:
    """The whole text: file by file, the gravest first, what is alike together, with reason and remedy."""
    answer = inside("audit", "--no-tools", cwd=repository(tmp_path, release=HAND_WRITTEN))
    goldens.same("audit-hand-written.txt", answer.out)
    assert (answer.code, answer.err) == (ERRORS, "")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"publish": GOOD}, 0),
        ({"publish": mutant("no time limit")}, 0),  # a note
        ({"publish": mutant("a script from the network")}, WARNINGS),
        ({"publish": mutant("no environment")}, ERRORS),
        ({"publish": GOOD, "other": mutant("no environment")}, ERRORS),
        ({"publish": mutant("push written twice")}, ERRORS),
        ({"ci": TESTS}, NOTHING),
        ({"ci": TESTS, "broken": "on: [push"}, ERRORS),
    ],
)
def test_exit_codes(tmp_path: Path, files: dict[str, str], code: int) -> None:
    """The exit code is that of the gravest finding; a repository in which nothing publishes has one of its own."""
    assert inside("audit", "--no-tools", cwd=repository(tmp_path, **files)).code == code


def test_nothing_that_publishes_is_said_so(tmp_path: Path) -> None:
    """A repository without an upload was not shown to be good."""
    answer = inside("audit", "--no-tools", cwd=repository(tmp_path, ci=TESTS))
    assert "no workflow here uploads to an index, so that nothing was judged" in answer.out


@pytest.mark.parametrize("words", [["nowhere"], ["empty"], ["project", "nowhere.yml"]])
def test_what_is_not_there_cannot_be_audited(tmp_path: Path, words: list[str]) -> None:
    """A path that does not exist, or has no workflow, is a wrong call."""
    repository(tmp_path, publish=GOOD)
    (tmp_path / "empty").mkdir()
    answer = inside("audit", *words, cwd=tmp_path)
    assert (answer.code, answer.out) == (2, "")
    assert "Nothing was audited: there is no" in answer.err


def test_files_and_folders_can_be_named(tmp_path: Path) -> None:
    """A file is audited wherever it is, a folder of workflows as well as a repository, each file once."""
    root = repository(tmp_path, publish=GOOD)
    folder = root / ".github" / "workflows"
    shutil.copy(folder / "publish.yml", root / "elsewhere.yaml")
    answer = inside("audit", "--json", "--no-tools", "elsewhere.yaml", ".", str(folder / "publish.yml"), cwd=root)
    files = [file.file for file in msgspec.json.decode(answer.out, type=Audited).files]
    assert files == ["elsewhere.yaml", ".github/workflows/publish.yml"]


def test_the_json_has_every_finding(tmp_path: Path) -> None:
    """`--json` is the record itself, with file, line, code, reason and remedy of every finding."""
    answer = inside("audit", "--json", "--no-tools", cwd=repository(tmp_path, publish=mutant("upload on always()")))
    audited = msgspec.json.decode(answer.out, type=Audited)
    [finding] = audited.findings
    page = next(page for page in catalogue() if page.code == "TS05")
    line = mutant("upload on always()").splitlines().index("  publish-pypi:") + 1
    assert (finding.code, finding.where) == ("TS05", f".github/workflows/publish.yml:{line}")
    assert (finding.why, finding.remedy, finding.severity) == (page.why, page.remedy, page.severity)
    assert (answer.code, audited.exit_code) == (ERRORS, ERRORS)


def test_findings_are_annotations_inside_actions(tmp_path: Path) -> None:
    """Inside GitHub Actions each finding is shown beside its line."""
    root = repository(tmp_path, publish=mutant("no environment"))
    answer = inside("audit", "--no-tools", cwd=root, environ={"GITHUB_ACTIONS": "true"})
    found = re.findall(r"^::error title=TS03%3A .*,file=\.github/workflows/publish\.yml,line=\d+::", answer.err, re.M)
    assert len(found) == 1


def _run(answer: Answer, name: str) -> dict[str, object]:
    runs = json.loads(answer.out)["runs"]
    return next(run for run in runs if run["tool"]["driver"]["name"] == name)


def test_sarif_has_rules_with_help_and_results_with_places(tmp_path: Path) -> None:
    """SARIF: every rule with its help, every result with its rule, its level, its file and its line."""
    root = repository(tmp_path, release=HAND_WRITTEN)
    answer = inside("audit", "--sarif", "--no-tools", cwd=root)
    log = json.loads(answer.out)
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert (log["version"], answer.code) == ("2.1.0", ERRORS)
    assert [rule["id"] for rule in rules] == [page.code for page in catalogue()]
    assert [rule["id"] for rule in rules if not (rule["help"]["text"] and rule["help"]["markdown"])] == []
    audited = msgspec.json.decode(inside("audit", "--json", "--no-tools", cwd=root).out, type=Audited)
    results = [
        (
            rules[result["ruleIndex"]]["id"],
            result["ruleId"],
            result["level"],
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            result["locations"][0]["physicalLocation"]["region"],
        )
        for result in run["results"]
    ]
    assert results == [
        (f.code, f.code, str(f.severity), ".github/workflows/release.yml", {"startLine": int(f.where.split(":")[1])})
        for f in audited.findings
    ]


def test_other_linters_have_their_say(tmp_path: Path) -> None:
    """What zizmor and actionlint find is shown with their codes, in text, JSON and SARIF."""
    for name in ("zizmor", "actionlint"):
        if not (Path(sys.executable).parent / name).exists():
            pytest.skip(f"{name} is not installed")
    root = repository(tmp_path, publish=mutant("branch name in the shell"))
    audited = msgspec.json.decode(inside("audit", "--json", cwd=root).out, type=Audited)
    remedies = {finding.code: finding.remedy for finding in audited.findings}
    assert remedies.keys() == {"zizmor/template-injection", "actionlint/expression"}
    assert "`# zizmor: ignore[template-injection]`" in remedies["zizmor/template-injection"]
    assert remedies["actionlint/expression"].endswith("/rhysd/actionlint/blob/main/docs/checks.md")
    assert [(tool.name, tool.outcome) for tool in audited.tools] == [("zizmor", "ran"), ("actionlint", "ran")]
    line = (
        mutant("branch name in the shell")
        .splitlines()
        .index("        run: python3 -P -m tagship plan --branch ${{ github.head_ref }}")
    )
    assert {finding.where.rsplit(":", 1)[0] for finding in audited.findings} == {
        f".github/workflows/publish.yml:{line + 1}"
    }
    text = inside("audit", cwd=root)
    assert text.code == ERRORS
    assert "error zizmor/template-injection: line" in text.out
    assert text.out.count("https://docs.zizmor.sh/audits/#template-injection") == 1
    run = _run(inside("audit", "--sarif", cwd=root), "zizmor")
    assert [result["ruleId"] for result in run["results"]] == ["zizmor/template-injection"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo boom >&2; exit 101", "ended with 101: boom"),
        ("echo '[]'; exit 7", "ended with 7: []"),
        ("echo 'no json'", "its answer was not understood"),
        ("echo '[{}]'", "its answer was not understood"),
        ("kill -9 $$", "ended with -9"),
    ],
)
def test_a_linter_that_fails_is_not_one_that_found_nothing(tmp_path: Path, script: str, said: str) -> None:
    """A linter that crashes, or answers what nobody understands, makes the audit undecided."""
    root = repository(tmp_path, publish=GOOD)
    answer = inside("audit", "--json", cwd=root, environ=linter(tmp_path / "bin", "zizmor", script))
    audited = msgspec.json.decode(answer.out, type=Audited)
    [tool] = [tool for tool in audited.tools if tool.name == "zizmor"]
    assert (answer.code, tool.outcome, audited.findings) == (UNDECIDED, "failed", ())
    assert tool.said.startswith(said)
    sarif = _run(inside("audit", "--sarif", cwd=root, environ=linter(tmp_path / "bin", "zizmor", script)), "zizmor")
    assert sarif["invocations"][0]["executionSuccessful"] is False
