"""A step of ours in the place of each action that workflows of Python projects use: one table.

An action runs code of other people, from the network. What stands in for it does what its documentation says, with the
same inputs and outputs, in the embedded world; the module of `steps` that is named does the work.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec


@dataclass(frozen=True, kw_only=True, slots=True)
class Standin:
    """One row."""

    action: str
    """`owner/name`, or `owner/name/path`."""
    step: str = ""
    """The module of `steps` that does the work; nothing where there is nothing to do."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """The inputs that are honoured, with their defaults; all in lower case."""
    ignored: frozenset[str] = frozenset()
    """The inputs that make no difference here."""
    outputs: tuple[str, ...] = ()
    not_rehearsed: str = ""
    """What of it a rehearsal does not show."""
    missing: bool = False
    """Whether there is none, so that the step does nothing at all."""


_TOKEN = "${{ github.token }}"  # noqa: S105  an expression
STANDINS: tuple[Standin, ...] = (
    Standin(
        action="actions/checkout",  # its action.yml, v7.0.1
        step="checkout",
        inputs={
            **dict.fromkeys(("repository", "ref", "path", "filter", "sparse-checkout"), ""),
            "token": _TOKEN,
            "fetch-depth": "1",
            "fetch-tags": "false",
            "persist-credentials": "true",
            "submodules": "false",
            "sparse-checkout-cone-mode": "true",
        },
        ignored=frozenset({"clean", "lfs", "show-progress", "set-safe-directory", "ssh-strict", "ssh-user"}),
        outputs=("ref", "commit"),
    ),
    Standin(
        action="actions/setup-python",  # its action.yml, v7.0.0
        step="python",
        inputs={"python-version": "", "python-version-file": "", "update-environment": "true"},
        ignored=frozenset(
            {
                "cache",
                "cache-dependency-path",
                "check-latest",
                "token",
                "allow-prereleases",
                "architecture",
                "pip-version",
            }
        ),
        outputs=("python-version", "python-path", "cache-hit"),
    ),
    Standin(
        action="astral-sh/setup-uv",
        step="uv",
        inputs={"python-version": "", "activate-environment": "false"},
        ignored=frozenset(
            {"version", "version-file", "enable-cache", "cache-dependency-glob", "cache-suffix", "prune-cache"}
            | {"github-token", "ignore-empty-workdir", "ignore-nothing-to-cache", "checksum", "cache-local-path"}
        ),
        outputs=("uv-version", "uv-path", "uvx-path", "cache-hit"),
        not_rehearsed="the uv that came with tagship is used, in whatever version",
    ),
    Standin(
        action="actions/upload-artifact",  # its action.yml, v7.0.1
        step="upload",
        inputs={
            "name": "artifact",
            "path": "",
            "if-no-files-found": "warn",
            "retention-days": "0",
            "overwrite": "false",
            "include-hidden-files": "false",
        },
        ignored=frozenset({"compression-level"}),
        outputs=("artifact-id", "artifact-url", "artifact-digest"),
    ),
    Standin(
        action="actions/download-artifact",  # its action.yml, v8.0.1
        step="download",
        inputs={
            **dict.fromkeys(("name", "artifact-ids", "path", "pattern"), ""),
            "merge-multiple": "false",
            "digest-mismatch": "error",
        },
        ignored=frozenset({"skip-decompress"}),
        outputs=("download-path",),
    ),
    Standin(
        action="pypa/gh-action-pypi-publish",  # its action.yml, v1.14.2; the old spellings are aliases
        step="publish",
        inputs={
            "user": "__token__",
            "password": "",
            **dict.fromkeys(("repository-url", "repository_url"), ""),
            **dict.fromkeys(("packages-dir", "packages_dir"), ""),
            **dict.fromkeys(("verify-metadata", "verify_metadata"), ""),
            **dict.fromkeys(("skip-existing", "skip_existing"), ""),
            "verbose": "false",
            **dict.fromkeys(("print-hash", "print_hash"), ""),
            "attestations": "true",
        },
    ),
    Standin(
        action="softprops/action-gh-release",  # its action.yml, v2
        step="release",
        inputs={
            **dict.fromkeys(("files", "body", "body_path", "name", "tag_name", "draft", "prerelease"), ""),
            **dict.fromkeys(("generate_release_notes", "fail_on_unmatched_files", "target_commitish"), ""),
            "token": _TOKEN,
        },
        ignored=frozenset({"make_latest", "preserve_order", "overwrite_files", "working_directory"}),
        outputs=("url", "id", "upload_url"),
    ),
    *(
        Standin(
            action=action,
            ignored=frozenset({"path", "key", "restore-keys", "enablecrossosarchive"}),
            outputs=("cache-hit",),
        )
        for action in ("actions/cache", "actions/cache/restore", "actions/cache/save")
    ),
    *(
        Standin(
            action=action,
            ignored=frozenset(inputs),
            not_rehearsed="attestations: none that verifies can be made offline",
        )
        for action, inputs in (
            ("actions/attest", ("subject-path", "subject-digest", "subject-name", "predicate-type", "predicate-path")),
            (
                "actions/attest-build-provenance",
                ("subject-path", "subject-digest", "subject-name", "subject-checksums"),
            ),
        )
    ),
)
_BY_NAME = {row.action.lower(): row for row in STANDINS}


def standin(uses: str) -> Standin:
    """What stands in for `owner/name@ref`; a row that is `missing` where there is nothing."""
    name = uses.partition("@")[0]
    return _BY_NAME.get(name.lower()) or Standin(action=name, missing=True)


def write(folder: Path, row: Standin, notes: Path) -> None:
    """Write the folder that act takes for the action's repository: a composite action of one step.

    Args:
        folder: where the repository's root is; the action lies in it, or deeper for `owner/name/path`.
        notes: a file to which the step writes what it did not rehearse.
    """
    inner = folder.joinpath(*row.action.split("/")[2:])
    inner.mkdir(parents=True, exist_ok=True)
    code = f"import sys; sys.path[:] = {sys.path!r}; from tagship.rehearsal.act.steps import main; main({row.step!r})"
    step: dict[str, object] = {"id": "step", "shell": "bash", "run": ":"}
    if row.step:
        step |= {"run": 'exec "$TAGSHIP_PYTHON" -I -S -c "$TAGSHIP_CODE"'}
        step["env"] = {
            "TAGSHIP_PYTHON": sys.executable,
            "TAGSHIP_CODE": code,
            "TAGSHIP_NOTES": str(notes),
            "TAGSHIP_INPUTS": "${{ toJSON(inputs) }}",
        }
    action = {
        "name": row.action,
        "description": "stands in for the action in a rehearsal",
        "inputs": {name: {"default": value, "required": False} for name, value in row.inputs.items()},
        "outputs": {name: {"value": f"${{{{ steps.step.outputs.{name} }}}}"} for name in row.outputs},
        "runs": {"using": "composite", "steps": [step]},
    }
    (inner / "action.yml").write_bytes(msgspec.json.format(msgspec.json.encode(action)))  # JSON is YAML
