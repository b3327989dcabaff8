"""The lock that GitHub heeds: `.github/workflows/actions.lock`, which `gh actions-lock` writes and nobody else.

Once a workflow is listed in it, each of its actions has to be as well, or GitHub starts no job of it (GitHub
documentation, Workflow dependency lockfiles).
"""

from tagship.project.ci import FOLDER
from tagship.project.yaml_nodes import Mapping, read, scalars
from tagship.workflow.document import Document

PATH = f"{FOLDER}/actions.lock"


class Unreadable(ValueError):
    """The lock is none that can be read; GitHub ignores it without a word."""


def lacking(text: str, document: Document) -> tuple[str, ...] | None:
    """The actions of a workflow that the lock lacks; None where the workflow is not listed.

    Raises:
        Unreadable: the lock is broken.
    """
    root, _, problems = read(text.encode())
    listed = root.get("workflows") if isinstance(root, Mapping) else None
    if problems or not isinstance(listed, Mapping):
        raise Unreadable
    entry = listed.get(document.file)
    if entry is None:
        return None
    locked = {scalar.text.lower() for scalar in scalars(entry)}
    used = {step.uses.text.lower() for job in document.jobs.values() for step in job.steps if step.uses is not None}
    return tuple(
        name for name in sorted(used) if not name.startswith((".", "$", "docker:")) and _whole(name) not in locked
    )


def _whole(used: str) -> str:
    """`owner/name@ref`: an action in a folder of a repository is locked with the whole of it."""
    name, _, ref = used.partition("@")
    return f"{'/'.join(name.split('/')[:2])}@{ref}"
