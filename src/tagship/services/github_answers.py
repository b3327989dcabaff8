"""What an answer of GitHub means beyond its body: the next page, the limits, a refusal as the error that fits."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from tagship.errors import Refused, UnknownOutcome, Unreachable, UsageError
from tagship.services.http import READS, Reply


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """What GitHub still lets this token ask, as its last answer said."""

    remaining: int | None = None
    """Requests in this hour; None where nothing was said."""
    reset: float = 0.0
    """When the hour is over, in seconds since 1970."""
    after: float = 0.0
    """Seconds that a refusal asked to wait."""

    @property
    def is_spent(self) -> bool:
        """Whether waiting is all that helps."""
        return self.remaining == 0 or self.after > 0


class _Problem(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Failure(msgspec.Struct):
    message: str = ""
    errors: list[_Problem | str] = []


def belongs(address: str, api: str) -> bool:
    """Whether both are one GitHub: the same host, or `uploads.X` for `api.X` (github.com, and what ends in ghe.com)."""
    sent, asked = urlsplit(address), urlsplit(api)
    hosts = {asked.netloc}
    if asked.netloc.startswith("api."):
        hosts.add(f"uploads.{asked.netloc.removeprefix('api.')}")
    return sent.scheme == asked.scheme and sent.netloc in hosts


def named(repository: str) -> str:
    """The repository that is asked about.

    Raises:
        UsageError: nobody said which one.
    """
    if not repository:
        raise UsageError(
            "GitHub was not asked: which repository this is was not said",
            remedy="Set GITHUB_REPOSITORY=owner/name, as GitHub Actions does.",
            where="GITHUB_REPOSITORY",
        )
    return repository


def next_page(link: str) -> str | None:
    """The address of the next page out of a Link header (RFC 8288)."""
    for part in link.split(","):
        address, _, parameters = part.partition(";")
        if 'rel="next"' in parameters:
            return address.strip().strip("<>")
    return None


def budget(reply: Reply) -> Budget:
    """What an answer says about the limits (docs.github.com, "Rate limits for the REST API")."""

    def number(name: str) -> int | None:
        text = reply.headers.get(name, "")
        return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None

    refused = reply.status in (403, 429)
    return Budget(
        remaining=number("x-ratelimit-remaining"),
        reset=number("x-ratelimit-reset") or 0.0,
        after=(number("retry-after") or 0.0) if refused else 0.0,
    )


def refusal(reply: Reply) -> Refused | Unreachable | UnknownOutcome:
    """GitHub's no, as the error that fits: what the reader does next decides."""
    try:
        failure = reply.json(_Failure)
    except Refused:
        failure = _Failure(message=reply.reason)
    details = [e if isinstance(e, str) else (e.message or e.code) for e in failure.errors]
    said = "; ".join([failure.message, *details]).strip("; ")
    what = f"{reply.method} {reply.url.split('?')[0]}"
    limits = budget(reply)
    if reply.status >= 500 and reply.method not in READS:
        return UnknownOutcome(
            f"{what} got no clear answer: {reply.status} {said}",
            remedy="Run the same command again: it looks at what is there before it sends anything.",
            where=what,
        )
    if limits.is_spent or reply.status == 429 or reply.status >= 500 or "secondary rate limit" in said:
        until = f"{limits.after:.0f} seconds" if limits.after else "(the header x-ratelimit-reset says until when)"
        return Unreachable(
            f"GitHub does not answer now: {reply.status} {said}",
            remedy=f"Wait {until} and run the same command again.",
            where=what,
        )
    if reply.status == 422 and ("already_exists" in said or "already exists for" in said):
        return UnknownOutcome(  # made since we looked, by us or by somebody else
            f"GitHub has it already: {said}", remedy="Run the command again: it looks first.", where=what
        )
    needed = reply.headers.get("x-accepted-github-permissions", "")
    hint = f" It needs the permission {needed}." if needed else ""
    remedies = {
        401: "The token is wrong, expired or revoked: give another one.",
        403: "Give the job or the token the missing permission." + hint,
        404: "Check the name; GitHub also answers 404 where a token may not see something." + hint,
    }
    return Refused(
        f"GitHub refused: {reply.status} {said}",
        remedy=remedies.get(reply.status, "Read GitHub's words above; the request is named."),
        where=what,
    )
