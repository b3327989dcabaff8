"""Stands in for pypa/gh-action-pypi-publish: what the action's own script does, with the twine that came with tagship.

Followed: the action's twine-upload.sh and oidc-exchange.py, v1.14.
"""

import hashlib
import os
import re
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
    check: bool
    hashes: bool
    words: tuple[str, ...]
    """twine's own, behind `upload`."""

    @property
    def trusted(self) -> bool:
        """Whether it is trusted publishing."""
        return self.user == "__token__" and not self.password

    @property
    def official(self) -> bool:
        """Whether it goes to PyPI or TestPyPI."""
        return PYPI.web.rpartition("/")[2] in self.address


def plan(step: Step) -> Upload:
    """What is done for some inputs. Everything that is not `false` switches a thing on, as in the action's shell."""

    def on(*names: str, default: str) -> bool:
        return (step.text(*names) or default).lower() != "false"

    verbose = on("verbose", default="false")
    skip = on("skip-existing", "skip_existing", default="false")
    user, password = step.text("user"), step.text("password")
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
    # as the shell's `*`: what begins with a dot is not meant, and a folder is
    found = sorted(path for path in folder.glob("*") if not path.name.startswith(".")) if folder.is_dir() else []
    dists = [path for path in found if path.name.endswith((".tar.gz", ".whl"))]
    attested = _attested(step, todo)
    minted = exchange(step, todo.address) if todo.trusted else None
    if minted is None and todo.official:
        _token(step, todo)
    password = minted.token if minted is not None else Secret(todo.password)
    if todo.user == "__token__" and not password.reveal().startswith("pypi-"):
        step.warn('POTENTIALLY INVALID TOKEN: the token does not start with "pypi-" as it typically should.')
    if not dists:
        step.warn(
            "MISSING DISTS: It looks like there are no Python distribution packages to publish in the directory "
            f"'{todo.folder}/'. Please verify that they are in place should you face this problem."
        )
    judge_twine(step, dists)
    names = [f"{todo.folder}/{path.name}" for path in found] or [f"{todo.folder}/*"]
    if todo.check:
        twine(step, "check", *names)
    if minted is not None and attested:
        attest(step, dists, minted.claims)
    if todo.hashes:
        for path in (path for path in found if path.is_file()):
            data = path.read_bytes()
            step.say(f"{path.name}\nSHA256: {hashlib.sha256(data).hexdigest()}")
    variables: dict[str, str | Secret] = {
        "TWINE_USERNAME": todo.user,
        "TWINE_PASSWORD": password,
        "TWINE_REPOSITORY_URL": todo.address,
    }
    twine(step, "upload", "--non-interactive", "--disable-progress-bar", *todo.words, *names, extra=variables)


def _attested(step: Step, todo: Upload) -> bool:
    """Whether attestations are made, which is the default since v1.11."""
    wanted = (step.text("attestations") or ("false" if step.before(1, 11) else "true")).lower() != "false"
    why = "" if todo.trusted else "an explicit password was also set, disabling Trusted Publishing"
    why = why or ("" if todo.official else "the specified repository URL does not support PEP 740 attestations")
    if wanted and why:
        step.warn(
            f"The workflow was run with 'attestations: true' input, but {why}. As a result, the attestations input is "
            "ignored."
        )
    return wanted and not why


def _token(step: Step, todo: Upload) -> None:
    """What is said of an upload without trusted publishing; with a user's password it is refused."""
    nudge = (
        "Trusted Publishers allows publishing packages to PyPI from automated environments like GitHub Actions without "
        "needing to use username/password combinations or API tokens to authenticate with PyPI."
    )
    if todo.user != "__token__":
        step.fail(
            "As of 2024, PyPI requires all users to enable Two-Factor Authentication. This consequently requires all "
            "users to switch to either Trusted Publishers (preferred) or API tokens for package uploads."
        )
    step.warn(nudge)


def judge_twine(step: Step, dists: list[Path]) -> None:
    """Versions before v1.12.4 have a twine that knows the metadata up to version 2.3."""
    if not step.before(1, 12, 4):
        return
    step.note("pypa/gh-action-pypi-publish: the older twine of the version that is named; a newer one was used")
    for path in (path for path in dists if path.suffix == ".whl" and zipfile.is_zipfile(path)):
        with zipfile.ZipFile(path) as wheel:
            names = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
            text = wheel.read(names[0])[:200].decode("utf-8", "replace") if names else ""
        version = re.match(r"Metadata-Version: 2\.([4-9]|\d\d)", text)
        if version is not None:
            step.doubt(
                f"uses a version of pypa/gh-action-pypi-publish before v1.12.4, whose twine does not know "
                f"Metadata-Version 2.{version[1]} of {path.name}"
            )


def attest(step: Step, dists: list[Path], claims: Claims) -> None:
    """What would stop the action from attesting, or the index from taking what it attested."""
    folders = [str(path) for path in dists if not path.is_file()]
    if folders:
        listed = ", ".join(folders)
        step.fail(f"The following paths look like distributions but are not actually files: {listed}")
    for path in dists:
        there = path.with_name(f"{path.name}.publish.attestation")
        if there.exists():
            step.fail(f"Attestation generation failure: {path} already has a publish attestation: {there}")
    _verify(step, claims)


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


def twine(step: Step, *words: str, extra: Mapping[str, str | Secret] | None = None) -> None:
    """Run the twine that came with tagship; without credentials, only its check."""
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
