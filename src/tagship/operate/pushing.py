"""Pushing, and finding out what arrived where the answer was lost; and who pushes, where that decides what follows."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from tagship.errors import Conflict, PlanRefused, UnknownOutcome
from tagship.services.git import Git
from tagship.services.shell import Output

ACTIONS_BOT = "github-actions[bot]"
"""Whose pushes start no workflow (docs.github.com, "GITHUB_TOKEN")."""
_ASKS = ("through a pull request", "Required status check", "merge queue")
"""What GitHub says of a branch that takes no pushes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """What is pushed: refs, both or none."""

    refs: tuple[str, ...]
    """Full names, `HEAD:refs/heads/main`."""
    named: str
    """In words: `main and v1.2.0`."""
    key: str
    """The ref by which one sees whether it arrived: `refs/tags/v1.2.0`."""
    undo: str
    """The command that takes back what was done here, for where nobody can say what arrived."""


def push(git: Git, parcel: Parcel, patience: float) -> str:
    """Push, and where that failed find out what arrived. Returns what happened, in words.

    Raises:
        PlanRefused: it was refused.
        UnknownOutcome: the remote cannot be asked what arrived.
        Conflict: somebody else's ref of that name arrived in between.
    """
    output = git.run("push", "--atomic", "--no-follow-tags", "--porcelain", "origin", *parcel.refs, timeout=patience)
    if output.ok:
        return f"pushed {parcel.named}"
    short = parcel.key.split("/", 2)[2]
    source = next(ref.partition(":")[0] for ref in parcel.refs if ref.endswith(parcel.key))
    unknown = UnknownOutcome(
        f"The push of {short} broke off, and the remote cannot be asked what arrived\n{output.tail(6)}",
        remedy=f"When it answers again: git push --atomic origin {parcel.named.replace(' and ', ' ')}. It does nothing "
        f"where all has arrived. To take it back: {parcel.undo}",
    )
    asked = git.run("ls-remote", "origin", parcel.key, timeout=patience)
    if not asked.ok:
        raise unknown
    there = asked.stdout.split()
    if there and there[0] == git.text("rev-parse", source):
        return f"pushed {parcel.named}; the answer was lost, and it arrived"
    if there:
        kind = "tag" if parcel.key.startswith("refs/tags/") else "branch"
        raise Conflict(
            f"Nothing was released: the remote got another {kind} {short} in the meantime",
            remedy="Find out who pushed it; then release the next version.",
            where=short,
        )
    if output.timed_out:
        raise unknown  # it may still be on its way
    raise _refused(output, parcel)


def _refused(output: Output, parcel: Parcel) -> PlanRefused:
    lines = [line.removeprefix("remote:").strip() for line in (output.stdout + output.stderr).splitlines()]
    said = "\n".join([line for line in lines if line and not line.startswith(("To ", "Done"))][-10:])
    error = PlanRefused(
        f"Nothing was released: the push was refused\n{said}",
        remedy="Do as the remote says, and run the same command again.",
        where=parcel.named.partition(" ")[0],
    )
    if asks_for_pull_request(error):
        error.remedy = "tagship release PART --pull-request, or as somebody who may push there."
    return error


def asks_for_pull_request(error: PlanRefused) -> bool:
    """Whether a push was refused because the branch takes pull requests alone."""
    return any(words in error.message for words in _ASKS)


def token_of_git(git: Git, environ: Mapping[str, str]) -> str:
    """The token with which git would push to GitHub from a job; empty where none is found.

    actions/checkout leaves it as a header in git's configuration; an address may hold one; `gh` as git's helper
    gives the variable's.
    """
    address = git.maybe("remote", "get-url", "--push", "origin") or ""
    if not address.startswith("https://"):
        return ""  # a deploy key, whose pushes start workflows
    header = (git.maybe("config", "--get-urlmatch", "http.extraheader", address) or "").rpartition(" ")[2]
    try:
        login = base64.b64decode(header, validate=True).decode() if header else ""
    except (binascii.Error, UnicodeDecodeError):
        login = ""
    named = address.removeprefix("https://").rpartition("@")[0]
    found = (text.partition(":")[2] for text in (login, named) if text)
    return next((token for token in found if token), environ.get("GH_TOKEN") or environ.get("GITHUB_TOKEN") or "")


def starts_nothing(tag: str, workflow: str) -> PlanRefused:
    """The refusal to push a tag with a job's own token."""
    return PlanRefused(
        f"Nothing was pushed: a tag pushed with GITHUB_TOKEN starts no workflow, so that {tag} would not be published",
        remedy="Push with the token of a GitHub App or of a person: actions/checkout takes it as `token`. Or let the "
        f"job push the tag by git, and start the workflow on it, which GITHUB_TOKEN may: git push origin {tag} && "
        f"gh workflow run {workflow} --ref {tag} -f target_env=pypi",
    )
