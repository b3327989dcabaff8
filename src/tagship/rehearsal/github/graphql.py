"""GraphQL: the part of GitHub's schema that its command line asks for, read only.

What `gh release`, `run`, `workflow` and `repo view` send was recorded from gh 2.23; the additions of newer
ones (immutability, found by introspection) are there too. An unknown field is an error, as with GitHub.
"""

import base64
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Union

import msgspec

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import Call, Object, Reply, Route, refusal
from tagship.rehearsal.github.objects import Ref, ref
from tagship.rehearsal.github.releases import newest, visible
from tagship.rehearsal.github.state import Json, Release
from tagship.shapes import read_json

if TYPE_CHECKING:
    from graphql import GraphQLSchema

SCHEMA = """
scalar DateTime
scalar URI
enum ReleaseOrderField { CREATED_AT NAME }
enum IssueOrderField { CREATED_AT UPDATED_AT COMMENTS }
enum OrderDirection { ASC DESC }
enum RepositoryVisibility { PUBLIC PRIVATE INTERNAL }
enum RepositoryPermission { ADMIN MAINTAIN WRITE TRIAGE READ }
input ReleaseOrder { field: ReleaseOrderField! direction: OrderDirection! }
input IssueOrder { field: IssueOrderField! direction: OrderDirection! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
interface GitObject { oid: String! }
type Commit implements GitObject { oid: String! }
type Tag implements GitObject { oid: String! target: GitObject! }
type Ref { id: ID! name: String! prefix: String! target: GitObject }
type RepositoryOwner { id: ID! login: String! }
type User { id: ID! login: String! }
type Release {
  id: ID! databaseId: Int name: String tagName: String! description: String isDraft: Boolean! isLatest: Boolean!
  isPrerelease: Boolean! immutable: Boolean! createdAt: DateTime! publishedAt: DateTime updatedAt: DateTime!
  url: URI! author: User
}
type ReleaseConnection { nodes: [Release] totalCount: Int! pageInfo: PageInfo! }
type PullRequest { number: Int! headRepository: Repository }
type PullRequestConnection { nodes: [PullRequest] totalCount: Int! pageInfo: PageInfo! }
type Repository {
  id: ID! databaseId: Int name: String! nameWithOwner: String! owner: RepositoryOwner! description: String url: URI!
  sshUrl: String! homepageUrl: URI isPrivate: Boolean! visibility: RepositoryVisibility! isArchived: Boolean!
  isFork: Boolean! isEmpty: Boolean! hasIssuesEnabled: Boolean! hasWikiEnabled: Boolean!
  hasProjectsEnabled: Boolean! viewerPermission: RepositoryPermission
  viewerDefaultCommitEmail: String viewerPossibleCommitEmails: [String!] viewerHasStarred: Boolean!
  mergeCommitAllowed: Boolean! rebaseMergeAllowed: Boolean! squashMergeAllowed: Boolean! parent: Repository
  stargazerCount: Int! forkCount: Int! createdAt: DateTime! updatedAt: DateTime! pushedAt: DateTime
  defaultBranchRef: Ref ref(qualifiedName: String!): Ref latestRelease: Release release(tagName: String!): Release
  releases(first: Int, after: String, orderBy: ReleaseOrder): ReleaseConnection!
  pullRequests(headRefName: String, first: Int, after: String, orderBy: IssueOrder): PullRequestConnection!
}
type Query { repository(owner: String!, name: String!, followRenames: Boolean): Repository viewer: User! }
"""
PAGE = 30

Value = Union[Json, "Node", Sequence["Node"], Callable[..., "Value"]]
Node = dict[str, Value]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Body of a query."""

    query: str
    variables: dict[str, msgspec.Raw] | None = None
    operationName: str | None = None  # noqa: N815  the name in the protocol


@cache
def _schema() -> "GraphQLSchema":
    from graphql import build_schema

    return build_schema(SCHEMA)


def answer(call: Call) -> Reply:
    """Answer a query. Errors come with status 200, and a repository that may not be seen does not exist."""
    from graphql import graphql_sync

    if call.token.kind == "none":
        raise refusal(401, "Requires authentication")
    question = call.body(Question)
    variables = {name: read_json(raw, object) for name, raw in (question.variables or {}).items()}

    def repository(info: object, owner: str, name: str, followRenames: bool = True) -> Node:  # noqa: N803
        if f"{owner}/{name}".lower() != call.repo.full_name.lower():
            raise LookupError(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return repository_node(call)

    root: Node = {"repository": repository, "viewer": _account(call, call.token.login)}
    result = graphql_sync(_schema(), question.query, root, None, variables, question.operationName)
    body: Object = {"data": result.data}
    if result.errors:
        body["errors"] = [
            _error(e.message, list(e.path or ()), missing=isinstance(e.original_error, LookupError))
            for e in result.errors
        ]
    return Reply(body=body)


def _error(message: str, path: Sequence[str | int], *, missing: bool) -> Json:
    """An error in GitHub's words."""
    if missing:
        return {"type": "NOT_FOUND", "path": path, "message": message}
    unknown = re.match(r"Cannot query field '(\w+)' on type '(\w+)'", message)
    if unknown is None:
        return {"message": message}
    kind, name = unknown[2], unknown[1]
    return {
        "message": f"Field '{name}' doesn't exist on type '{kind}'",
        "extensions": {"code": "undefinedField", "typeName": kind, "fieldName": name},
    }


