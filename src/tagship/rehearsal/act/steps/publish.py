"""Stands in for pypa/gh-action-pypi-publish: what the action's own script does, with the twine that came with tagship.

Followed: the action's twine-upload.sh and oidc-exchange.py, v1.14.
"""

import hashlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from tagship.rehearsal.act.steps.exchange import exchange
from tagship.rehearsal.act.steps.step import Step
from tagship.rehearsal.identity import Claims
from tagship.services.addresses import GITHUB, PYPI
from tagship.services.secret import Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """What the action's inputs come to."""

    address: str
    folder: str
    user: str
    password: str
    """Empty for trusted publishing."""
    check: bool
    hashes: bool
    words: tuple[str, ...]
    """twine's own, behind `upload`."""


def plan(step: Step) -> Upload:
    """What is done for some inputs. Everything that is not `false` switches a thing on, as in the action's shell."""

    def on(*names: str, default: str) -> bool:
        return (step.text(*names) or default).lower() != "false"

    verbose = on("verbose", default="false")
    skip = on("skip-existing", "skip_existing", default="false")
    user, password = step.text("user") or "__token__", step.text("password")
    return Upload(
        address=step.text("repository-url", "repository_url") or PYPI.upload,
        folder=(step.text("packages-dir", "packages_dir") or "dist").rstrip("/"),
        user=user,
        password=password,
        check=on("verify-metadata", "verify_metadata", default="true"),
        hashes=verbose or on("print-hash", "print_hash", default="false"),
        words=(*(("--verbose",) if verbose else ()), *(("--skip-existing",) if skip else ())),
    )


def run(step: Step) -> None:
    """Check and upload.

    Raises:
        ToolFailed: trusted publishing is refused, or twine fails.
    """
    todo = plan(step)
    folder = step.workspace / todo.folder
    dists = sorted(path for path in folder.glob("*") if path.is_file()) if folder.is_dir() else []
    minted = exchange(step, todo.address) if not todo.password else None
    password = minted.token if minted is not None else Secret(todo.password)
    if password.reveal() and todo.user == "__token__" and not password.reveal().startswith("pypi-"):
        step.warn('POTENTIALLY INVALID TOKEN: the token does not start with "pypi-" as it typically should.')
    if not any(path.name.endswith((".tar.gz", ".whl")) for path in dists):
        step.warn(
            "MISSING DISTS: It looks like there are no Python distribution packages to publish in the directory "
            f"'{todo.folder}/'. Please verify that they are in place should you face this problem."
        )
    names = [f"{todo.folder}/{path.name}" for path in dists] or [f"{todo.folder}/*"]
    if todo.check:
        _twine(step, "check", *names)
    if todo.hashes:
        for path in dists:
            data = path.read_bytes()
            step.say(f"{path.name}\nSHA256: {hashlib.sha256(data).hexdigest()}")
    variables: dict[str, str | Secret] = {
        "TWINE_USERNAME": todo.user,
        "TWINE_PASSWORD": password,
        "TWINE_REPOSITORY_URL": todo.address,
    }
    attests = step.text("attestations").lower() != "false" and PYPI.web.rpartition("/")[2] in todo.address
    if minted is not None and attests:
        _verify(step, minted.claims)
    _twine(step, "upload", "--non-interactive", "--disable-progress-bar", *todo.words, *names, extra=variables)


def _verify(step: Step, claims: Claims) -> None:
    """Of the attestations, which cannot be made offline, what the index finds wrong with those of a called workflow.

    Their certificate names the file that was started, where the publisher is the file in which the job stands
    (pypi_attestations/_impl.py, `_GitHubTrustedPublisherPolicy.verify`).
    """
    started, here = (str(claims.get(name)).partition("@")[0] for name in ("workflow_ref", "job_workflow_ref"))
    if started != here:
        step.fail(
            "twine upload failed:\nHTTPError: 400 Bad Request\nInvalid attestations supplied during upload: Could not "
            "verify the uploaded artifact using the included attestation: Verification failed: Certificate's Build "
            f"Config URI ({GITHUB}/{claims.get('workflow_ref')}) does not match expected Trusted Publisher "
            f"({here.rpartition('/')[2]} @ {claims.get('repository')})"
        )


def _twine(step: Step, *words: str, extra: Mapping[str, str | Secret] | None = None) -> None:
    known: dict[str, str | Secret] = {**(extra or {}), "NO_COLOR": "1", "COLUMNS": "200"}
    argv = (
        sys.executable,
        "-I",
        "-m",
        "twine",
        words[0],
        *(("--config-file", os.devnull) if extra else ()),
        *words[1:],
    )
    output = step.shell.run(argv, cwd=step.workspace, extra=known, timeout=900)
    step.tell(output)
    if not output.ok:
        said = re.sub(r"\s*\n\s*", "\n", output.tail(4))
        step.fail(f"twine {words[0]} failed:\n{said}")
