"""What the embedded GitHub reads from workflow files: the name, and whether and how they can be started by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from tagship.rehearsal.github.repository import RepositoryState
from tagship.services.git import Git

FOLDER = ".github/workflows/"


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """An input of a manual dispatch."""

    type: str = "string"
    required: bool = False
    default: str | bool | int | float | None = None
    options: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The default as the `inputs` context has it."""
        if isinstance(self.default, bool):
            return str(self.default).lower()
        return "" if self.default is None else str(self.default)


class _Trigger(msgspec.Struct, frozen=True, kw_only=True):
    inputs: dict[str, Input | None] | None = None


class _Triggers(msgspec.Struct, frozen=True, kw_only=True):
    workflow_dispatch: _Trigger | msgspec.UnsetType | None = msgspec.UNSET


class _File(msgspec.Struct, frozen=True, kw_only=True):
    name: str | None = None
    on: str | list[str] | _Triggers = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """A workflow file at one commit."""

    path: str
    name: str
    """Its own, or the path where it has none or cannot be read."""
    inputs: Mapping[str, Input] | None = None
    """None where it cannot be started by hand."""


def workflows(repo: RepositoryState) -> tuple[Workflow, ...]:
    """The workflows of the default branch, by path."""
    sha = repo.git.commit(f"refs/heads/{repo.default_branch}")
    if sha is None:
        return ()
    names = repo.git.text("ls-tree", "-z", "--name-only", sha, FOLDER).split("\0")
    found = (workflow_at(repo, name, sha) for name in names if name.endswith((".yml", ".yaml")))
    return tuple(flow for flow in found if flow is not None)


def workflow_at(repo: RepositoryState, path: str, sha: str) -> Workflow | None:
    """One workflow as it is at a commit, or None where that has no such file."""
    return _read(repo.git, path, sha)


@lru_cache(maxsize=256)
def _read(git: Git, path: str, sha: str) -> Workflow | None:
    """Cached: a commit does not change, and YAML is slow to read."""
    text = git.maybe("show", f"{sha}:{path}")
    if text is None:
        return None
    try:
        file = msgspec.convert(YAML(typ="safe", pure=True).load(text), _File)
    except (YAMLError, msgspec.ValidationError):
        return Workflow(path=path, name=path)
    return Workflow(path=path, name=file.name or path, inputs=_inputs(file.on))


def _inputs(on: str | list[str] | _Triggers) -> Mapping[str, Input] | None:
    if not isinstance(on, _Triggers):
        return {} if "workflow_dispatch" in ([on] if isinstance(on, str) else on) else None
    trigger = on.workflow_dispatch
    if trigger is msgspec.UNSET:
        return None
    named = (trigger.inputs if isinstance(trigger, _Trigger) else None) or {}
    return {name: spec or Input() for name, spec in named.items()}
