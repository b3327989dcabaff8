"""The weekly look at everything that a release needs: one issue says what is wrong, and closes itself once all is well.

The issue is found by its label, and says in a comment that nobody sees which problems it is about. Only what changed
is said aloud; a body that is brought up to date notifies nobody. A problem that cannot be seen any more is not mended.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, assert_never
from urllib.parse import quote, unquote

import msgspec

from tagship.model import Fact, Record, Severity, Status
from tagship.services.addresses import page_of
from tagship.services.issues import Issue, Issues
from tagship.setup.check import Seen, ok, problem, unknown
from tagship.setup.doctor import Examination
from tagship.shapes import read_json
from tagship.words import clean, many
from tagship.workflow.guide import READER

LABEL = "release-watch"
RELEASE = "release.newest"
"""What the job that installs the newest release found, beside the doctor's checks."""
ALSO = ("workflow.documents",)
"""Advice of the doctor that counts here: it is what `tagship sync --check` finds."""
MORE = (
    f"With a token in the secret `{READER}` of the environment `{LABEL}` that may read administration, "
    "secrets and environments of this repository, more of them can be."
)
LAST = (
    "`tagship doctor` shows the same. This issue closes itself once all is well. Closed by hand it comes back, unless "
    "as *not planned*: then it stays closed until something else is wrong."
)
_IDS = re.compile(r"<!-- release-watch of (?P<project>[^\s:]+):(?P<ids>[^<>]*)-->")
_SPECIAL = re.compile(r"\\[\\`]|(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|(?P<rest>`+)|[<@]")
"""Code as CommonMark 0.31, 6.1 has it, or what would be more than a word outside of it."""
_ADDRESS = ":/?#&=%+,;~"
"""What else than letters and digits an address has in the issue."""


class Trouble(Record, frozen=True, kw_only=True):
    """Something that is wrong."""

    id: str
    """Of the fact: `github.environment-refs:pypi`."""
    title: str
    remedy: str
    url: str = ""
    code: str = ""
    """Of its page; empty where it has none."""


class Watched(Record, frozen=True, kw_only=True):
    """What was found, as far as the issue says it."""

    project: str
    file: str
    """Of the workflow that looks."""
    at: float
    """Seconds since 1970."""
    run: str
    """Address of the run; empty where there is none."""
    troubles: tuple[Trouble, ...]
    unseen: tuple[Fact, ...]
    """What could not be seen, and why."""


