"""Rehearses real projects and writes docs/real-projects.md: python scripts/real_projects.py CLONES [--results FOLDER].

For maintainers of tagship. CLONES holds a clone or bare mirror of each project of real_projects.toml, as OWNER+NAME
or OWNER+NAME/repo; it is only read. Each project is rehearsed as it is, at the head of its default branch and at its
newest release tag, by the command line, one after another. What is already in the results' folder is not run again:
remove a file there to run its project anew, all of them after a change of tagship. Where a project is marked
`published`, the files that its tag builds are compared with those on PyPI (published.py), which takes the network.
"""

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
from published import Comparison, compare

from tagship.errors import TagshipError
from tagship.project.discover import read
from tagship.rehearsal.result import Rehearsal
from tagship.services.git import Git
from tagship.services.shell import Shell
from tagship.versions import released

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "real-projects.md"
BY_HAND = "\n<!-- From here on the page is written by hand. -->\n"


class Listed(msgspec.Struct, forbid_unknown_fields=True):
    """One project of real_projects.toml."""

    repository: str
    """`owner/name` on GitHub."""
    package: str = "."
    published: bool = False
    """Whether its newest tag is compared with the files on PyPI."""
    why: str = ""
    """What a person found to be behind a verdict that is not `ready`."""
    why_head: str = ""
    """The same where it differs at the head of the default branch."""
    differences: str = ""
    """What a person found to be behind the differences from the published files."""

    @property
    def slug(self) -> str:
        """Its name in folders and files."""
        inside = "" if self.package == "." else f"+{self.package.replace('/', '+')}"
        return self.repository.replace("/", "+") + inside


class Outcome(msgspec.Struct):
    """What is kept of one rehearsal."""

    tag: str
    """Empty for the head of the default branch."""
    commit: str
    date: str
    verdict: str
    headline: str
    seconds: float
    findings: tuple[str, ...]
    """Severity and code of each."""


class Kept(msgspec.Struct):
    """What is known of one project."""

    outcomes: tuple[Outcome, ...]
    comparison: Comparison | None = None


class Results:
    """The results of earlier runs, in two files a project.

    Args:
        folder: where they lie.
        clones: the folder of the clones, for what has no result yet.
    """

    def __init__(self, folder: Path, clones: Path) -> None:
        self.folder = folder
        self.clones = clones

    def of(self, project: Listed, *, examine: bool) -> Kept | None:
        """What is known of a project, found out now where it is not; None where it is unknown and stays so."""
        file, files = (self.folder / f"{project.slug}{end}" for end in (".json", ".files.json"))
        if examine and not (file.exists() and (files.exists() or not project.published)):
            with cloned(project, self.clones) as clone:
                if not file.exists():
                    tags = ["", *filter(None, [newest(clone, project)])]
                    outcomes = tuple(rehearse(clone, project, tag) for tag in tags)
                    file.write_bytes(msgspec.json.encode(Kept(outcomes=outcomes)))
                if project.published and not files.exists():
                    found = compare(clone, project.package, newest(clone, project), clone.parent / "cache")
                    files.write_bytes(msgspec.json.encode(found))
        if not file.exists():
            return None
        kept = msgspec.json.decode(file.read_bytes(), type=Kept)
        kept.comparison = msgspec.json.decode(files.read_bytes(), type=Comparison | None) if files.exists() else None
        return kept


