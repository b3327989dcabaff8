"""What each fault does to the request that it strikes."""

import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from werkzeug import Response

from tagship.rehearsal.faults.striker import Act, Blow
from tagship.rehearsal.index import EmbeddedIndex, Flag
from tagship.rehearsal.world import Embedded

STALL = 20.0
"""Seconds after which a stalled request is dropped, should the client wait even longer."""
PIECES, PAUSE = 4, 0.05
"""Of a slow answer: how many pieces, and the seconds between them."""
EVENTUAL = 120.0
"""Seconds for which the old state is shown."""
SKEW = 900.0
"""Seconds by which a clock is ahead: longer than an identity token is good for."""
GARBAGE = "<html><title>Welcome to the hotel</title>\n"


def _plain(status: int, *, after: bool = False, wait: int | None = None) -> Act:
    """An answer with a status alone, before the effect or after it."""

    def act(blow: Blow) -> Response:
        if after:
            blow.passed()
        answer = Response(f"<h1>{status}</h1>\n", status=status, content_type="text/html")
        if wait is not None:
            answer.headers["Retry-After"] = str(wait)
        return answer

    return act


def _drop(*, after: bool = False, old: int = 0) -> Act:
    def act(blow: Blow) -> Response:
        if after:
            blow.passed()
        blow.striker.old_answers = old
        raise ConnectionResetError("broken on purpose")

    return act


def _refuse(blow: Blow) -> Response:
    """The open connection breaks, and the next one is refused; or all, for as long as the fault lasts."""
    blow.striker.down[blow.host] = 1_000_000 if blow.kind.lasting else 1
    raise ConnectionResetError("broken on purpose")


def _stall(blow: Blow) -> Response:
    blow.striker.embedded.doors.closing.wait(STALL)
    raise ConnectionResetError("broken on purpose")


def _slow(blow: Blow) -> Response:
    answer = blow.passed()
    data = answer.get_data()
    size = max(1, len(data) // PIECES)

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(data), size):
            time.sleep(PAUSE)
            yield data[start : start + size]

    return Response(pieces(), status=answer.status, headers=answer.headers)


def _cut(blow: Blow) -> Response:
    answer = blow.passed()
    data = answer.get_data()
    cut = Response(iter((data[: len(data) // 2],)), status=answer.status, headers=answer.headers)
    cut.headers["Content-Length"] = str(len(data) + 1)  # an empty body can be cut as well
    return cut


def _garbage(blow: Blow) -> Response:
    return Response(GARBAGE, content_type="text/html")


def _old(*, seconds: float = 0) -> Act:
    def act(blow: Blow) -> Response:
        if seconds:
            blow.striker.old_until = blow.striker.embedded.place.clock.now() + seconds
        return blow.striker.before(blow.seen) or blow.passed()

    return act


def _on_indexes(change: Callable[[EmbeddedIndex], None]) -> Act:
    """Something about both indexes changes, and the request meets it."""

    def act(blow: Blow) -> Response:
        for index in (blow.striker.embedded.pypi, blow.striker.embedded.testpypi):
            change(index)
        return blow.passed()

    return act


def _skew(index: EmbeddedIndex) -> None:
    index.state.clock = functools.partial(_ahead, index.state.clock)


def _ahead(clock: Callable[[], float]) -> float:
    return clock() + SKEW


def _expire(index: EmbeddedIndex) -> None:
    state = index.state
    state.tokens = {text: replace(token, expires=state.clock() - 1) for text, token in state.tokens.items()}


def _read_only(index: EmbeddedIndex) -> None:
    index.state.flags.add(Flag.READ_ONLY)


def _move_tag(blow: Blow) -> Response:
    """The tag gets another commit with the same files."""
    git = blow.striker.embedded.github.git
    for ref in git.lines("for-each-ref", "--format=%(refname)", "refs/tags"):
        tree = git.text("rev-parse", f"{ref}^{{tree}}")
        git.text("update-ref", ref, git.text("commit-tree", "-m", "made by somebody else", tree))
    return blow.passed()


def _use_up(blow: Blow) -> Response:
    github = blow.striker.embedded.github
    for token in github.tokens.values():
        token.used, token.reset = token.limit, github.clock() + 1800
    return blow.passed()


ACTS: dict[str, Act] = {
    "refuse": _refuse,
    "reset": _drop(),
    "stall": _stall,
    "slow": _slow,
    "cut": _cut,
    "garbage": _garbage,
    "429": _plain(429),
    "429-after": _plain(429, wait=30),
    "500": _plain(500),
    "502": _plain(502),
    "503": _plain(503),
    "504": _plain(504),
    "lost": _drop(after=True),
    "lost-502": _plain(502, after=True),
    "lost-old": _drop(after=True, old=1),
    "stale": _old(),
    "eventual": _old(seconds=EVENTUAL),
    "skew": _on_indexes(_skew),
    "expired": _on_indexes(_expire),
    "read-only": _on_indexes(_read_only),
    "moved-tag": _move_tag,
    "rate-limit": _use_up,
}
"""What each kind does to a request, by its name without `+`."""


def heal(embedded: Embedded) -> None:
    """What time mends before the command is run again: the index takes uploads, an hour is over."""
    for index in (embedded.pypi, embedded.testpypi):
        index.state.flags.discard(Flag.READ_ONLY)
    for token in embedded.github.tokens.values():
        token.used = 0
