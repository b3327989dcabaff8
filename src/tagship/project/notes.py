"""Release notes of one version: from the changelog, from towncrier's fragments, from the commits, or from GitHub.

Whoever has a changelog has said there what matters, so that it comes first; fragments are a changelog that is not
written yet; commits are always there; GitHub knows pull requests alone. What `tagship notes` shows and what a GitHub
release says are the same text, made here.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, get_args

from packaging.version import Version

from tagship.errors import ProjectError, ToolFailed, UsageError
from tagship.project import changelog
from tagship.project.commits import Commit, between, effective
from tagship.project.config import Source
from tagship.project.discover import Project
from tagship.project.markdown import complete, from_rst
from tagship.project.pyproject import read_toml, table
from tagship.services.addresses import GITHUB
from tagship.services.git import Git
from tagship.services.shell import Shell
from tagship.versions import released, tag_for
from tagship.words import many

if TYPE_CHECKING:
    from tagship.services.github import GitHub

SOURCES: tuple[Source, ...] = get_args(Source)
MOST = 200
"""Changes that are listed one by one."""
NEAR, FAR = 1_000, 20_000
"""Commits in which earlier contributions are looked for; most are found near. Who is found in neither is new, unless
the history goes on behind."""
_RELEASE = re.compile(
    r"\W*(?:(?:chore\(release\)|release|version|(?:bump|increment) version|back to development"
    r"|prepare (?:(?:for|to) )?(?:release|v?\d+\.)|start (?:version|v?\d+\.|(?:a )?(?:new|next) development)"
    r"|(?:pre|post)[- ]?(?:release|\d+\.))"
    r"|(?:updated? )?(?:the )?change ?log$|merge \S+ into \S+$"
    r"|v?\d+(?:\.\d+)+(?:\.?(?:a|b|rc|post|dev)\d+)?$)",
    re.IGNORECASE,
)
"""Titles of commits that only make a release, or bring branches together."""
_GROUPS: Mapping[str, frozenset[str]] = {
    "Features": frozenset({"feat"}),
    "Fixes": frozenset({"fix"}),
    "Performance": frozenset({"perf"}),
    "Documentation": frozenset({"docs"}),
    "Other changes": frozenset({"", "build", "refactor", "revert", "deps"}),
}
"""What is shown of the kinds of the Conventional Commits, in this order; users never meet the others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notes:
    """What changed, as Markdown, and who says so."""

    text: str
    source: str
    """In words: `CHANGELOG.md`, `12 commits since v1.2.0`."""
    compare: str = ""
    """The address of the comparison with the version before; empty where there is none."""
    lacking: str = ""
    """Why a source that comes before was not asked, such as towncrier that is not installed; empty for none."""

    @property
    def whole(self) -> str:
        """What is shown and published: the text, and the comparison where it does not name that itself."""
        link = f"[All changes]({self.compare})" if self.compare and self.compare not in self.text else ""
        return "\n\n".join(part for part in (self.text.strip(), link) if part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Helpers:
    """Who is asked for what the repository's files do not say; None for nobody."""

    shell: Shell | None = None
    """Where towncrier is run."""
    github: "Callable[[], GitHub | None]" = lambda: None
    """Its repository with a token, which writing notes takes; called when it is needed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """The commits that one version has and the one before it has not."""

    start: str | None
    """The tag before; None for the first release."""
    end: str
    """The tag, or HEAD where it is not made yet."""


def of(project: Project, git: Git, version: Version, helpers: Helpers, wanted: Source | None = None) -> Notes:
    """The notes of a version, made or still to come.

    Args:
        wanted: where they must come from; None for what the configuration says, and where that says nothing, for the
            first source that says something.

    Raises:
        ProjectError: the source that is asked for says nothing about the version.
        ToolFailed: towncrier failed.
        UsageError: who is to write them is not there: no towncrier, no token, no repository on GitHub.
        Refused, Unreachable: GitHub said no, or does not answer.
    """
    wanted = wanted or project.config.notes
    span, lacking = span_of(project, git, version), ""
    for source in (wanted,) if wanted else SOURCES:
        try:
            match source:
                case "changelog":
                    found = _from_changelog(project, version, made=span.end != "HEAD")
                case "fragments":
                    found = _from_fragments(project, git, span, version, helpers.shell)
                case "commits":
                    found = _from_commits(project, git, span)
                case _:
                    found = _from_github(project, git, span, version, helpers.github())
        except UsageError as error:  # who writes them is not there
            if wanted:
                raise
            lacking = error.message
            continue
        if found is not None:
            return replace(found, compare=compare(project, span, version), lacking=lacking)
    where = project.changelog.value or ""
    raise ProjectError(
        f"there are no notes about {version}" + (f" in the {wanted}" if wanted else ""),
        remedy="Write a section about it into the changelog, or take another source: tagship notes --from commits.",
        where=where,
    )


def span_of(project: Project, git: Git, version: Version) -> Range:
    """From the highest release below a version whose tag leads to it, to its tag or, where it has none, HEAD."""
    scheme = project.tags.value
    tags = released(project.repository.tags, scheme)
    own = next((tag.tag for tag in reversed(tags) if tag.version == version), None)
    end = own or "HEAD"
    below = [tag for tag in tags if tag.version < version and (version.is_prerelease or not tag.version.is_prerelease)]
    start = next((tag.tag for tag in reversed(below) if git.contains(_ref(tag.tag), _ref(end))), None)
    return Range(start=start, end=end)


def compare(project: Project, span: Range, version: Version) -> str:
    """The address of the comparison on GitHub; empty without a repository there, or for the first release."""
    slug = project.repository.on_github
    if span.start is None or slug is None:
        return ""
    end = span.end if span.end != "HEAD" else tag_for(version, project.tags.value)
    return f"{GITHUB}/{slug}/compare/{span.start}...{end}"


def _ref(name: str) -> str:
    return name if name == "HEAD" else f"refs/tags/{name}"


def _from_changelog(project: Project, version: Version, *, made: bool) -> Notes | None:
    file = project.changelog.value
    text = changelog.section(project, str(version))
    if text is None and not made:
        text = changelog.unreleased(project)
        file = f"{file}, unreleased"
    if text is None:
        return None
    plain = (project.changelog.value or "").endswith(".md")
    text = complete(text, changelog.text_of(project)) if plain else from_rst(text)
    return Notes(text=text, source=str(file)) if text else None


def _from_fragments(project: Project, git: Git, span: Range, version: Version, shell: Shell | None) -> Notes | None:
    """What towncrier would write (https://towncrier.readthedocs.io/en/stable/cli.html), by its own command.

    Fragments tell of the commit that is checked out; of a version made before they say nothing.

    Raises:
        UsageError: towncrier is not installed.
        ToolFailed: it failed.
    """
    settings = _fragments(project)
    if shell is None or not settings or (span.end != "HEAD" and git.commit() != git.commit(_ref(span.end))):
        return None
    program, extra = _towncrier(shell)
    # without a name, towncrier imports the package to ask it
    name = () if settings.get("name") else ("--name", project.name.value or "")
    words = (*program, "build", "--draft", "--version", str(version), *name)
    output = shell.run(words, cwd=project.root, extra=extra, timeout=60)
    if not output.ok:
        raise ToolFailed(
            f"no notes from fragments: towncrier failed: {output.tail(3)}",
            remedy="Run towncrier build --draft to see what it needs; or take another source: --from commits.",
        )
    text = changelog.find(output.stdout, str(version)) or output.stdout.strip()
    if not text or "No significant changes" in text:
        return None
    text = text if str(settings.get("filename", "")).endswith(".md") else from_rst(text)
    return Notes(text=text, source="towncrier's fragments")


def _fragments(project: Project) -> Mapping[str, object]:
    """towncrier's settings; empty where the project does not use it."""
    own = read_toml(project.root, "towncrier.toml") or read_toml(project.root, "pyproject.toml")
    return table(own.data if own else None, "tool", "towncrier")


def uses_fragments(project: Project) -> bool:
    """Whether towncrier writes the project's changelog."""
    return bool(_fragments(project))


def tools(project: Project) -> tuple[str, ...]:
    """What has to be installed beside tagship, so that a release has the notes that a maintainer sees."""
    return ("towncrier",) if project.config.notes in (None, "fragments") and uses_fragments(project) else ()


def _towncrier(shell: Shell) -> tuple[tuple[str, ...], dict[str, str]]:
    """How towncrier is called, and with which variables: that of the user's PATH, else the one beside tagship.

    Raises:
        UsageError: it is not installed.
    """
    if (program := which("towncrier", path=shell.environment.get("PATH"))) is not None:
        return (program,), {}
    beside = find_spec("towncrier")
    if beside is None or beside.origin is None:
        raise UsageError(
            "There are no notes from fragments: towncrier is not installed",
            remedy="Install it beside tagship: pip install towncrier. Or take another source: --from commits.",
        )
    return (sys.executable, "-P", "-m", "towncrier"), {"PYTHONPATH": str(Path(beside.origin).parents[1])}


def _from_github(project: Project, git: Git, span: Range, version: Version, github: "GitHub | None") -> Notes:
    """What GitHub writes (https://docs.github.com/en/repositories/releasing-projects-on-github)."""
    if github is None:
        lacks = "no token" if project.repository.on_github else "no repository on GitHub"
        raise UsageError(
            f"GitHub was not asked for notes: there is {lacks}",
            remedy="Set GH_TOKEN to a token that may write the repository's contents, or log in: gh auth login."
            " Or take another source: --from commits.",
        )
    made = span.end != "HEAD"
    tag = span.end if made else tag_for(version, project.tags.value)
    text = github.notes(tag, since=span.start, commit=None if made else git.commit())
    return Notes(text=text, source="what GitHub writes from merged pull requests")


def _from_commits(project: Project, git: Git, span: Range) -> Notes | None:
    start, end, folder = _ref(span.start) if span.start else None, _ref(span.end), project.package
    single = between(git, start, end, folder=folder)
    conventional = sum(1 for c in single if c.kind) * 2 >= len(single)
    merged = () if conventional else _worth_telling(between(git, start, end, merges=True, folder=folder))
    listed = merged or _worth_telling(single)
    if not listed:
        return None
    bots, own = list[Commit](), list[Commit]()
    for commit in listed:
        (bots if commit.by_bot else own).append(commit)
    parts = [*(_groups(own) if conventional else _plain(own)), *_by_bots(bots)]
    if thanks := _thanks(git, start, single):
        parts.append(thanks)
    return Notes(text="\n\n".join(parts), source=f"{many(len(single), 'commit')} since {span.start or 'the beginning'}")


def _worth_telling(commits: Sequence[Commit]) -> tuple[Commit, ...]:
    """Without what makes a release; of a person's commits with the same title the one with a pull request."""
    told: dict[str, Commit] = {}
    for commit in effective(commits):
        name = commit.sha if commit.by_bot else commit.title.casefold()
        if not _RELEASE.match(commit.title) and (name not in told or (commit.number and not told[name].number)):
            told[name] = commit
    return tuple(told.values())


def _plain(commits: Sequence[Commit]) -> Iterable[str]:
    if commits:
        yield _list("Changes", [f"- {commit.title.removeprefix('- ')}{_number(commit)}" for commit in commits])


def _groups(commits: Sequence[Commit]) -> Iterable[str]:
    breaking = [commit for commit in commits if commit.breaking]
    if breaking:
        yield _list("Breaking changes", [_line(commit, commit.breaking) for commit in breaking])
    sorted_out = [(commit.kind, commit) for commit in commits]
    for title, kinds in _GROUPS.items():
        lines = [_line(commit, commit.words) for kind, commit in sorted_out if kind in kinds]
        if lines:
            yield _list(title, lines)


def _list(title: str, lines: Sequence[str]) -> str:
    more = len(lines) - MOST
    shown = [*lines[:MOST], *([f"- and {more} more"] if more > 0 else [])]
    return f"### {title}\n\n" + "\n".join(shown)


def _line(commit: Commit, words: str) -> str:
    scope = f"**{commit.scope}**: " if commit.scope else ""
    first = words.split(maxsplit=1)[0]
    return f"- {scope}{words[0].upper() if first.isalpha() else words[0]}{words[1:]}{_number(commit)}"


def _number(commit: Commit) -> str:
    """The pull request, which GitHub makes a link of."""
    return f" (#{commit.number})" if commit.number and f"#{commit.number}" not in commit.title else ""


def _by_bots(commits: Sequence[Commit]) -> Iterable[str]:
    if commits:
        names = sorted({commit.by_bot for commit in commits})
        yield f"{many(len(commits), 'update')} by {', '.join(names)}"


def _thanks(git: Git, start: str | None, commits: Sequence[Commit]) -> str:
    """Everybody who contributed, in the order of their first commit; who has several names or addresses is one."""
    people: list[tuple[str, set[str]]] = []
    for person in dict.fromkeys(person for commit in reversed(commits) for person in commit.people):
        if not person.name or person.bot:
            continue
        known = {person.name.lower(), person.email.lower(), re.sub(r"[\W_]", "", person.name.lower())}
        same = next((marks for _, marks in people if marks & known), None)
        if same is None:
            people.append((person.name, known))
        else:
            same |= known
    known_before = _before(git, start, [marks for _, marks in people])
    new = " (first contribution)"
    names = [name + ("" if before else new) for (name, _), before in zip(people, known_before, strict=True)]
    return f"Thanks to {', '.join(names)}." if names else ""


def _before(git: Git, start: str | None, people: Sequence[set[str]]) -> list[bool]:
    """Who contributed before, by name or address; everybody for a first release, and where it cannot be told."""
    if start is None:
        return [True for _ in people]
    found = [False for _ in people]
    for far in (NEAR, FAR):
        words = ("log", f"--max-count={far + 1}", "--format=%aN%n%aE", "--end-of-options", start, "--")
        who = git.lines(*words)
        earlier = {name.lower() for name in who}
        found = [not earlier.isdisjoint(marks) for marks in people]
        if all(found) or len(who) <= 2 * far:
            return found
    return [True for _ in people]
