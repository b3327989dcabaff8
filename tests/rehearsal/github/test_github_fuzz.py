"""Requests of any shape to the embedded GitHub: each gets an answer that its description has, and none an accident."""

import json
import re
from urllib.parse import quote

import pytest
from github_world import World, served
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagship.rehearsal.github.app import ROUTES

EXAMPLES = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
WORDS = st.text(max_size=8) | st.sampled_from(
    ["main", "v1", "heads/main", "tags/v1", "..", "0" * 40, "a...b", "-x", "--help", "1", "9" * 30, "@{-1}", "HEAD~9"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
NAMES = (
    *("tag_name", "target_commitish", "name", "body", "draft", "prerelease", "make_latest", "ref", "sha", "force"),
    *("inputs", "state", "context", "query", "variables", "enforcement", "rules", "conditions", "wait_timer"),
    *("reviewers", "deployment_branch_policy", "type", "generate_release_notes", "previous_tag_name"),
    *(
        "title",
        "labels",
        "head",
        "base",
        "merge_method",
        "commit_title",
        "bypass_actors",
        "target",
        "security_and_analysis",
    ),
)
BODIES = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5).map(lambda body: json.dumps(body).encode())


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory):
    """One world for all requests."""
    with served(tmp_path_factory.mktemp("fuzz")) as made:
        made.tag("v1", made.first)
        event = made.state.event("push", "refs/heads/main")
        made.state.add_run(event, ".github/workflows/publish.yml", jobs={"test": "failure"})
        yield made


@EXAMPLES
@given(st.data())
def test_any_request_is_answered(lasting: World, data: st.DataObject) -> None:
    """Any names in the address of any route, any query and any body: a status below 500 and no accident."""
    route = data.draw(st.sampled_from(ROUTES))
    named = {"owner": "ada", "repo": "engine"}
    path = re.sub(r"{(\w+)(:path)?}", lambda m: named.get(m[1]) or quoted(data.draw(WORDS)), route.path)
    query = data.draw(
        st.sampled_from(["", "?per_page=0&page=99999999999", "?per_page=x&page=-1", "?status=%00&name=.."])
    )
    body = data.draw(BODIES | st.binary(max_size=30)) if route.method != "GET" else b""
    lasting.clock.now += 60
    token = lasting.token()
    answer = lasting.ask(route.method, path + query, token=token, data=body)
    assert 200 <= answer.status < 500, (route.method, path, answer.data)


def quoted(text: str) -> str:
    """A word as a part of an address."""
    return quote(text.encode("utf-8", "replace"), safe="/") or "x"
