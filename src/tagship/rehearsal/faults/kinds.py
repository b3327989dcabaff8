"""The table of faults: what each does, which requests it can strike, and how a release is expected to end.

The ends are written before any run. A release that was hit should come right by itself, or when the same command is
run once more; a refusal is right only where nothing else can be. `KIND` strikes one request, `KIND+` this one and all
later ones to the same service until the run is over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tagship.errors import Conflict, PlanRefused, Refused


class Sort(StrEnum):
    """What a request is to the one who sends it."""

    READ = "read"
    """A GET of our own: it can be asked again."""
    IDENTITY = "identity"
    """The job's identity token."""
    MINT = "mint"
    """The exchange of an identity token, which works once, for an upload token."""
    UPLOAD = "upload"
    """A file sent to the index."""
    WRITE = "write"
    """A change on GitHub."""
    FETCH = "fetch"
    """An installer that gets our file."""
    STAGE = "stage"
    """No request: the stage itself."""


READS = frozenset({Sort.READ, Sort.IDENTITY, Sort.FETCH})
WRITES = frozenset({Sort.MINT, Sort.UPLOAD, Sort.WRITE})
REQUESTS = READS | WRITES

CONVERGED, AGAIN = "converged", "after re-run"
"""The release came right in the same run, or in one more."""


def refused(error: type[Refused | Conflict | PlanRefused]) -> str:
    """The end of a release that must not go on: this error, however often it is run."""
    return f"refused {error.code}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One fault."""

    name: str
    does: str
    """What happens, in words."""
    strikes: frozenset[Sort] = REQUESTS
    service: str = ""
    """The only service it can strike; empty for all."""
    end: str = CONVERGED
    ends: Mapping[str, str] = field(default_factory=dict)
    """The end, where it differs for a sort of requests or for a stage."""
    lasting: bool = False
    """Whether everything after it is struck as well, until the run is over."""
    stage: str = ""
    """The only stage it can strike; empty for all."""
    repeated: bool = False
    """Whether it needs an earlier answer from the same address."""

    def expected(self, sort: Sort, stage: str) -> str:
        """The end that was written down for a request."""
        return self.ends.get(sort, self.ends.get(stage, self.end))


def _lasting(kind: Kind) -> Kind:
    """The same until the end of the run: nothing but one more run can help."""
    return replace(
        kind, name=f"{kind.name}+", does=f"{kind.does}, until the run is over", end=AGAIN, ends={}, lasting=True
    )


_BEFORE = "before the request has any effect"
_NETWORK = (
    Kind(name="refuse", does="no connection: the service is down", strikes=REQUESTS - {Sort.IDENTITY}),
    Kind(name="reset", does=f"the connection breaks {_BEFORE}"),
    Kind(name="stall", does="no answer, and nothing is closed"),
    Kind(name="429", does=f"too many requests, {_BEFORE}; no word about when to come back"),
    Kind(name="500", does=f"an internal error {_BEFORE}"),
    Kind(name="502", does=f"a bad gateway {_BEFORE}"),
    Kind(name="503", does=f"unavailable {_BEFORE}"),
    Kind(name="504", does=f"a gateway that waited too long, {_BEFORE}"),
)
KINDS: tuple[Kind, ...] = (
    *_NETWORK,
    *(_lasting(kind) for kind in _NETWORK if kind.name in ("refuse", "reset", "stall", "429", "503")),
    Kind(name="429-after", does=f"too many requests, {_BEFORE}; Retry-After says 30 seconds"),
    Kind(name="slow", does="the answer takes its time, a few bytes at once"),
    Kind(name="cut", does="the answer ends in the middle, after the effect"),
    Kind(
        name="garbage",
        does="a page that is no answer of the service, with status 200, and no effect",
        # nothing can tell that a 200 lies: an upload is believed, missed by verify, and sent by the next run
        end=AGAIN,
        ends={Sort.FETCH: CONVERGED},
    ),
    Kind(name="lost", does="the request takes effect, and the connection breaks before the answer", strikes=WRITES),
    Kind(name="lost-502", does="the request takes effect, and a gateway answers 502", strikes=WRITES),
    Kind(name="lost-old", does="like lost, and what is read next is from before", strikes=WRITES),
    Kind(name="stale", does="one answer from before the last change", strikes=frozenset({Sort.READ}), repeated=True),
    Kind(
        name="eventual",
        does="answers from before the last change, for two minutes",
        strikes=frozenset({Sort.READ}),
        repeated=True,
    ),
    Kind(
        name="skew",
        does="the clock of the index is a quarter of an hour ahead, for good",
        strikes=frozenset({Sort.MINT}),
        end=refused(Refused),
    ),
    Kind(
        name="expired",
        does="the upload token runs out before this file",
        strikes=frozenset({Sort.UPLOAD}),
    ),
    Kind(
        name="read-only",
        does="the index takes no uploads until the run is over",
        strikes=frozenset({Sort.UPLOAD}),
        end=AGAIN,
    ),
    Kind(
        name="moved-tag",
        does="somebody moves the tag on GitHub, for good",
        strikes=frozenset({Sort.READ, Sort.UPLOAD}),
        end=refused(Conflict),
    ),
    Kind(
        name="rate-limit",
        does="the token's requests of this hour are used up",
        strikes=frozenset({Sort.READ, Sort.WRITE}),
        service="github",
        end=AGAIN,
        ends={"gate": CONVERGED},  # it waits for CI anyway
    ),
    Kind(
        name="push-refused",
        does="the remote takes no push, for good",
        strikes=frozenset({Sort.STAGE}),
        stage="plan",
        end=refused(PlanRefused),
    ),
    Kind(
        name="crash",
        does="the stage's process is killed once this took effect, or once the stage has written its manifest",
        strikes=WRITES | {Sort.STAGE},
        end=AGAIN,
    ),
    Kind(
        name="crash-rebuilt",
        does="like crash, and the files were built again with other bytes before the next run",
        strikes=WRITES | {Sort.STAGE},
        end=refused(Conflict),
        ends={Sort.MINT: AGAIN, "plan": AGAIN, "gate": AGAIN},  # nothing was public
    ),
    Kind(
        name="beside",
        does="somebody else releases the same, from beginning to end, while this waits for its answer",
        strikes=WRITES,
    ),
    Kind(
        name="disk-full",
        does="nothing can be written while the stage runs",
        strikes=frozenset({Sort.STAGE}),
        end=AGAIN,
    ),
)
CRASHES = ("crash", "crash-rebuilt", "beside")
"""What `--crash all` runs; `--fault all` runs the others."""
BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}