class _Job(msgspec.Struct, frozen=True):
    result: str = ""
    outputs: dict[str, str] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """There is something to say, and no issue that says it."""

    title: str
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """The issue says something else, or is in another state."""

    number: int
    body: str
    state: Literal["open", "closed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Say:
    """Something changed, of which people are told."""

    number: int
    words: str


Action = Open | Change | Say


def decide(watched: Watched, issue: Issue | None) -> tuple[Action, ...]:
    """What to do about the issue.

    Who closes it while something is wrong gets it back, unless it was closed as not planned and nothing is new.

    Args:
        issue: the one that is open, else the newest of this project.
    """
    before = _about(issue)
    unseen = {fact.id for fact in watched.unseen}
    now = [*(trouble.id for trouble in watched.troubles), *(id for id in before if id in unseen)]
    text = body(watched, now)
    if issue is None or (issue.state == "closed" and not before):
        return (Open(title=f"Releases of {watched.project} need attention", body=text),) if now else ()
    number, new, gone = issue.number, [id for id in now if id not in before], [id for id in before if id not in now]
    if not now:
        done = Change(number=number, body=text, state="closed")
        return (Say(number=number, words="All is well again."), done) if issue.state == "open" else (done,)
    if issue.state == "closed" and issue.state_reason == "not_planned" and not new:
        return ()
    change = Change(number=number, body=text, state="open")
    if issue.state == "open" and not new and not gone:
        return (change,)
    return change, Say(number=number, words=_news(new, gone) or "It is still there.")


def _about(issue: Issue | None) -> tuple[str, ...]:
    """The ids of the problems that an issue is about; none once all was well."""
    found = _IDS.search(issue.body or "") if issue is not None else None
    return tuple(unquote(word) for word in found["ids"].split()) if found else ()


def _news(new: Collection[str], gone: Collection[str]) -> str:
    parts = (("New", new), ("Mended", gone))
    return " ".join(f"{word}: {', '.join(map(_code, ids))}." for word, ids in parts if ids)


def act(actions: Iterable[Action], issues: Issues) -> Issue | None:
    """Do it, and return the issue that was opened or changed.

    Raises:
        Refused: GitHub does not let it be written.
    """
    issue = None
    for action in actions:
        match action:
            case Open():
                issue = issues.open(action.title, action.body, LABEL)
            case Change(state="closed"):
                issue = issues.change(action.number, body=action.body, state="closed", state_reason="completed")
            case Change():
                issue = issues.change(action.number, body=action.body, state="open")
            case Say():
                issues.say(action.number, action.words)
            case _:
                assert_never(action)
    return issue


def find(issues: Issues, project: str) -> Issue | None:
    """The issue about a project: the one that is open, else the newest."""
    found = [
        issue
        for issue in issues.labelled(LABEL)
        if issue.has_a_say and (named := _IDS.search(issue.body or "")) is not None and named["project"] == project
    ]
    return min(found, key=lambda issue: (issue.state == "closed", -issue.number), default=None)


def watched(examination: Examination, release: Seen, file: str, run: str) -> Watched:
    """What the doctor and the look at the newest release found, for the issue.

    Args:
        release: as `newest` says.
        file: of the workflow that looks.
        run: address of this run.
    """
    title = "The newest release is whole and works"
    of_release = Fact(id=RELEASE, title=title, status=release.status, detail=release.detail)
    counted = [
        (check.fact, check.finding)
        for check in examination.checks
        if check.finding is not None
        and (check.finding.severity is not Severity.NOTE or check.fact.id.partition(":")[0] in ALSO)
    ]
    troubles = [
        Trouble(id=fact.id, title=finding.title, remedy=finding.remedy, url=fact.url, code=finding.code)
        for fact, finding in counted
        if fact.status is Status.PROBLEM
    ]
    if release.status is Status.PROBLEM:
        troubles.insert(0, Trouble(id=RELEASE, title=release.detail, remedy=release.remedy, url=run))
    facts = [fact for fact, _ in counted if fact.status is Status.UNKNOWN]
    return Watched(
        project=examination.project,
        file=file,
        at=examination.at,
        run=run,
        troubles=tuple(troubles),
        unseen=(*([of_release] if release.status is Status.UNKNOWN else []), *facts),
    )


def newest(needs: str) -> Seen:
    """What the job `newest-release` found, from GitHub's `needs` context as JSON; empty where nobody looked."""
    here = "tagship verify --published newest"
    try:
        job = read_json(needs, dict[str, _Job]).get("newest-release") if needs else None
    except msgspec.DecodeError as error:
        return unknown(f"GitHub's needs cannot be read: {error}", remedy=here)
    if job is None:
        return unknown("the newest release was not looked at here", remedy=here)
    verdict, words = job.outputs.get("verdict", ""), job.outputs.get("words", "")
    if verdict == "broken":
        return problem(words or "the newest release is broken", remedy="The run says more, and what to do.")
    if verdict in ("ok", "none"):
        return ok("it was installed and used" if verdict == "ok" else "there is none")
    return unknown(words or f"the job that installs it ended with {job.result or 'nothing'}", remedy=here)


def body(watched: Watched, ids: Collection[str]) -> str:
    """The text of the issue.

    Args:
        ids: of the problems that it is about, those that cannot be seen any more included.
    """
    day = datetime.fromtimestamp(watched.at, tz=UTC).strftime("%Y-%m-%d")
    run = f" ([run]({watched.run}))" if watched.run else ""
    state = many(len(ids), "problem") if ids else "all is well"
    lines = [
        f"<!-- release-watch of {watched.project}: {' '.join(quote(id, safe=':/.') for id in ids)} -->",
        f"`{watched.file}` looked at the releases of {_plain(watched.project)} on {day}{run}: {state}.",
        "",
    ]
    for trouble in watched.troubles:
        see = f" [Look at it]({quote(trouble.url, safe=_ADDRESS)})." if trouble.url else ""
        page = f"[{trouble.code}]({page_of(trouble.code)}) " if trouble.code else ""
        lines += [f"- {page}**{_plain(trouble.title)}** {_code(trouble.id)}\\", f"  {_plain(trouble.remedy)}{see}"]
    unseen = {fact.id: _plain(fact.detail) for fact in watched.unseen}
    lines += [
        f"- {_code(id)} was a problem, and could not be seen this time: {unseen[id]}" for id in ids if id in unseen
    ]
    if unseen:
        lines += ["", f"<details><summary>{many(len(unseen), 'check')} could not be made</summary>", ""]
        for reason in dict.fromkeys(unseen.values()):
            titles = dict.fromkeys(fact.title for fact in watched.unseen if unseen[fact.id] == reason)
            lines.append(f"- {reason}: {_plain('; '.join(titles))}")
        lines += ["", MORE, "", "</details>"]
    return "\n".join((*lines, "", LAST, ""))


def _code(id: str) -> str:
    """An id as code, out of which no name of a file or an environment gets."""
    line = " ".join(clean(id).split())
    return "`" + line.replace("`", "'") + "`"


def _plain(text: str) -> str:
    """Words for an issue: no tags, nobody is mentioned, one line; a backtick that opens no code cannot do so later."""
    line = " ".join(clean(text).split())
    harmless = {"<": "&lt;", "@": "@<!-- -->"}
    return _SPECIAL.sub(lambda f: "&#96;" * len(f["rest"]) if f["rest"] else harmless.get(f[0], f[0]), line)