def repository_node(call: Call) -> Node:
    """The repository."""
    repo, made = call.repo, shapes.when(call.repo.created)
    site = call.urls.web.split("://", 1)[1]
    never = (
        "isArchived",
        "isFork",
        "hasWikiEnabled",
        "hasProjectsEnabled",
        "hasDiscussionsEnabled",
        "viewerHasStarred",
    )
    always = ("hasIssuesEnabled", "mergeCommitAllowed", "rebaseMergeAllowed", "squashMergeAllowed")

    def release(info: object, tagName: str) -> Node | None:  # noqa: N803
        return next((release_node(call, r) for r in visible(call) if r.tag == tagName), None)

    def named(info: object, qualifiedName: str) -> Node | None:  # noqa: N803
        return _ref(call, qualifiedName)

    def releases(info: object, **page: Json) -> Node:
        return _connection([release_node(call, r) for r in visible(call)], **page)

    latest = newest(repo.releases)
    return {
        "id": shapes.node_id("Repository", repo.id),
        "databaseId": repo.id,
        "name": repo.name,
        "nameWithOwner": repo.full_name,
        "owner": _account(call, repo.owner),
        "url": call.urls.page(),
        "sshUrl": f"git@{site}:{repo.full_name}.git",
        "isPrivate": repo.private,
        "visibility": "PRIVATE" if repo.private else "PUBLIC",
        "viewerPermission": "ADMIN" if call.may("administration") else "WRITE" if call.may("contents") else "READ",
        "viewerPossibleCommitEmails": [],
        **dict.fromkeys(never, False),
        **dict.fromkeys(always, True),
        **dict.fromkeys(("stargazerCount", "forkCount"), 0),
        **dict.fromkeys(("createdAt", "updatedAt", "pushedAt"), made),
        "defaultBranchRef": _ref(call, f"refs/heads/{repo.default_branch}"),
        "ref": named,
        "latestRelease": release_node(call, latest) if latest else None,
        "release": release,
        "releases": releases,
        "pullRequests": lambda info, **page: _connection([]),
    }


def _account(call: Call, login: str) -> Node:
    return {"id": shapes.node_id("User", call.repo.id_of(login)), "login": login}


def _ref(call: Call, name: str) -> Node | None:
    """A ref by its full name, or by a short one as GitHub guesses it."""
    places = (name,) if name.startswith("refs/") else (f"refs/heads/{name}", f"refs/tags/{name}")
    found = next((r for r in (ref(call.repo.git, place) for place in places) if r), None)
    return None if found is None else _ref_node(found)


def _ref_node(of: Ref) -> Node:
    _, kind, name = of.name.split("/", 2)
    commit: Node = {"__typename": "Commit", "oid": of.peeled}
    tag: Node = {"__typename": "Tag", "oid": of.sha, "target": commit}
    target = tag if of.type == "tag" else commit
    return {"id": shapes.node_id("Ref", of.name), "name": name, "prefix": f"refs/{kind}/", "target": target}


def release_node(call: Call, of: Release) -> Node:
    """A release."""
    latest = newest(call.repo.releases)
    page = f"untagged-{of.id:x}" if of.draft else of.tag
    return {
        "id": shapes.node_id("Release", of.id),
        "databaseId": of.id,
        "name": of.name,
        "tagName": of.tag,
        "description": of.body,
        "isDraft": of.draft,
        "isLatest": of is latest,
        "isPrerelease": of.prerelease,
        "immutable": of.immutable,
        "createdAt": shapes.when(of.created),
        "updatedAt": shapes.when(of.updated),
        "publishedAt": shapes.moment(of.published),
        "url": call.urls.page(f"/releases/tag/{page}"),
        "author": _account(call, of.author),
    }


def _connection(nodes: Sequence[Node], *, first: Json = PAGE, after: Json = None, **_: Json) -> Node:
    """One page; a cursor says how many nodes came before."""
    start = int(base64.b64decode(after)) if isinstance(after, str) else 0
    end = start + (first if isinstance(first, int) else PAGE)
    cursor = base64.b64encode(str(min(end, len(nodes))).encode()).decode()
    info: Node = {"hasNextPage": end < len(nodes), "endCursor": cursor if nodes else None}
    return {"nodes": nodes[start:end], "totalCount": len(nodes), "pageInfo": info}


ROUTES = (Route("POST", "/graphql", "", answer),)
