"""How often GitHub may be asked: the primary limit by the hour, the secondary ones by the minute.

docs.github.com, "Rate limits for the REST API". Of the secondary limits those are here that one client can reach by
itself, one request after another: points and content by the minute, content by the hour.
"""

from tagship.rehearsal.github.http import refusal
from tagship.rehearsal.github.tokens import Token

MINUTE, HOUR = 60, 3600
POINTS = 900
"""A minute; a read is one point, a write five."""
WRITES = ((MINUTE, 80), (HOUR, 500))
"""Requests that create content: seconds, and so many within them."""
READS = frozenset({"GET", "HEAD", "OPTIONS"})
TOO_FAST = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID."
)


def check(token: Token, who: str, now: float) -> None:
    """Raise GitHub's refusal where the token has asked too often.

    Args:
        who: whose limit it is, in GitHub's words.
        now: seconds since 1970.
    """
    if now >= token.reset:
        token.used, token.reset = 0, now + HOUR
    if token.used >= token.limit:
        raise refusal(403, f"API rate limit exceeded for {who}.")
    seconds = _wait(token, now)
    if seconds > 0:
        raise refusal(403, TOO_FAST, headers={"Retry-After": str(max(1, round(seconds)))})


def count(token: Token, method: str, now: float) -> None:
    """Remember a request that was answered, and forget those that no limit is about any more."""
    token.used += 1
    token.recent.append((now, method not in READS))
    while token.recent[0][0] <= now - HOUR:
        token.recent.popleft()


def _wait(token: Token, now: float) -> float:
    """Seconds until the oldest of too many requests no longer counts; nothing where they are not too many."""
    waits = [0.0]
    minute = [(at, write) for at, write in token.recent if at > now - MINUTE]
    if sum(5 if write else 1 for _, write in minute) >= POINTS:
        waits.append(minute[0][0] + MINUTE - now)
    for span, most in WRITES:
        written = [at for at, write in token.recent if write and at > now - span]
        if len(written) >= most:
            waits.append(written[-most] + span - now)
    return max(waits)
