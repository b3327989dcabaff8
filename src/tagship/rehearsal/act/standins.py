"""A step of ours in the place of each action that workflows of Python projects use: one table.

An action runs code of other people, from the network. What stands in for it does what its documentation says, with the
same inputs and outputs, in the embedded world; the module of `steps` that is named does the work.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from tagship.workflow.pins import PINS

NEWEST = 10**6
"""Stands for the newest number."""
_VERSION = re.compile(r"(?:release/)?v?(\d+(?:\.\d+){0,2})")
_COMMENTED = re.compile(r"\bv(\d+(?:\.\d+){0,2})|\b(\d+(?:\.\d+){1,2})\b")
_COMMIT = re.compile(r"[0-9a-f]{40}")


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
    retired: int = 0
    """GitHub begins no job that uses this major version or an older one."""
    unmoved: int = 0
    """From this major version on, there are no tags that move, as `v8`."""
    release: tuple[int, ...] = (NEWEST,) * 3
    """The version that is meant."""


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
            "clean": "true",
            "lfs": "false",
        },
        ignored=frozenset(
            {"show-progress", "set-safe-directory", "ssh-strict", "ssh-user", "allow-unsafe-pr-checkout"}
        ),
        outputs=("ref", "commit"),
    ),
    Standin(
        action="actions/setup-python",  # its action.yml, v7.0.0
        step="python",
        inputs={
            **dict.fromkeys(("python-version", "python-version-file", "cache", "cache-dependency-path"), ""),
            "update-environment": "true",
        },
        ignored=frozenset({"check-latest", "token", "allow-prereleases", "architecture", "pip-version"}),
        outputs=("python-version", "python-path", "cache-hit"),
    ),
    Standin(
        action="astral-sh/setup-uv",  # its action.yml, v9.0.0
        step="uv",
        inputs={
            **dict.fromkeys(("python-version", "venv-path", "working-directory", "tool-dir", "tool-bin-dir"), ""),
            "activate-environment": "false",
            "no-project": "false",
        },
        ignored=frozenset(
            {"version", "version-file", "enable-cache", "cache-dependency-glob", "cache-suffix", "prune-cache"}
            | {"github-token", "ignore-empty-workdir", "ignore-nothing-to-cache", "checksum", "cache-local-path"}
            | {"restore-cache", "save-cache", "cache-python", "add-problem-matchers", "quiet", "resolution-strategy"}
            | {"download-from-astral-mirror", "manifest-file"}
        ),
        outputs=("uv-version", "uv-path", "uvx-path", "cache-hit", "venv", "python-version"),
        not_rehearsed="the uv that came with tagship is used, in whatever version",
        unmoved=8,
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
            "archive": "true",
            "compression-level": "6",
        },
        outputs=("artifact-id", "artifact-url", "artifact-digest"),
        retired=3,
    ),
    Standin(
        action="actions/download-artifact",  # its action.yml, v8.0.1
        step="download",
        inputs={
            **dict.fromkeys(("name", "artifact-ids", "path", "pattern", "github-token", "repository", "run-id"), ""),
            "merge-multiple": "false",
            "skip-decompress": "false",
            "digest-mismatch": "error",
        },
        outputs=("download-path",),
        retired=3,
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
            "attestations": "",
        },
    ),
    Standin(
        action="softprops/action-gh-release",  # its action.yml, v3.0.0
        step="release",
        inputs={
            **dict.fromkeys(("files", "body", "body_path", "name", "tag_name", "draft", "prerelease"), ""),
            **dict.fromkeys(("generate_release_notes", "fail_on_unmatched_files", "target_commitish"), ""),
            **dict.fromkeys(("repository", "append_body", "previous_tag", "make_latest", "working_directory"), ""),
            "discussion_category_name": "",
            "overwrite_files": "true",
            "token": _TOKEN,
        },
        ignored=frozenset({"preserve_order"}),
        outputs=("url", "id", "upload_url", "assets"),
    ),
    *(
        Standin(
            action=action,
            ignored=frozenset(
                {"path", "key", "restore-keys", "enablecrossosarchive", "fail-on-cache-miss", "lookup-only"}
                | {"upload-chunk-size", "save-always"}
            ),
            outputs=("cache-hit", "cache-primary-key", "cache-matched-key"),
            retired=2,
        )
        for action in ("actions/cache", "actions/cache/restore", "actions/cache/save")
    ),
    *(
        Standin(
            action=action,  # their action.yml, v4.2.2 and v4.1.0
            step="attest",
            inputs=dict.fromkeys(("subject-path", "subject-digest", "subject-name", "subject-checksums"), ""),
            ignored=frozenset(
                {"predicate-type", "predicate", "predicate-path", "sbom-path", "subject-version", "show-summary"}
                | {"github-token", "create-storage-record"}
            ),
            outputs=("bundle-path", "attestation-id", "attestation-url", "storage-record-ids"),
            not_rehearsed="attestations: none that verifies can be made offline",
        )
        for action in ("actions/attest", "actions/attest-build-provenance")
    ),
    Standin(
        action="hynek/build-and-inspect-python-package",  # its action.yml, v3.0.1
        step="inspect",
        inputs={
            "path": ".",
            **dict.fromkeys(("skip-wheel", "skip-sdist", "attest-build-provenance-github"), "false"),
            "upload-name-suffix": "",
            "python-version": "3.14",
            "include-free-threaded": "false",
        },
        outputs=(
            *("artifact-name", "dist", "package_name", "package_version", "supported_python_classifiers_json_array"),
            "supported_python_classifiers_json_job_matrix_value",
        ),
        not_rehearsed="check-wheel-contents, and the tools in its own versions",
        unmoved=3,
    ),
)
_BY_NAME = {row.action.lower(): row for row in STANDINS}


def standin(uses: str, comment: str = "") -> Standin:
    """What stands in for `owner/name@ref`; a row that is `missing` where there is nothing.

    Args:
        comment: what stands behind it, which for a commit is its version.
    """
    name, _, ref = uses.partition("@")
    row = _BY_NAME.get(name.lower()) or Standin(action=name, missing=True)
    return replace(row, release=_release(ref, comment))


def _release(ref: str, comment: str) -> tuple[int, ...]:
    """The version that a ref means, the newest where it tells none; a tag as `v4` follows the newest of its own."""
    found: re.Match[str] | None
    if _COMMIT.fullmatch(ref):
        found = _COMMENTED.search(next((pin.version for pin in PINS if pin.sha == ref), comment))
    else:
        found = _VERSION.fullmatch(ref)
    parts = next(filter(None, found.groups())).split(".") if found else []
    return (*map(int, parts), NEWEST, NEWEST, NEWEST)[:3]


def refusal(row: Standin, uses: str) -> str:
    """Why GitHub does not begin a job with an action, in its words; nothing where it does.

    Versions that it retired: github.blog/changelog, 2024-02-13 and 2024-04-16 (artifacts), 2024-12-05 (cache).
    """
    name, _, ref = uses.partition("@")
    if row.release[0] <= row.retired:
        repository = "/".join(name.split("/")[:2])
        return (
            f"This request has been automatically failed because it uses a deprecated version of `{repository}: {ref}`."
        )
    moving = row.release[-1] == NEWEST and not _COMMIT.fullmatch(ref)
    if row.unmoved and moving and NEWEST > row.release[0] >= row.unmoved:
        return f"Unable to resolve action `{uses}`, unable to find version `{ref}`"
    return ""


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
            "TAGSHIP_RELEASE": ".".join(map(str, row.release)),
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
