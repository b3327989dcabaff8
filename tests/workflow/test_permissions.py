"""What the token of each job may do."""

import pytest

from tagship.workflow.document import Document, read
from tagship.workflow.permissions import PERMISSIVE, RESTRICTED, SCOPES, effective, problems

STEPS = "runs-on: ubuntu-latest, steps: [{run: 'true'}]"


def document(top: str, job: str) -> Document:
    """A workflow with these permissions at the top and in its job; nothing for none."""
    named = f"permissions: {job}, " if job else ""
    text = f"on: push\n{f'permissions: {top}' if top else ''}\njobs:\n  build: {{{named}{STEPS}}}\n"
    return read(text.encode(), "publish.yml")


READ_ALL = dict.fromkeys(SCOPES.keys() - {"id-token", "copilot-requests"}, "read")
WRITE_ALL = {scope: "read" if levels == ("read",) else "write" for scope, levels in SCOPES.items()}


@pytest.mark.parametrize(
    ("top", "job", "granted"),
    [
        ("", "", RESTRICTED),
        ("{}", "", {}),
        ("", "{}", {}),
        ("{contents: read}", "", {"contents": "read"}),
        ("{contents: read}", "{id-token: write}", {"id-token": "write"}),
        ("{contents: write}", "{}", {}),
        ("write-all", "{contents: read}", {"contents": "read"}),
        ("", "{contents: none, actions: read}", {"actions": "read"}),
        ("read-all", "", READ_ALL),
        ("write-all", "", WRITE_ALL),
        ("{}", "write-all", WRITE_ALL),
    ],
)
def test_a_jobs_own_permissions_replace_those_of_the_workflow(top: str, job: str, granted: dict[str, str]) -> None:
    """The job's block counts alone where there is one, else the workflow's; what is not named is not granted."""
    assert effective(document(top, job)) == {"build": granted}
    assert problems(document(top, job)) == ()


def test_who_says_nothing_gets_the_repositorys_default() -> None:
    """Without any block the token reads contents and packages, or writes nearly everything; never an identity token."""
    assert effective(document("", ""), "read") == {"build": {"contents": "read", "packages": "read"}}
    assert effective(document("", ""), "write") == {"build": PERMISSIVE}
    assert {"contents", "packages", "actions"} <= PERMISSIVE.keys()
    assert "id-token" not in PERMISSIVE


@pytest.mark.requirement("A13")
@pytest.mark.parametrize("top", ["", "{}", "{contents: write}", "read-all"])
@pytest.mark.parametrize("default", ["read", "write"])
def test_an_identity_token_must_be_asked_for(top: str, default: str) -> None:
    """No default and no block gives an identity token, except one that names it or writes everything."""
    assert "id-token" not in effective(document(top, ""), default)["build"]
    assert effective(document(top, "{id-token: write}"), default)["build"] == {"id-token": "write"}


@pytest.mark.parametrize(
    ("job", "column", "why"),
    [
        ("{content: read}", 25, "there is no permission `content`"),
        ("{contents: admin}", 35, "the permission `contents` may be read, write, none, not `admin`"),
        ("{id-token: read}", 35, "the permission `id-token` may be write, none, not `read`"),
        ("{models: write}", 33, "the permission `models` may be read, none, not `write`"),
        (
            "{contents: '${{ github.x }}'}",
            35,
            "the permission `contents` may be read, write, none, not `${{ github.x }}`",
        ),
        ("all", 24, "`permissions` is a mapping, `read-all` or `write-all`"),
        ("[contents]", 24, "`permissions` is a mapping, `read-all` or `write-all`"),
        ("null", 24, "`permissions` is a mapping, `read-all` or `write-all`"),
    ],
)
def test_what_github_refuses_grants_nothing(job: str, column: int, why: str) -> None:
    """An unknown scope or level is a problem with its place, and the job gets nothing by it."""
    (found,) = problems(document("write-all", job))
    assert (found.line, found.column, found.why) == (4, column, why)
    assert effective(document("write-all", job)) == {"build": {}}
