"""Stands in front of the embedded services: counts what a release asks of them, and breaks what it is told to break.

Requests for other projects' files are neither counted nor broken. The count starts again with every run, and each
request has an address that stays the same from run to run: `publish:4` is the fourth request of publish.
"""

import contextlib
import io
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug import Request, Response

from tagship.errors import UsageError
from tagship.model import Record
from tagship.rehearsal.doors import exchanges
from tagship.rehearsal.faults.kinds import BY_NAME, CRASHES, KINDS, WRITES, Kind, Sort
from tagship.rehearsal.world import Embedded
from tagship.stages import STAGES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NAMES = tuple(stage.name for stage in STAGES)
SERVICES = ("index", "github", "actions")


class Seen(Record, frozen=True, kw_only=True):
    """One request of a run."""

    stage: str
    number: int
    """In its stage, from 1."""
    service: str
    """`index`, `github` or `actions`."""
    sort: Sort
    method: str
    url: str
    """Without query."""
    repeats: bool = False
    """Whether the same was asked before something changed there."""


class Fault(Record, frozen=True, kw_only=True):
    """A kind, aimed at one request."""

    kind: str
    where: str = ""
    """A stage or a service; empty for the whole run."""
    number: int = 1
    """From 1; 0 for the stage as a whole."""

    def __str__(self) -> str:
        if not self.number:
            return f"{self.kind}@{self.where}"
        return f"{self.kind}@{self.where}:{self.number}" if self.where else f"{self.kind}@{self.number}"


