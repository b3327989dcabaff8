"""The deployment environments as files of the repository, `.github/environments/NAME.yml`: reviewed like code.

`init` writes what the workflow needs, people change it, and what stands there is what GitHub's settings are compared
with and set to. It is read strictly: a key that is misspelt would otherwise protect nothing, and nobody would know.
"""

import difflib
import json
from pathlib import Path
from urllib.parse import quote

from tagship.errors import ProjectError
from tagship.model import Record
from tagship.project.yaml_nodes import Items, Mapping, Node, Scalar
from tagship.project.yaml_nodes import read as read_yaml
from tagship.services.addresses import GITHUB_MANUAL
from tagship.workflow.variant import Variant

FOLDER = ".github/environments"
MOST_REVIEWERS, LONGEST_WAIT = 6, 43_200
"""Users or teams, and minutes."""
SOURCE = f"{GITHUB_MANUAL}/actions/reference/workflows-and-actions/deployments-and-environments"


class Environment(Record, frozen=True, kw_only=True, rename="kebab"):
    """Who and what may deploy to an environment."""

    name: str
    branches: tuple[str, ...] = ()
    """Patterns, as GitHub has them: `*` stops at a slash."""
    tags: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    """Users (`ada`) or teams (`acme/release`), one of whom has to approve; none where nobody has to."""
    wait_timer: int = 0
    """Minutes."""
    prevent_self_review: bool = False
    admins_bypass: bool = False
    """Whether administrators may go on without approval and before the time."""

    @property
    def path(self) -> str:
        """Its file."""
        return f"{FOLDER}/{quote(self.name, safe='')}.yml"


def wanted(variant: Variant) -> tuple[Environment, Environment]:
    """What the workflow of a project needs, and no more: for TestPyPI, and for PyPI, which no branch reaches."""
    return (
        Environment(name=variant.testpypi, branches=(variant.default_branch,), tags=(variant.tags,)),
        Environment(name=variant.pypi, tags=(variant.tags,)),
    )


def render(environment: Environment, repository: str) -> str:
    """The file of an environment, its stamp aside."""
    return f"""\
# The environment {environment.name} on GitHub: who and what may deploy to it, that is, publish.
#
# `tagship doctor` compares this file with the settings of {repository}, `tagship doctor --apply` sets them.
# Everything else about the environment, and every other environment, is left alone.

# The refs that may deploy. `*` stands for anything but a slash.
branches: {json.dumps(environment.branches, ensure_ascii=False)}
tags: {json.dumps(environment.tags, ensure_ascii=False)}

# Who has to approve each deployment, one of up to six: users (ada) or teams (acme/release). Nobody for an empty list.
reviewers: {json.dumps(environment.reviewers, ensure_ascii=False)}

# Whether it has to be somebody else than who pushed the tag.
prevent-self-review: {json.dumps(environment.prevent_self_review)}

# Minutes before a deployment begins, for second thoughts: 0 to 43200.
wait-timer: {environment.wait_timer}

# Whether administrators may do without approval and waiting. Only a person can set it, on the environment's page.
admins-bypass: {json.dumps(environment.admins_bypass)}
"""


def read(root: Path, wanted: Environment) -> Environment:
    """What the file of an environment says; what tagship wants where there is none.

    Raises:
        ProjectError: the file cannot be understood, with the line.
    """
    path = root / wanted.path
    if not path.is_file():
        return wanted
    return parse(path.read_bytes(), wanted.name, wanted.path)


def parse(data: bytes, name: str, where: str) -> Environment:
    """Understand a file.

    Raises:
        ProjectError: it is not what it should be, with the line.
    """
    root, _, problems = read_yaml(data)
    for problem in problems:
        raise _wrong(problem.why, where, problem.line, "Correct it.")
    if not isinstance(root, Mapping):
        raise _wrong("it has no keys", where, 1, f"Its keys are {', '.join(KEYS)}.")
    for key, _ in root.entries:
        if key.text not in KEYS:
            close = difflib.get_close_matches(key.text.replace("_", "-"), KEYS, n=1)
            meant = f" (did you mean {close[0]}?)" if close else ""
            raise _wrong(f"unknown key: {key.text}{meant}", where, key.line, f"Its keys are {', '.join(KEYS)}.")
    if not any(root.get(key) for key in ("branches", "tags")):
        raise _wrong(
            "it lets in no branch and no tag", where, 1, "Write `tags:` with the pattern of your release tags."
        )
    reader = _Reader(root, where)
    return Environment(
        name=name,
        branches=reader.texts("branches"),
        tags=reader.texts("tags"),
        reviewers=reader.reviewers(),
        wait_timer=reader.minutes(),
        prevent_self_review=reader.flag("prevent-self-review"),
        admins_bypass=reader.flag("admins-bypass"),
    )


KEYS = ("branches", "tags", "reviewers", "prevent-self-review", "wait-timer", "admins-bypass")


def _wrong(why: str, where: str, line: int, remedy: str) -> ProjectError:
    return ProjectError(f"the environment was not understood: {why}", remedy=remedy, where=f"{where}:{line}")


class _Reader:
    def __init__(self, root: Mapping, where: str) -> None:
        self._root, self._where = root, where

    def texts(self, key: str) -> tuple[str, ...]:
        node = self._root.get(key)
        if node is None or (isinstance(node, Scalar) and node.value is None):
            return ()
        items = node.items if isinstance(node, Items) else (node,)
        for item in items:
            if not isinstance(item, Scalar) or not isinstance(item.value, str) or not item.text.strip():
                raise self._refused(key, "is a list of texts", item)
        return tuple(item.text for item in items if isinstance(item, Scalar))

    def reviewers(self) -> tuple[str, ...]:
        found = self.texts("reviewers")
        if len(found) > MOST_REVIEWERS:
            raise self._refused("reviewers", f"has {MOST_REVIEWERS} at most", self._root.get("reviewers"))
        return tuple(name.removeprefix("@") for name in found)

    def minutes(self) -> int:
        node = self._root.get("wait-timer")
        if node is None:
            return 0
        if not isinstance(node, Scalar) or type(node.value) is not int or not 0 <= node.value <= LONGEST_WAIT:
            raise self._refused("wait-timer", f"is a number of minutes, 0 to {LONGEST_WAIT}", node)
        return node.value

    def flag(self, key: str) -> bool:
        node = self._root.get(key)
        if node is None:
            return False
        if not isinstance(node, Scalar) or not isinstance(node.value, bool):
            raise self._refused(key, "is true or false", node)
        return node.value

    def _refused(self, key: str, what: str, node: Node | None) -> ProjectError:
        line = node.line if node is not None else 1
        return _wrong(f"{key} {what}", self._where, line, f"See {SOURCE}")
