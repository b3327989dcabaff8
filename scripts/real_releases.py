"""Replays real projects' last releases and writes docs/real-releases.md: python scripts/real_releases.py --from CLONES.

For maintainers of tagship. CLONES holds a clone or bare mirror of each project, as OWNER+NAME or OWNER+NAME/repo; it
is only read. Two questions are asked of each release: does setting its version in the commit before touch the lines
that the project touched itself, and do our notes say what its changelog says (real_notes.py)?
"""

import argparse
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version
from real_notes import PROJECTS, RELEASES, Told, told
from real_projects import Listed, cloned, git, row

from tagship.errors import TagshipError
from tagship.project.discover import Project, read
from tagship.project.next_version import accept, choose, current
from tagship.project.version_edits import change, diff
from tagship.project.version_literals import Written
from tagship.services.git import Git
from tagship.services.shell import Shell
from tagship.versions import TagVersion, released

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "real-releases.md"
PARTS = ("patch", "minor", "major", "stable", "post")
HEAD = """\
<!-- Written by scripts/real_releases.py: change real_releases.toml, then run the script. -->

# Real releases

The last final releases of popular projects, replayed from their history. Where tagship would have done something else
than the project did, the table says what, and why.

## Versions

The version is set in the commit before the one that changed it, and the lines that this changes are compared with
those that the project's own commit changed around the version. The step is the `tagship version bump` that leads
there, if one does.

"""
NOTES = """
## Notes

What `tagship notes` says at the tag beside the section that the changelog has about the version; `edited later`: the
section says something else today. The last column is about the notes from the commits alone, which are for projects
without a changelog: how many of the pull requests and issues that the section names they name as well; a changelog
names issues, where commits name the pull request that closed them.

"""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One release: what setting its version changes, and what the project changed."""

    tag: str
    kind: str
    """Where the version comes from."""
    step: str
    ours: frozenset[str] = frozenset()
    """Lines that our change adds, each after its file."""
    theirs: frozenset[str] = frozenset()
    """Lines with the version that the project's commit adds to the files we change or to Python, TOML, INI files."""
    error: str = ""

    @property
    def verdict(self) -> str:
        """How both differ."""
        if self.error:
            return self.error
        if not self.ours:
            return "the tag is the version"
        if self.ours == self.theirs:
            return f"the same {len(self.ours)} line{'s' if len(self.ours) > 1 else ''}"
        more, less = sorted(self.ours - self.theirs), sorted(self.theirs - self.ours)
        said = [*(f"only ours: `{line}`" for line in more), *(f"only theirs: `{line}`" for line in less)]
        return "; ".join(said)


def replayed(name: str, clones: Path) -> Iterator[Replayed]:
    """The last final releases of a project, the newest first."""
    with cloned(Listed(repository=name), clones) as clone:
        door = Git(Shell(dict(os.environ)), clone)
        project = read(clone, door)
        tags = [t for t in released(project.repository.tags, project.tags.value) if not t.version.is_prerelease]
        for tag in reversed(tags[-RELEASES:]):
            yield replay(door, clone, tag)


def replay(door: Git, clone: Path, tag: TagVersion) -> Replayed:
    """One release: back to before its version was set, and set it."""
    git("checkout", "--quiet", "--force", tag.tag, cwd=clone)
    source = read(clone, door).version
    if not isinstance(source, Written):
        return Replayed(tag=tag.tag, kind=type(source).__name__.lower(), step="", error="")
    line = f"{source.line},{source.line}:{source.file}"
    setter = git("log", "-1", "--no-patch", "--format=%H", f"-L{line}", cwd=clone).splitlines()[0]
    git("checkout", "--quiet", "--force", f"{setter}^", cwd=clone)
    project = read(clone, door)
    kind = f"{source.file}, {source.kind}"
    if not isinstance(project.version, Written):
        return Replayed(tag=tag.tag, kind=kind, step="", error="the commit before keeps its version elsewhere")
    try:
        now = current(project, door)
        known = tuple(t for t in now.tags if t.version < tag.version)
        accept(project, type(now)(version=now.version, spelt=now.spelt, where=now.where, tags=known), tag.version, "")
        planned = change(clone, project.version, tag.version, project.config.version_copies)
    except TagshipError as error:
        return Replayed(tag=tag.tag, kind=kind, step="", error=error.message.splitlines()[0])
    ours = added(diff(clone, planned.contents))
    theirs = added(git("show", "--format=", "--unified=0", "--no-color", setter, cwd=clone))
    spelt = re.compile(rf"(?<![\d.]){re.escape(source.raw)}(?![\d.]*\d)")
    near = {one for one in theirs if spelt.search(one) and re.match(r"[^:]+\.(py|toml|cfg|lock|cff|json|ini)\b", one)}
    same = {one for one in theirs if one.partition(": ")[0] in planned.contents and spelt.search(one)}
    step = step_to(project, door, tag.version)
    return Replayed(tag=tag.tag, kind=kind, step=step, ours=ours, theirs=frozenset(near | same))


def step_to(project: Project, door: Git, version: Version) -> str:
    """The step that leads to a version; empty for none, as where it is chosen by the calendar."""
    now = current(project, door)
    known = type(now)(version=now.version, spelt=now.spelt, where=now.where, tags=())
    for part in PARTS:
        try:
            if choose(project, door, known, (part,)).version == version:
                return part
        except TagshipError:
            continue
    return ""


def added(text: str) -> frozenset[str]:
    """The lines that a difference adds, each after its file."""
    found: set[str] = set()
    file = ""
    for line in text.splitlines():
        if line.startswith("+++ "):
            file = line[4:].removeprefix("b/").partition("\t")[0]
        elif line.startswith("+"):
            found.add(f"{file}: {line[1:].strip()}")
    return frozenset(found)


def page(clones: Path) -> Iterator[str]:
    """The page, piece by piece."""
    why = tomllib.loads((HERE / "real_releases.toml").read_text(encoding="utf-8"))
    yield HEAD
    yield row("project", "release", "version from", "step", "lines", "why")
    yield row(*["---"] * 6)
    for name in PROJECTS:
        for one in replayed(name, clones):
            fine = one.verdict.startswith(("the same", "the tag"))
            reason = "" if fine else why.get("versions", {}).get(f"{name} {one.tag}") or "**not explained**"
            yield row(link(name), f"`{one.tag}`", one.kind, one.step, one.verdict, reason)
    yield NOTES
    yield row("project", "release", "from", "the changelog's section", "why", "named in commits")
    yield row(*["---"] * 6)
    for name in PROJECTS:
        for told_ in told(name, clones):
            yield row(*cells(told_, why.get("notes", {})))


def cells(one: Told, why: dict[str, str]) -> Iterator[str]:
    """One line of the second table."""
    yield from (link(one.project), f"`{one.tag}`", one.source, one.verdict)
    fine = one.verdict.startswith(("equal", "no changelog", "written after"))
    yield "" if fine else why.get(f"{one.project} {one.tag}") or why.get(one.project) or "**not explained**"
    there, ours = one.numbers
    yield f"{ours} of {there}" if there else ""


def link(name: str) -> str:
    """A project's name and page."""
    return f"[{name}](https://github.com/{name})"


def main() -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="clones", type=Path, required=True)
    PAGE.write_text("".join(page(parser.parse_args().clones)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
