"""Stands in for actions/attest and actions/attest-build-provenance: what they refuse; nothing is signed."""

import uuid
from pathlib import Path

from tagship.rehearsal.act.steps.step import Step
from tagship.services import oidc
from tagship.services.addresses import GITHUB

_SUBJECTS = ("subject-path", "subject-digest", "subject-checksums")
_MOST = 1024


def run(step: Step) -> None:
    """Refuse what the action refuses, and leave a bundle in which nothing is (actions/attest v4.2.2, src/main.ts)."""
    attest(step, step.text("subject-path"))
    bundle = step.temporary / uuid.uuid4().hex / "attestation.json"
    bundle.parent.mkdir()
    bundle.write_text("{}\n", encoding="utf-8")
    step.output("bundle-path", str(bundle))
    step.output("attestation-id", "1")
    step.output("attestation-url", f"{GITHUB}/{step.variables['GITHUB_REPOSITORY']}/attestations/1")


def attest(step: Step, paths: str) -> None:
    """Look whether files could be attested by this job."""
    if not step.variables.get(oidc.URL):
        step.fail('missing "id-token" permission. Please add "permissions: id-token: write" to your workflow.')
    given = [name for name in _SUBJECTS if step.text(name)] or (["subject-path"] if paths else [])
    if not given:
        step.fail("One of subject-path, subject-digest, or subject-checksums must be provided")
    if len(given) > 1:
        step.fail("Only one of subject-path, subject-digest, or subject-checksums may be provided")
    if step.text("subject-digest") and not step.text("subject-name"):
        step.fail("subject-name must be provided when using subject-digest")
    checksums = step.text("subject-checksums")
    if checksums and not (step.workspace / checksums).is_file():
        step.fail(f"subject checksums file not found: {checksums}")
    if paths:
        found = _files(step.workspace, paths)
        if not found:
            step.fail(f"Could not find subject at path {paths}")
        if len(found) > _MOST:
            step.fail(f"Too many subjects specified (>{_MOST}). The maximum number of subjects is {_MOST}.")
    if "attestations:write" not in step.variables.get("TAGSHIP_SCOPES", "").split():
        step.fail("Failed to persist attestation: Resource not accessible by integration")


def _files(workspace: Path, paths: str) -> set[Path]:
    """The files of a list of patterns, in lines or with commas between them."""
    patterns = [word.strip() for word in paths.replace(",", "\n").splitlines() if word.strip()]
    found: set[Path] = set()
    for pattern in patterns:
        path = Path(pattern).expanduser()
        root, rest = (Path("/"), pattern[1:]) if path.is_absolute() else (workspace, pattern.removeprefix("./"))
        found |= {one for one in root.glob(rest) if one.is_file()}
    return found
