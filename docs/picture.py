"""Draws what a rehearsal looks like in a terminal: python docs/picture.py REPOSITORY FILE.svg

The rehearsal is a real one. Its events are shown again by the code that shows them live, on a terminal that records,
because a recording of the moving lines would hold every frame of them.
"""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from rich.console import Console
from rich.terminal_theme import MONOKAI

from tagship.cli.render import of_verdict
from tagship.cli.render.terminal import Terminal
from tagship.rehearsal.result import Rehearsal
from tagship.services.reporter import FactSeen, FindingMade, Happening, Said, StageEnded, StageStarted

COLUMNS = 100


def rehearsed(repository: Path) -> tuple[Rehearsal, str]:
    """Rehearse a repository; the result, and where the report is said to be."""
    command = (sys.executable, "-m", "tagship", "rehearse", str(repository), "--json")
    done = subprocess.run(command, env=os.environ | {"NO_COLOR": "1"}, capture_output=True, check=False)
    report = done.stderr.decode().rstrip().rpartition("\n")[2].strip()
    name = report.rpartition("/reports/")[2]
    return msgspec.json.decode(done.stdout, type=Rehearsal), f"~/.cache/tagship/reports/{name}"


def events(rehearsal: Rehearsal) -> Iterator[Happening]:
    """What the stages said, one stage after another."""
    for entry in rehearsal.manifest.log:
        yield StageStarted(stage=entry.stage, at=entry.started)
        yield from (Said(stage=entry.stage, text=text) for text in entry.said)
        yield from (FactSeen(stage=entry.stage, fact=fact) for fact in entry.facts)
        yield from (FindingMade(stage=entry.stage, finding=finding) for finding in entry.findings)
        yield StageEnded(entry=entry)


def drawn(rehearsal: Rehearsal, report: str) -> str:
    """The terminal after the rehearsal as SVG that needs no font and no style sheet from elsewhere."""
    console = Console(
        file=io.StringIO(), record=True, force_terminal=True, width=COLUMNS, highlight=False, markup=False, emoji=False
    )
    console.print("$ tagship rehearse")
    with Terminal(console, rehearsal.stages) as terminal:
        for event in events(rehearsal):
            terminal.emit(event)
    terminal.tell(of_verdict(rehearsal, report))
    svg = console.export_svg(title="tagship rehearse", theme=MONOKAI, unique_id="rehearsal")
    svg = re.sub(r"\s*@font-face \{.*?\n    \}", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(drawn(*rehearsed(Path(sys.argv[1]))), encoding="utf-8")