def main() -> int:
    """Run what has no result yet, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clones", type=Path)
    parser.add_argument("--results", type=Path, default=HERE.parent / ".cache" / "real-projects")
    parser.add_argument("--only", default="", help="part of a repository's name")
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    data = tomllib.loads((HERE / "real_projects.toml").read_text(encoding="utf-8"))
    projects = msgspec.convert(data["project"], list[Listed])
    results = Results(options.results, options.clones)
    known = {p.slug: kept for p in projects if (kept := results.of(p, examine=options.only in p.repository))}
    _, mark, by_hand = PAGE.read_text(encoding="utf-8").partition(BY_HAND)
    written = "".join(page([p for p in projects if p.slug in known], known))
    PAGE.write_text(f"{written}{mark}{by_hand}", encoding="utf-8")
    return 0


@contextlib.contextmanager
def cloned(project: Listed, clones: Path) -> Iterator[Path]:
    """A throw-away clone of a project that looks like one from GitHub."""
    source = clones / project.repository.replace("/", "+")
    with tempfile.TemporaryDirectory(prefix="real-project-") as folder:
        clone = Path(folder) / project.repository.rpartition("/")[2]
        git("clone", "--quiet", str(source / "repo" if (source / "repo").is_dir() else source), str(clone))
        git("remote", "set-url", "origin", f"https://github.com/{project.repository}.git", cwd=clone)
        yield clone


def newest(clone: Path, project: Listed) -> str:
    """The tag of the newest final release; empty where there is none."""
    described = read(clone / project.package, Git(Shell(os.environ), clone))
    tags = released(described.repository.tags, described.tags.value)
    final = [tag for tag in tags if not tag.version.is_prerelease] or list(tags)
    return final[-1].tag if final else ""


def rehearse(clone: Path, project: Listed, tag: str) -> Outcome:
    """One rehearsal by the command line."""
    words = ("rehearse", str(clone), "--json", "--package", project.package, *(("--tag", tag) if tag else ()))
    done = subprocess.run((sys.executable, "-m", "tagship", *words), capture_output=True, check=False)
    ref = f"{tag}^{{commit}}" if tag else "HEAD"
    commit, date = git("log", "-1", "--format=%H %cs", ref, cwd=clone).split()
    if not done.stdout:  # it did not begin
        said = done.stderr.decode(errors="replace").strip().splitlines()
        headline = next((line.partition(": ")[2] for line in said if line.startswith("  error ")), said[-1])
        return Outcome(
            tag=tag, commit=commit, date=date, verdict="refused", headline=headline, seconds=0.0, findings=()
        )
    result = msgspec.json.decode(done.stdout, type=Rehearsal)
    stages = [entry for entry in result.entries if entry.stage != "summary"]
    found = [f"{f.severity} {f.code}" for entry in stages for f in entry.findings]
    return Outcome(
        tag=tag,
        commit=commit,
        date=date,
        verdict=result.verdict,
        headline=result.headline,
        seconds=result.seconds,
        findings=tuple(found),
    )


def git(*words: str, cwd: Path | None = None) -> str:
    """Run git and return what it prints."""
    return subprocess.run(("git", *words), cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


HEAD = """\
<!-- Written by scripts/real_projects.py: change real_projects.toml, then run the script. -->

# Real projects

Popular projects, as they are, without any configuration, rehearsed at the head of their default branch (the tag that
would come next) and at their newest release tag. Each either passes, or stops for a reason that its maintainers would
accept; what only their machine or the network could tell is `undecided`. The seconds are those of a loaded machine
with two cores and Python 3.11, most of them the project's own tests; the dates are those of the commits. Findings are
advice unless they are errors.

"""
PUBLISHED = """
## Against the files on PyPI

What the tag builds in a rehearsal, beside what was published for it: names of the files, metadata fields and members.

"""


def page(projects: list[Listed], known: dict[str, Kept]) -> Iterator[str]:
    """The page, piece by piece."""
    yield HEAD
    outcomes = [outcome for kept in known.values() for outcome in kept.outcomes]
    counts = Counter(outcome.verdict for outcome in outcomes)
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("ready", "refused", "undecided"))
    yield f"{len(projects)} projects, {len(outcomes)} rehearsals: {said}.\n\n"
    yield row("project", "commit", "date", "verdict", "seconds", "findings", "why")
    yield row(*["---"] * 7)
    for project in projects:
        for outcome in known[project.slug].outcomes:
            yield row(*cells(project, outcome))
    compared = [(p, c) for p in projects if (c := known[p.slug].comparison) is not None]
    if not compared:
        return
    yield PUBLISHED
    yield row("files", "same members", "of them with the same bytes", "differences", "explanation")
    yield row(*["---"] * 5)
    for project, comparison in compared:
        for file in comparison.files:
            by_backend = all(NEWER.match(words) for words in file.differences)
            reason = "another version of the build backend" if by_backend else project.differences
            said = (reason or "**not explained**") if file.differences else ""
            names = file.name if file.published in ("", file.name) else f"{file.name}, published: {file.published}"
            shown = "; ".join(f"`{words}`" for words in file.differences[:MOST])
            more = len(file.differences) - MOST
            shown += f" and {more} more" if more > 0 else ""
            yield row(f"`{names}`", str(file.members), str(file.same), shown or "none", said)


NEWER = re.compile(r"(published|ours) (Generator|Metadata-Version): ")
"""What a build backend says about itself."""
MOST = 6
"""Differences of one file that are listed."""


def cells(project: Listed, outcome: Outcome) -> Iterator[str]:
    """One line of the table."""
    name = project.repository if project.package == "." else f"{project.repository} {project.package}"
    yield f"[{name}](https://github.com/{project.repository})"
    yield f"`{outcome.tag or 'head'}` {outcome.commit[:10]}"
    yield outcome.date
    yield outcome.verdict
    yield f"{outcome.seconds:.0f}"
    found = Counter(outcome.findings)
    yield ", ".join(f"{what}{f' ×{n}' if n > 1 else ''}" for what, n in found.items()) or "none"
    reason = (project.why_head if not outcome.tag and project.why_head else project.why) or "**not explained**"
    yield "" if outcome.verdict == "ready" else f"{outcome.headline.rstrip('.')}. {reason}"


def row(*cells: str) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except TagshipError as error:
        sys.exit(f"{error.message}\n{error.remedy}")
