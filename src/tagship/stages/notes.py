"""The text of a GitHub release: notes, how to install, files with digests, and the CI that stood behind it.

What a person wrote into a draft is theirs. Our sections stand between two comments that nobody sees, and the first of
them has the digest of the notes that we wrote above it: a later run replaces the sections, and the notes only where
they are still ours.
"""

import hashlib
import re

from tagship.model import Manifest, Plan, Status
from tagship.services.addresses import PYPI
from tagship.stages.summary_text import link

LIMIT = 125_000
"""Characters; GitHub refuses a longer body (422, body is too long)."""
ROWS = 300
"""Files that are listed one by one."""
_BEGIN = "<!-- From here on tagship writes; notes {digest} -->"
_END = "<!-- Here tagship ends. -->"
_OURS = re.compile(
    re.escape(_BEGIN).replace(r"\{digest\}", "(?P<digest>[0-9a-f]{16})") + r".*?" + re.escape(_END), re.DOTALL
)


def body(there: str, notes: str, sections: str) -> str:
    """The whole body, as Markdown.

    Args:
        there: what a draft says already; empty for a new one.
        notes: what changed.
        sections: ours, from `sections`.
    """
    there = "\n".join(line.rstrip() for line in there.splitlines())  # a browser sends CRLF
    found = _OURS.search(there)
    above = (there[: found.start()] if found else there).strip()
    below = there[found.end() :].strip() if found else ""
    if not above or (found and found["digest"] == _digest(above)):
        room = LIMIT - len(sections) - len(below) - 200
        notes = "\n".join(line.rstrip() for line in notes.splitlines()).strip()
        above = notes if len(notes) <= room else notes[:room].rpartition("\n")[0] + "\n\nand more"
        digest = _digest(above)
    else:
        digest = "0" * 16
    whole = "\n\n".join(filter(None, (above, _BEGIN.format(digest=digest), sections, _END, below))) + "\n"
    return whole if len(whole) <= LIMIT else there  # a person's words filled it


def sections(plan: Plan, manifest: Manifest) -> str:
    """How to install, the files, the checks."""
    page = PYPI.project_page(plan.project, plan.version)
    pinned = f"{plan.project}=={plan.version}"
    parts = [
        f"## Install\n\n```\npip install {pinned}\nuv add {pinned}\nuvx {plan.project}@{plan.version}\n```",
        f"[{plan.project} {plan.version} on PyPI]({page})",
        _files(manifest),
        _checks(manifest),
    ]
    return "\n\n".join(part for part in parts if part)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _files(manifest: Manifest) -> str:
    rows = [f"| `{d.filename}` | {d.size:,} | `{d.sha256}` |" for d in manifest.dists[:ROWS]]
    more = len(manifest.dists) - ROWS
    rows += [f"| and {more} more | | |"] if more > 0 else []
    return "## Files\n\n| file | bytes | sha256 |\n| --- | ---: | --- |\n" + "\n".join(rows)


def _checks(manifest: Manifest) -> str:
    gate = manifest.entry("gate")
    passed = [f for f in gate.facts if f.status is Status.OK and f.id.startswith("ci.")] if gate is not None else []
    if not passed:
        return ""
    return "## Checks that passed\n\n" + "\n".join(
        f"- {link(fact.title, fact.url)}".replace("\n", " ") for fact in passed
    )
