"""How long a release takes from the tag on, from the graph of the workflow's jobs: python benchmarks/critical_path.py.

Compared are the workflow that tagship writes, and the one that people write by hand: jobs one after the other, each of
which installs its tools and builds again, with 60 seconds of sleep before it looks at the index. Both are read the same
way: a job begins when the jobs that it needs have ended and a runner is there, and its steps follow one another. The
CI of the commit has passed already in both.

The stages' seconds are those of a rehearsal that is made now; all others are the model below, the same for both. What
GitHub's machines add is an assumption and says so: it shifts both alike, so what counts are the ratios.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tagship.workflow.document import Document, Job, Step, read, text
from tagship.workflow.render import render
from tagship.workflow.variant import Variant

EXAMPLE = Path(__file__).resolve().parent.parent / "scripts" / "example.py"
RUNNER = 10.0
"""Seconds from "may begin" to the first step: assumed; GitHub-hosted Linux runners take 5 to 15."""
MODEL: Mapping[str, tuple[float, str]] = {
    r"actions/checkout": (1.5, "assumed"),
    r"actions/setup-python": (2.0, "assumed: a version that the runner has"),
    r"actions/upload-artifact": (1.5, "assumed: a request for the slot, one for the bytes, one to close it"),
    r"actions/download-artifact": (1.5, "assumed"),
    r"pypa/gh-action-pypi-publish": (20.0, "assumed: pulls an image of 80 MB, exchanges the token, uploads two files"),
    r"sha256sum": (0.01, "measured"),
    r"pip install --target": (3.0, "assumed: a dozen wheels; one alone takes 0.7, measured"),
    r"pip install build twine": (13.1, "measured: a new environment and both tools, nothing cached"),
    r"python -m build": (3.1, "measured: hatchling, an isolated environment for each of both files"),
    r"twine check": (0.5, "measured"),
    r"^sleep 60": (60.0, "what stands in the file"),
    r"pip install sample==": (3.1, "measured: a clean environment, one wheel"),
    r"gh release create": (2.0, "assumed: one request, and one for each file"),
}
"""What steps cost on a machine of GitHub, in seconds, by a pattern of their action or of their commands."""
STAGES: Mapping[str, float] = {
    "plan": 0.4,
    "gate": 0.3,
    "build": 2.0,
    "test": 3.5,
    "check": 1.8,
    "verify": 1.2,
    "github-release": 0.3,
    "summary": 0.1,
}
"""Seconds of the stages for a small package on two cores, rounded up: where nothing is measured."""
LATENCY: Mapping[str, float] = {"plan": 1.0, "gate": 1.5, "build": 2.0, "test": 2.0, "check": 2.0, "verify": 10.0}
"""What the stages wait for the internet, and the rehearsal does not: requests of a quarter of a second each, downloads
of build requirements, and in `verify` an index page that is a few seconds old."""
BY_HAND = """\
name: Publish
on: {push: {tags: ["v*"]}}
jobs:
  validate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - uses: actions/setup-python@v7
      - run: python -m pip install build twine
      - run: python -m build
      - run: twine check dist/*
  publish-pypi:
    needs: [validate]
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - uses: actions/setup-python@v7
      - run: python -m pip install build twine
      - run: python -m build
      - uses: pypa/gh-action-pypi-publish@release/v1
      - run: sleep 60
      - run: python -m pip install sample==${{ github.ref_name }}
  create-github-release:
    needs: [publish-pypi]
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - uses: actions/setup-python@v7
      - run: python -m pip install build twine
      - run: python -m build
      - run: gh release create "$GITHUB_REF_NAME" dist/*
"""


@dataclass(frozen=True, kw_only=True)
class Done:
    """A step that has been done."""

    job: str
    name: str
    begin: float
    """Seconds after the tag was pushed."""
    seconds: float
    ours: bool
    """Whether tagship did it, or was installed by it."""

    @property
    def end(self) -> float:
        """Seconds after the tag was pushed."""
        return self.begin + self.seconds


def cost(step: Step, stages: Mapping[str, float]) -> float:
    """The seconds of a step; one that the model does not know ends the program."""
    words = step.action or text(step.run)
    stage = re.search(r"-m tagship ([\w-]+)", words)
    if stage:
        return stages[stage[1]] + LATENCY.get(stage[1], 1.0)
    found = next((seconds for pattern, (seconds, _) in MODEL.items() if re.search(pattern, words)), None)
    if found is None:
        sys.exit(f"The model does not know the step: {words}")
    return found


def timeline(document: Document, skipped: set[str], stages: Mapping[str, float]) -> dict[str, tuple[Done, ...]]:
    """The steps of every job that runs, with their times."""
    made: dict[str, tuple[Done, ...]] = {}

    def run(job: Job) -> tuple[Done, ...]:
        if job.id not in made:
            before = [run(document.jobs[need]) for need in job.needs if need not in skipped]
            now = max((steps[-1].end for steps in before), default=0.0) + RUNNER
            steps = []
            for step in job.steps:
                words = text(step.run)
                ours = "tagship" in words
                steps.append(
                    Done(
                        job=job.id,
                        name=step.action or words.splitlines()[0],
                        begin=now,
                        seconds=cost(step, stages),
                        ours=ours,
                    )
                )
                now = steps[-1].end
            made[job.id] = tuple(steps)
        return made[job.id]

    for job in document.jobs.values():
        if job.id not in skipped:
            run(job)
    return made


def path(document: Document, made: Mapping[str, tuple[Done, ...]], last: str) -> tuple[str, ...]:
    """The jobs that decide when a job ends, the first one first."""
    needs = [need for need in document.jobs[last].needs if need in made]
    slowest = max(needs, key=lambda need: made[need][-1].end, default=None)
    return (*(path(document, made, slowest) if slowest else ()), last)


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a workflow does from the tag on."""

    document: Document
    made: Mapping[str, tuple[Done, ...]]

    def uploaded(self) -> float:
        """Seconds until the files are on PyPI."""
        return next(step.end for step in self.made["publish-pypi"] if step.name.startswith("pypa/"))

    def ended(self, job: str) -> float:
        """Seconds until a job has ended."""
        return self.made[job][-1].end

    def installable(self) -> float:
        """Seconds until an installation from the index has shown that it works."""
        return self.ended("verify" if "verify" in self.made else "publish-pypi")

    def ours(self, last: str) -> float:
        """Seconds of tagship itself on the way to the end of a job."""
        jobs = path(self.document, self.made, last)
        return sum(step.seconds for job in jobs for step in self.made[job] if step.ours)


def both(stages: Mapping[str, float]) -> tuple[Release, Release]:
    """A release of a tag by tagship's workflow, and by the one made by hand."""
    mine = read(render(Variant(project="sample", repository="owner/sample")).encode(), "publish.yml")
    theirs = read(BY_HAND.encode(), "by-hand.yml")
    assert not mine.problems and not theirs.problems
    return (
        Release(document=mine, made=timeline(mine, {"publish-testpypi"}, stages)),
        Release(document=theirs, made=timeline(theirs, set(), stages)),
    )


def measured() -> dict[str, float]:
    """The stages' seconds in a rehearsal of the example: the second one, since the first fills the cache."""
    with tempfile.TemporaryDirectory(prefix="tagship-bench-") as name:
        folder = Path(name)
        subprocess.run((sys.executable, EXAMPLE, "small", folder / "example"), check=True, capture_output=True)
        command = (sys.executable, "-m", "tagship", "rehearse", folder / "example", "--json")
        environ = {**os.environ, "TAGSHIP_CACHE_DIR": str(folder / "cache")}
        for _ in range(2):
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=environ, cwd=folder)
    log = json.loads(done.stdout)["manifest"]["log"]
    return {entry["stage"]: entry["seconds"] for entry in log if entry["stage"] != "publish"}


def main() -> None:
    """Print the times and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", action="store_true", help="measure nothing: the stages take what is written here")
    stages = STAGES if parser.parse_args().model else measured()
    mine, theirs = both(stages)
    print("Stages, in seconds: " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in stages.items()) + "\n")
    print(f"{'From the tag, in seconds, until':<44}{'tagship':>9}{'by hand':>9}{'ratio':>8}")
    rows = (
        ("the files are on PyPI", mine.uploaded(), theirs.uploaded()),
        ("an installation from PyPI has worked", mine.installable(), theirs.installable()),
        ("the GitHub release is there", *(each.ended("create-github-release") for each in (mine, theirs))),
    )
    for words, ours, other in rows:
        print(f"{words:<44}{ours:>9.1f}{other:>9.1f}{other / ours:>8.2f}")
    for words, release in (("tagship", mine), ("by hand", theirs)):
        jobs = path(release.document, release.made, "create-github-release")
        runners = RUNNER * len(jobs)
        print(f"\n{words}: {' -> '.join(jobs)}; of this {runners:.0f} s wait for {len(jobs)} runners")
        for job in jobs:
            steps = release.made[job]
            print(f"  {job:<24}{steps[0].begin:>7.1f} to {steps[-1].end:>6.1f}")
    share = mine.ours("create-github-release")
    print(f"\nOf tagship's path {share:.1f} s are tagship itself: its installation, its stages and what they wait for.")
    if share >= 60:
        sys.exit("That is not under a minute.")


if __name__ == "__main__":
    main()
