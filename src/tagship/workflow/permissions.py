"""What the token of each job may do: the `permissions` of a workflow, as GitHub reads them.

Sources: docs.github.com, "Workflow syntax" (permissions, jobs.<job_id>.permissions), "GITHUB_TOKEN"; the scopes and
their levels are those of GitHub's schema (npm @actions/languageservice, workflow-v1.0.json).
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from tagship.workflow.document import Document, Node, Problem, Scalar, text
from tagship.workflow.document import Mapping as Table

Level = Literal["read", "write"]

SCOPES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "actions",
            "artifact-metadata",
            "attestations",
            "checks",
            "code-quality",
            "contents",
            "deployments",
            "discussions",
            "drives",
            "issues",
            "packages",
            "pages",
            "pull-requests",
            "repository-projects",
            "security-events",
            "statuses",
        ),
        ("read", "write"),
    ),
    "copilot-requests": ("write",),
    "id-token": ("write",),
    "models": ("read",),
    "vulnerability-alerts": ("read",),
}
"""The levels of each scope; each may be `none` as well."""
RESTRICTED: Mapping[str, str] = {"contents": "read", "packages": "read"}
"""What a token may do where nobody says and the repository's default is `read`."""
PERMISSIVE: Mapping[str, str] = {scope: levels[-1] for scope, levels in SCOPES.items() if scope != "id-token"}
"""The same where the default is `write`: everything, and still no identity token."""


def effective(document: Document, default: Level = "read") -> Mapping[str, Mapping[str, str]]:
    """What the token of each job may do: scope and level, `write` including `read`; what is not named it may not.

    A job's own `permissions` replace those of the workflow, and either takes away all that it does not name.

    Args:
        default: the repository's setting for workflows that say nothing.
    """
    return {name: of_job(document, name, default) for name in document.jobs}


def of_job(document: Document, job: str, default: Level = "read") -> Mapping[str, str]:
    """What the token of one job may do."""
    own = document.jobs[job].node.get("permissions")
    node = own if own is not None else document.root.get("permissions")
    if node is None:
        return RESTRICTED if default == "read" else PERMISSIVE
    return _granted(node)


def problems(document: Document) -> tuple[Problem, ...]:
    """The permissions for which GitHub refuses the file, in the order of the lines."""
    nodes = (document.root, *(job.node for job in document.jobs.values()))
    return tuple(problem for node in nodes for problem in _problems(node.get("permissions")))


def _granted(node: Node) -> Mapping[str, str]:
    if isinstance(node, Table):
        given = ((key.text, text(value)) for key, value in node.entries)
        return {scope: level for scope, level in given if level in SCOPES.get(scope, ())}
    match text(node):
        case "write-all":
            return {scope: levels[-1] for scope, levels in SCOPES.items()}
        case "read-all":
            return {scope: "read" for scope, levels in SCOPES.items() if "read" in levels}
    return {}


def _problems(node: Node | None) -> Iterator[Problem]:
    match node:
        case None:
            return
        case Table():
            for key, value in node.entries:
                yield from _entry(key, value)
        case _ if text(node) not in ("read-all", "write-all"):
            yield Problem(
                line=node.line, column=node.column, why="`permissions` is a mapping, `read-all` or `write-all`"
            )


def _entry(scope: Scalar, level: Node) -> Iterator[Problem]:
    levels = SCOPES.get(scope.text)
    if levels is None:
        yield Problem(line=scope.line, column=scope.column, why=f"there is no permission `{scope.text}`")
    elif text(level) not in (*levels, "none"):
        allowed = ", ".join((*levels, "none"))
        why = f"the permission `{scope.text}` may be {allowed}, not `{text(level)}`"
        yield Problem(line=level.line, column=level.column, why=why)