def parse(text: str) -> Fault:
    """Read `KIND`, `KIND@N`, `KIND@STAGE:N`, `KIND@SERVICE:N`, and `KIND@STAGE` for what strikes a stage as a whole.

    Raises:
        UsageError: it is none of these; the remedy says what there is.
    """
    kind, _, place = text.partition("@")
    if kind not in BY_NAME:
        names = ", ".join(known.name for known in KINDS)
        raise UsageError(f"Nothing was rehearsed: there is no fault called {kind!r}", remedy=f"Use one of {names}.")
    if text.endswith(("@", ":")):
        place = "?"
    alone = "0" if Sort.STAGE in BY_NAME[kind].strikes else "1"
    where, _, number = (place, "", alone) if place in NAMES + SERVICES else place.rpartition(":")
    if where not in ("", *NAMES, *SERVICES) or not (number or "1").isdecimal() or place.split(":")[-1] == "0":
        short = " In short: --crash publish, --crash publish:2." if kind == "crash" else ""
        raise UsageError(
            f"Nothing was rehearsed: {text!r} aims at nothing",
            remedy=f"Name a request by its number, of the run, a stage or a service: {kind}@3, {kind}@publish:2, "
            f"{kind}@github:1.{short}",
        )
    return Fault(kind=kind, where=where, number=int(number or 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Blow:
    """A request that is being struck."""

    striker: "Striker"
    kind: Kind
    seen: Seen
    host: str
    passed: Callable[[], Response]
    """Let the request take effect, and get its answer."""


Act = Callable[[Blow], Response]


class Striker:
    """Wraps everything that a world's doors lead to.

    Args:
        project: normalised name of the project that is released.
        acts: what each kind does to a request, by its name without `+`.
    """

    def __init__(self, embedded: Embedded, project: str, acts: dict[str, Act]) -> None:
        self.embedded = embedded
        self.stage = ""
        """The stage that is running."""
        self.seen: list[Seen] = []
        self.hit: Seen | None = None
        """The request that was struck first."""
        self.changed: Callable[[Seen], None] = lambda seen: None
        """Told of every request that took effect, before it is answered; may raise ConnectionError."""
        self.old_answers, self.old_until = 0, 0.0
        """How many answers, and until when all answers, come from before the last change."""
        self.down: dict[str, int] = {}
        """How many of the coming connections to a host are refused."""
        self._acts = acts
        self._page = f"/simple/{project}/"
        self._fault: Fault | None = None
        self._lock = threading.Lock()
        self._latest: dict[str, Response] = {}
        self._before: dict[str, Response] = {}
        """The answers from before the last change."""
        doors = embedded.doors
        doors.hosts = {host: self._around(host, application) for host, application in doors.hosts.items()}
        doors.loopback = self._around("", doors.loopback)
        doors.refuses = self._refuses

    @contextlib.contextmanager
    def run(self, fault: Fault | None) -> Iterator[None]:
        """One run, with a fault in it or without; afterwards all is well again, but for what lasts for good."""
        self.seen, self.hit, self._fault = [], None, fault
        try:
            yield
        finally:
            self._fault = None
            self.down.clear()
            self.old_answers, self.old_until = 0, 0.0

    def before(self, seen: Seen) -> Response | None:
        """The answer that a request would have got before the last change."""
        return self._before.get(seen.url)

    def _refuses(self, host: str) -> bool:
        with self._lock:
            left = self.down.get(host, 0)
            self.down[host] = max(0, left - 1)
            return left > 0

    def _around(self, host: str, application: "WSGIApplication") -> "WSGIApplication":
        def wrapped(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            request = Request(environ)
            sort = self._sort(host, request)
            if sort is None:
                return application(environ, start_response)
            if sort in WRITES:
                environ["wsgi.input"] = io.BytesIO(request.get_data())  # so that nothing but the answer breaks
            answer = self._answer(host, request, sort, lambda: Response.from_app(application, environ, buffered=True))
            return answer(environ, start_response)

        return wrapped

    def _sort(self, host: str, request: Request) -> Sort | None:
        """What a request is to a release; None for what is none of its business."""
        path, reads = request.path, request.method in ("GET", "HEAD")
        ours = request.headers.get("User-Agent", "").startswith("tagship")
        match exchanges.service(host, path) if host else "actions":
            case "github":
                return Sort.READ if reads else Sort.WRITE
            case "actions" if path.startswith("/identity"):
                return Sort.IDENTITY
            case "index" if path.startswith("/_/oidc/"):
                return Sort.MINT
            case "index" if not reads:
                return Sort.UPLOAD
            case "index" if path == self._page or path.startswith("/packages/"):
                return Sort.READ if ours else Sort.FETCH
        return None

    def _answer(self, host: str, request: Request, sort: Sort, passed: Callable[[], Response]) -> Response:
        service = exchanges.service(host, request.path) if host else "actions"
        url = f"https://{host or '127.0.0.1'}{request.path}"

        def effect() -> Response:
            answer = passed()
            if sort in WRITES and answer.status_code < 400:
                with self._lock:
                    self._before |= self._latest
                self.changed(seen)
            elif sort is Sort.READ:
                self._latest[url] = answer
            return answer

        with self._lock:
            seen = Seen(
                stage=self.stage,
                number=1 + sum(one.stage == self.stage for one in self.seen),
                service=service,
                sort=sort,
                method=request.method,
                url=url,
                repeats=url in self._before,
            )
            self.seen.append(seen)
            kind = self._struck(seen)
            old = self._before.get(url) if kind is None and sort is Sort.READ and self._shows_old() else None
        if kind is not None:
            return self._acts[kind.name.removesuffix("+")](
                Blow(striker=self, kind=kind, seen=seen, host=host, passed=effect)
            )
        return old or effect()

    def _shows_old(self) -> bool:
        left, self.old_answers = self.old_answers, max(0, self.old_answers - 1)
        return left > 0 or self.embedded.place.clock.now() < self.old_until

    def _struck(self, seen: Seen) -> Kind | None:
        if self._fault is None or self._fault.kind in CRASHES:
            return None
        kind, where = BY_NAME[self._fault.kind], self._fault.where
        if self.hit is not None:
            return kind if kind.lasting and seen.service == self.hit.service else None
        mine = [one for one in self.seen if where in ("", one.stage, one.service)]
        if mine and mine[-1] is seen and len(mine) == self._fault.number and seen.sort in kind.strikes:
            self.hit = seen
            return kind
        return None
