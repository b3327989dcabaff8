"""verify: is what the index serves what was built, and does it work?

Three different bad ends. Not visible yet: uploaded and right as far as can be seen, but the index does not show
everything within the time limit; a warning, the release goes on. Incomplete or other bytes, or an installation that
does not work: broken, the release stops. There is no fixed sleep: the index is asked until it shows every file.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tagship.errors import Broken, NotVisibleYet, Unreachable, UsageError
from tagship.model import Dist, Finding, Manifest, Plan, Severity, Target
from tagship.services.index import Index, IndexPage
from tagship.services.world import World
from tagship.stages.common import ok, planned, problem, unknown, wheel_for_here
from tagship.stages.trial import INSTALL, Subject, clean_installation
from tagship.words import many

DEADLINE = 600.0
"""Seconds until a file that is not shown counts as not visible yet."""

PAUSES = (10.0, 30.0)
"""Seconds before an installation that failed is tried again: whatever broke may have been on the way."""
AWAY = ("Request failed after", "error sending request", "HTTP status server error", "timed out")
"""What uv says of an index that does not answer (uv-client/src/error.rs, reqwest's own words)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """How the index compares with what was built."""

    right: tuple[str, ...]
    missing: tuple[str, ...]
    wrong: tuple[str, ...]
    """Names that are served with another digest."""


def compare(dists: Sequence[Dist], page: IndexPage | None) -> Seen:
    """Compare names and digests."""
    served = {file.filename: file.sha256 for file in page.files} if page is not None else {}
    return Seen(
        right=tuple(d.filename for d in dists if served.get(d.filename) == d.sha256),
        missing=tuple(d.filename for d in dists if d.filename not in served),
        wrong=tuple(d.filename for d in dists if served.get(d.filename, d.sha256) != d.sha256),
    )


def wait(attempt: int) -> float:
    """Seconds before the next look: 1, 2, 4, 8, 16, then 30."""
    return min(30.0, 2.0**attempt)


def run(manifest: Manifest, world: World) -> Manifest:
    """Wait until the index serves our bytes, then install them in a clean environment and use them.

    Raises:
        NotVisibleYet: the deadline passed; nothing is known to be wrong.
        Broken: other bytes are served, or the installed package does not work.
        Unreachable: the index cannot be asked.
    """
    plan = planned(manifest)
    if plan.target is Target.NONE:
        world.journal.skip(f"Nothing to verify: {plan.reason}")
        return manifest
    if not manifest.dists:
        raise UsageError("Nothing was verified: there are no built files", remedy="Run `tagship build` first.")
    index = world.index(plan.target)
    page = _wait_until_visible(plan, manifest.dists, index, world)
    others = page.others(plan.version, {dist.filename for dist in manifest.dists})
    if others and not manifest.local:  # else wheels of it are made elsewhere
        raise Broken(
            f"{index.addresses.name} has {', '.join(others)} in this version, which this build did not make",
            remedy="Find out who uploaded it; yank the version, rotate the tokens, release the next version.",
            where=index.page_url(plan.project),
        )
    chosen = wheel_for_here(manifest.dists) or manifest.dists[-1]  # the sdist is last
    address = next(file.url for file in page.files if file.filename == chosen.filename)
    # Our exact file by address and digest; its dependencies come from PyPI alone. Never two indexes in one install.
    source = f"{plan.project} @ {address}#sha256={chosen.sha256}"
    subject = Subject(id="verify", title=f"{chosen.filename} from {index.addresses.name}", source=source)
    findings = _tried(subject, plan, world)
    for pause in PAUSES:
        if not findings or findings[0].code != INSTALL.code:
            break
        if not index.hands_out(address) or any(words in findings[0].why for words in AWAY):
            raise Unreachable(
                f"{chosen.filename} could not be tried: {index.addresses.name} shows it and does not hand it out now, "
                f"or what it needs\n{findings[0].why}",
                remedy="Run `tagship verify` again later, and what follows: nothing is known to be wrong.",
                where=address,
            )
        world.journal.say(f"{chosen.filename} did not install: once more")
        world.clock.sleep(pause)
        findings = _tried(subject, plan, world)
    if findings:
        raise Broken(
            f"What {index.addresses.name} serves does not work: {findings[0].title}\n{findings[0].why}",
            remedy=f"Yank {plan.version} at {index.addresses.project_page(plan.project, plan.version)}, "
            "correct the fault, and release the next version.",
        )
    return manifest


def _tried(subject: Subject, plan: Plan, world: World) -> list[Finding]:
    return [found for found in clean_installation(subject, plan, world) if found.severity is Severity.ERROR]


def _wait_until_visible(plan: Plan, dists: Sequence[Dist], index: Index, world: World) -> IndexPage:
    """The page of the project, once it shows every file with our digest."""
    begin, attempt = world.clock.now(), 0
    while True:
        page = index.page(plan.project)
        seen = compare(dists, page)
        how = f"GET {index.page_url(plan.project)}"
        if seen.wrong:
            problem(world, "index.bytes", "the index serves our bytes", f"other bytes: {', '.join(seen.wrong)}", how)
            raise Broken(
                f"{index.addresses.name} serves other bytes than were built: {', '.join(seen.wrong)}",
                remedy="Do not announce this release. Find out who uploaded them; yank it; rotate the tokens.",
                where=index.page_url(plan.project),
            )
        if page is not None and not seen.missing:
            ok(world, "index.visible", f"{index.addresses.name} serves our bytes", many(len(dists), "file"), how)
            return page
        waited = world.clock.now() - begin
        if waited >= DEADLINE:
            unknown(world, "index.visible", "the index shows every file", f"missing: {', '.join(seen.missing)}", how)
            if seen.right:
                raise Broken(
                    f"The release is incomplete: {index.addresses.name} shows {', '.join(seen.right)} "
                    f"and not {', '.join(seen.missing)}",
                    remedy="Run `tagship publish` again: it uploads what is missing. After 14 days the release is "
                    "closed, then release the next version.",
                    where=index.page_url(plan.project),
                )
            raise NotVisibleYet(
                f"{index.addresses.name} does not show {', '.join(seen.missing)} after {waited:.0f} s",
                remedy="Run `tagship verify` again later: caches can be slow, and nothing is known to be wrong.",
                where=index.page_url(plan.project),
            )
        world.journal.doing(f"waiting for {', '.join(seen.missing)} on {index.addresses.name}")
        world.clock.sleep(min(wait(attempt), DEADLINE - waited))
        attempt += 1
