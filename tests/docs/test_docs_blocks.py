"""Every block of the documentation is true: commands run, and print what the page says; files are understood."""

import contextlib
import os
import re
import shutil
from pathlib import Path
from textwrap import indent

import pytest

from tagship.model import Severity
from tagship.project.config import load
from tagship.project.pyproject import parse, read_toml
from tagship.project.yaml_nodes import Items, Mapping
from tagship.project.yaml_nodes import read as parse_yaml
from tagship.services.shell import Shell
from tagship.workflow.audit.result import examine
from tagship.workflow.audit.tools import TOOLS, run
from tests.docs.blocks import NOT_READ, PAGES, ROOT, Block, blocks, cells, commands, matches, name
from tests.docs.session import Session
from tests.docs.settings import DEFAULT, SETTINGS, Means, Place
from tests.goldens import same
from tests.rehearsal.act.generated import same_python

_BAD = re.compile(r"^# .*tagship audit finds: (TS\d+(?:, TS\d+)*)$", re.MULTILINE)
"""The comment that readers see in a workflow that nobody should copy, with all codes of severity error."""
EXECUTED = [
    page
    for page in PAGES
    if name(page) not in NOT_READ and any(block.language == "console" and not block.not_run for block in blocks(page))
]


def _all(language: str, words: str) -> list[Block]:
    """The blocks of a language that have these words in them."""
    return [block for page in PAGES for block in blocks(page) if block.language == language and words in block.text]


def where(block: Block) -> str:
    """How a block is called in the output of the tests."""
    return block.where


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("page", EXECUTED, ids=name)
def test_a_reader_sees_what_the_page_shows(page: Path, outfit: str, act_cache: Path) -> None:
    """Whoever types the commands of the page, in order, gets the outputs that stand there."""
    typed = [command.text for block in blocks(page) if block.language == "console" for command in commands(block)]
    if any(line.startswith("gh ") for line in typed) and shutil.which("gh") is None:
        pytest.skip("gh is not installed: run scripts/install-tools.sh")
    if any("--workflow" in line for line in typed):
        same_python()
    current, place, session = "", None, None
    with contextlib.ExitStack() as stack:
        for block in blocks(page):
            if block.not_run or not (block.language in ("console", "table") or block.title):
                continue
            wanted = block.run_in or current or DEFAULT
            if session is None or place is None or block.run_in:
                means = Means(cache=act_cache, upstream=outfit)
                place, current = stack.enter_context(SETTINGS[wanted](means)), wanted
                session = Session(place)
            _follow(block, place, session)


def _follow(block: Block, place: Place, session: Session) -> None:
    """Do what a block tells the reader to do."""
    if block.action:
        place.actions[block.action](cells(block.text))
    elif block.title:
        path = session.folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{block.text}\n")
    else:
        for command in commands(block):
            typed = session.type(command.text)
            seen = f"{name(block.page)}:{command.line}\n$ {command.text}\n{typed.printed}\n[exit code: {typed.code}]"
            print(seen)
            assert typed.code == command.code, seen
            assert not command.output or matches(command.output, typed.printed), f"{seen}\n--- not:\n{command.output}"


@pytest.mark.parametrize("block", _all("toml", "[tool.tagship") + _all("toml", "[[tool.tagship"), ids=where)
def test_a_configuration_is_understood(block: Block, tmp_path: Path) -> None:
    """What a page shows of `[tool.tagship]` is a configuration, and none that says nothing."""
    (tmp_path / "pyproject.toml").write_text(block.text)
    file = read_toml(tmp_path, "pyproject.toml")
    assert load(tmp_path, file, parse(file)).values != {}


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("block", _all("yaml", ""), ids=where)
def test_a_workflow_is_one_to_copy(block: Block, tmp_path: Path) -> None:
    """What a page shows of a workflow has no finding of ours or actionlint's; what is shown as bad says which errors.

    Steps alone, and jobs alone, are judged in the smallest workflow around them.
    """
    file = tmp_path / ".github" / "workflows" / "shown.yml"
    file.parent.mkdir(parents=True)
    file.write_text(f"{_whole(block.text)}\n")
    (shown,) = examine([file], tmp_path, None, "regular").files
    bad = _BAD.search(block.text)
    if bad is not None:
        errors = {finding.code for finding in shown.findings if finding.severity is Severity.ERROR}
        assert sorted(errors) == bad[1].split(", ")
        return
    (actionlint,) = (tool for tool in TOOLS if tool.name == "actionlint")
    ran, linted = run(actionlint, [file], tmp_path, Shell(dict(os.environ)), "regular")
    assert (shown.findings, ran.outcome == "failed", linted) == ((), False, ())


def _whole(text: str) -> str:
    """A workflow with these jobs, or these steps, in it; the text itself where it is one."""
    root, _, problems = parse_yaml(text.encode())
    assert problems == ()
    head = "on: push\npermissions: {}\njobs:\n"
    if isinstance(root, Items):
        return f"{head}  shown:\n    runs-on: ubuntu-latest\n    steps:\n{indent(text, '      ')}"
    assert isinstance(root, Mapping)
    if root.get("jobs") is not None:
        return text
    assert all(isinstance(job, Mapping) and (job.get("steps") or job.get("uses")) for _, job in root.entries)
    return f"{head}{indent(text, '  ')}"


@pytest.mark.parametrize("page", ("docs/start.md", "docs/troubleshooting.md"))
def test_nothing_is_exempt_where_people_begin(page: str) -> None:
    """Every block of the first steps, and of what to do when something fails, is run."""
    assert [block.where for block in blocks(ROOT / page) if block.not_run] == []


def test_every_exempted_block_is_listed() -> None:
    """What is not run is known: the list has each page and reason, and nothing else."""
    exempt = [f"{name(block.page)}: {block.not_run}" for page in PAGES for block in blocks(page) if block.not_run]
    exempt += [f"{page}: {why}" for page, why in NOT_READ.items()]
    same("docs/not-run.txt", "".join(f"{line}\n" for line in dict.fromkeys(exempt)))
