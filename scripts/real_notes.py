"""Notes of real projects' last releases beside what their changelogs say: python scripts/real_notes.py --from CLONES.

For maintainers of tagship. CLONES holds a clone or bare mirror of each project, as OWNER+NAME or OWNER+NAME/repo; it
is only read. Both texts are printed for a person to look at; real_releases.py makes a table of what is measured here:
each release at its tag, as `tagship notes` would tell it, against the section that the changelog has about it today,
which is cut out here in a way of its own; and the notes from the commits alone, by the pull requests that both name.
"""

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version
from real_projects import Listed, cloned, git

from tagship.errors import TagshipError
from tagship.project import notes
from tagship.project.discover import Project, read
from tagship.services.git import Git
from tagship.services.shell import Shell
from tagship.versions import released

PROJECTS = (
    "simonw/sqlite-utils",
    "theskumar/python-dotenv",
    "hynek/structlog",
    "mahmoud/boltons",
    "mtkennerly/dunamai",
    "fastapi/typer",
    "commitizen-tools/commitizen",
    "pypa/twine",
    "pypa/flit",
    "aio-libs/frozenlist",
    "pallets/click",
    "urllib3/urllib3",
    "tqdm/tqdm",
    "python-attrs/attrs",
)
RELEASES = 5
MOST = 12
"""Words of a difference that are shown."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """One release: what we say, and what the changelog says."""

    project: str
    tag: str
    source: str
    """Where ours come from."""
    ours: str
    commits: str
    """Ours from the commits alone."""
    published: str | None
    """The changelog's section at the tag; None where it has none."""
    today: str | None
    """The same as it stands now."""

    @property
    def verdict(self) -> str:
        """How ours and the published ones differ."""
        there = self.published or self.today
        if there is None:
            return "no changelog tells of it"
        later = "" if self.today is None or words(self.today) == words(there) else ", edited later"
        own, other = words(self.ours), words(there)
        if own == other:
            return f"equal{later}"
        if not own:
            return "nothing told"
        if self.published is None:
            return "written after the tag"
        more, less = (list((Counter(a) - Counter(b)).elements()) for a, b in ((own, other), (other, own)))
        said = [f"only {whose}: {' '.join(some[:MOST])}" for whose, some in (("ours", more), ("theirs", less)) if some]
        return ("; ".join(said) or "the same words in another order") + later

    @property
    def numbers(self) -> tuple[int, int]:
        """Pull requests and issues that the changelog names, and how many of them our commit notes name as well."""
        there = numbers(self.published or self.today or "")
        return len(there), len(there & numbers(self.commits))


def words(text: str) -> list[str]:
    """The words of a text, its markup left out."""
    for markup in (
        r"^ *\.\. (?:_[^\n]*|[\w-]+::[^\n]*)$|^\[[^\]\n]+\]:[^\n]*$",  # labels, directives, targets of links
        r"(?<=\S)\s*<[^<>]+>(?=`)|\]\([^)\s]*\)|https?://[^\s>)]+",  # addresses
        r":[\w:-]+:(?=`)|\{[\w:-]+\}(?=`)|(?<=`)~[\w.]*\.",  # roles
    ):
        text = re.sub(markup, " ", text, flags=re.MULTILINE)
    noise = r"^ +:[\w-]+:.*$|\*\*(?:Note|Warning|Caution):\*\*|PEP(?= \d)"
    return re.findall(r"[^\W_]+", re.sub(noise, "", text, flags=re.MULTILINE))


def numbers(text: str) -> set[str]:
    """The pull requests and issues that a text names."""
    return set(re.findall(r"(?:#|(?:issues|pull)/|[:{](?:gh|pr|issue|pull)[:}]`#?)(\d+)", text))


def told(name: str, clones: Path) -> Iterator[Told]:
    """The last final releases of a project, the newest first."""
    with cloned(Listed(repository=name), clones) as clone:
        door = Git(Shell(dict(os.environ)), clone)
        today = read(clone, door)
        file = clone / str(today.changelog.value)
        text = file.read_text(encoding="utf-8-sig") if today.changelog.value else ""
        tags = [t for t in released(today.repository.tags, today.tags.value) if not t.version.is_prerelease]
        for tag in reversed(tags[-RELEASES:]):
            git("checkout", "--quiet", "--force", tag.tag, cwd=clone)
            project = read(clone, door)
            found = of(project, door, tag.version)
            then = clone / str(project.changelog.value)
            there = then.read_text(encoding="utf-8-sig") if project.changelog.value else ""
            yield Told(
                project=name,
                tag=tag.tag,
                source=re.sub(r" since .*", "", found.source),
                ours=found.text,
                commits=of(project, door, tag.version, "commits").text,
                published=published(there, str(tag.version)),
                today=published(text, str(tag.version)),
            )


def of(project: Project, door: Git, version: Version, wanted: notes.Source | None = None) -> notes.Notes:
    """Our notes, empty where nothing is to be told."""
    try:
        return notes.of(project, door, version, notes.Helpers(), wanted)
    except TagshipError as error:
        return notes.Notes(text="", source=error.message)


def published(text: str, version: str) -> str | None:
    """The section about a version: from the heading that names it to the next line like it that names another."""
    lines = text.splitlines()
    named = re.compile(r"(?<![\w.])v?(\d+(?:\.\d+)+(?:(?:a|b|rc|\.post|\.dev)\d+)?)(?![\w.]*\d)")
    heads: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        after = lines[number + 1] if number + 1 < len(lines) else ""
        heading = line.startswith(("# ", "## ")) or re.fullmatch(r"([=\-~^])\1{3,}", after)
        if heading and (found := named.search(re.sub(r"\(http[^)]*\)", "", line))) and len(line) < 90:
            heads.append((number, found[1]))
    ends = [*(start for start, _ in heads[1:]), len(lines)]
    for (start, spelt), end in zip(heads, ends, strict=False):
        if Version(spelt) == Version(version) and end > start + 1:
            body = lines[start + 1 : end]
            return "\n".join(body[1:] if body and re.fullmatch(r"[=\-~^]{4,}", body[0]) else body).strip()
    return None


def main() -> int:
    """Print both texts of each release."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="clones", type=Path, required=True)
    parser.add_argument("--only", default="", help="part of a repository's name")
    options = parser.parse_args()
    for name in (name for name in PROJECTS if options.only in name):
        for one in told(name, options.clones):
            there, ours = one.numbers
            sys.stdout.write(
                f"\n{'=' * 100}\n{name} {one.tag}: from {one.source}: {one.verdict}; numbers {ours} of {there}\n"
            )
            for title, text in (("OURS", one.ours), ("FROM COMMITS", one.commits), ("PUBLISHED", one.published)):
                sys.stdout.write(f"--- {title}\n{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
