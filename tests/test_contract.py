"""The judge of GitHub's description is a judge: what is wrong does not pass."""

import json

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from tests.contract import DEVIATIONS, Ledger

REF = {"ref": "refs/tags/v1", "node_id": "x", "url": "https://api.github.com/x"}
OBJECT = {"type": "commit", "sha": "a" * 40, "url": "https://api.github.com/y"}


def judged(method: str, path: str, status: int, body: object = None, **sent: object) -> list[str]:
    """The violations of one exchange, without the address in front."""
    ledger = Ledger()
    request = Request(EnvironBuilder(path=path, method=method, base_url="https://api.github.com", **sent).get_environ())
    data = b"" if body is None else json.dumps(body).encode()
    ledger.judge(request, Response(data, status=status, content_type="application/json"))
    return [violation.split(": ", 1)[1] for violation in ledger.violations]


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "found"),
    [
        ("GET", "/repos/a/b/git/ref/tags/v1", 200, {**REF, "object": OBJECT}, []),
        ("GET", "/repos/a/b/git/ref/tags/v1", 200, REF, [": 'object' is a required property"]),
        ("GET", "/repos/a/b/git/ref/tags/v1", 202, None, ["this status is not described"]),
        ("GET", "/repos/a/b/actions/runs", 200, {"total_count": "1", "workflow_runs": []}, 1),
        ("PUT", "/repos/a/b/immutable-releases", 204, {"enabled": True}, ["no body is described"]),
        ("GET", "/repos/a/b/releases/1", 404, ["gone"], [": ['gone'] is not of type 'object'"]),
        ("GET", "/repos/a/b/made/up", 200, {}, ["this status is not described"]),
    ],
)
def test_wrong_answers_are_found(method: str, path: str, status: int, body: object, found: object) -> None:
    """An answer that the description does not have, in status, shape or type, is a violation."""
    violations = judged(method, path, status, body)
    assert violations == found if isinstance(found, list) else len(violations) == found


@pytest.mark.parametrize(
    ("path", "sent", "found"),
    [
        ("/repos/a/b/releases", {"json": {"tag_name": "v1", "draft": True}}, []),
        ("/repos/a/b/releases", {"json": {"draft": True}}, ["our body, : 'tag_name' is a required property"]),
        (
            "/repos/a/b/releases",
            {"json": {"tag_name": "v1", "darft": True}},
            ["our body has darft, which is not described"],
        ),
        (
            "/repos/a/b/releases?tag=v1",
            {"json": {"tag_name": "v1"}},
            ["we send a parameter that is not described: tag"],
        ),
        ("/repos/a/b/release", {"json": {}}, ["we ask for a path that is not described"]),
    ],
)
def test_wrong_requests_of_ours_are_found(path: str, sent: dict[str, object], found: list[str]) -> None:
    """A path, a parameter or a field that GitHub does not know is a violation, where tagship sends it."""
    agent = {"User-Agent": "tagship/1"}
    assert judged("POST", path, 404, {"message": "Not Found"}, headers=agent, **sent) == found


def test_deviations_are_few_and_have_reasons() -> None:
    """At most ten kinds of deviation are allowed, and each says why."""
    assert len(DEVIATIONS) <= 10
    assert len({deviation.reason for deviation in DEVIATIONS}) == len(DEVIATIONS)
