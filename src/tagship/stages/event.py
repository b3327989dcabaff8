"""The event of a run, from the variables that GitHub Actions sets for every job.

Elsewhere the command line sets the same variables (`tagship plan --tag v1.2.3`), so there is one reading.
Source: https://docs.github.com/actions/reference/workflows-and-actions/variables
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tagship.errors import UsageError
from tagship.model import Event, Inputs
from tagship.shapes import read_json

NAMES = ("push", "workflow_dispatch")


class _Repository(msgspec.Struct):
    default_branch: str = ""


class _Payload(msgspec.Struct):
    repository: _Repository = msgspec.field(default_factory=_Repository)
    inputs: dict[str, str | bool] | None = None


def read(environment: Mapping[str, str], commit: str, default_branch: str) -> Event:
    """The event.

    Args:
        commit: what is checked out: GITHUB_SHA is not used, since an annotated tag's push may name the tag object.
        default_branch: as the repository itself shows it, for where the payload does not say.

    Raises:
        UsageError: the variables are not there, or the event is none that publishes.
    """
    name = environment.get("GITHUB_EVENT_NAME", "")
    ref = environment.get("GITHUB_REF", "")
    if not ref:
        raise UsageError(
            "Nothing was planned: no event and no tag was named",
            remedy="Name what to release: tagship plan --tag v1.2.3, or --branch main for a development version.",
        )
    if name not in NAMES:
        raise UsageError(
            f"Nothing was planned: the event {name!r} never publishes",
            remedy="Publish from a push or a manual dispatch.",
            where="GITHUB_EVENT_NAME",
        )
    payload = _payload(environment.get("GITHUB_EVENT_PATH", ""))
    return Event(
        name="push" if name == "push" else "workflow_dispatch",
        repository=environment.get("GITHUB_REPOSITORY", ""),
        ref=ref,
        sha=commit,
        default_branch=payload.repository.default_branch or default_branch,
        run_id=environment.get("GITHUB_RUN_ID", ""),
        inputs=_inputs(payload.inputs or {}),
    )


def _payload(path: str) -> _Payload:
    if not path or not Path(path).is_file():
        return _Payload()
    try:
        return read_json(Path(path).read_bytes(), _Payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(
            f"Nothing was planned: the event's payload cannot be read: {error}",
            remedy="Give the file that GitHub wrote, unchanged.",
            where="GITHUB_EVENT_PATH",
        ) from error


def _inputs(given: Mapping[str, str | bool]) -> Inputs:
    target = str(given.get("target_env") or "testpypi")
    if target not in ("testpypi", "pypi"):
        raise UsageError(
            f"Nothing was planned: target_env is {target!r}", remedy="Use testpypi or pypi.", where="target_env"
        )
    return Inputs(
        # GitHub sends booleans as booleans or as words, by event; anything but a clear "no" is a dry run.
        dry_run=str(given.get("dry_run", "false")).lower() not in ("false", ""),
        target_env="pypi" if target == "pypi" else "testpypi",
        override_reason=str(given.get("override_reason") or "").strip(),
    )
