"""The text of a GitHub release: notes, how to install, files with digests, and the CI that stood behind it."""

from dataclasses import dataclass

from tagship.model import Manifest, Plan, Status
from tagship.services.addresses import PYPI

LIMIT = 120_000
"""Characters; GitHub takes 125,000 in a release's body."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notes:
    """What changed, and who says so."""

    text: str
    source: str


def body(plan: Plan, manifest: Manifest, notes: Notes) -> str:
    """The whole body, as Markdown."""
    page = PYPI.project_page(plan.project, plan.version)
    pinned = f"{plan.project}=={plan.version}"
    parts = [
        notes.text.strip()[:LIMIT],
        f"## Install\n\n```\npip install {pinned}\nuv add {pinned}\nuvx {plan.project}@{plan.version}\n```",
        f"[{plan.project} {plan.version} on PyPI]({page})",
        _files(manifest),
        _checks(manifest),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _files(manifest: Manifest) -> str:
    rows = "\n".join(f"| `{d.filename}` | {d.size:,} | `{d.sha256}` |" for d in manifest.dists)
    return f"## Files\n\n| file | bytes | sha256 |\n| --- | ---: | --- |\n{rows}"


def _checks(manifest: Manifest) -> str:
    gate = manifest.entry("gate")
    passed = [f for f in gate.facts if f.status is Status.OK and f.id.startswith("ci.")] if gate is not None else []
    if not passed:
        return ""
    return "## Checks that passed\n\n" + "\n".join(
        f"- [{fact.title}]({fact.url})" if fact.url else f"- {fact.title}" for fact in passed
    )
