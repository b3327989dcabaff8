"""What a release looks like from outside, and what that says about how it ended. Pure but for `look`."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from tagship.model import Dist, Plan, Record, Target
from tagship.rehearsal.faults.kinds import AGAIN, CONVERGED
from tagship.rehearsal.result import Run
from tagship.rehearsal.world import Embedded

LONGEST = 60.0
"""Real seconds after which one run counts as hanging, and twice as many hours as a gate may wait for CI."""
LONGEST_WAIT = 3 * 3600.0
"""Seconds of the release's own clock, likewise."""


class Page(Record, frozen=True, kw_only=True):
    """A GitHub release: its assets by name and digest, None for a broken upload."""

    draft: bool
    assets: tuple[tuple[str, str | None], ...]


class Public(Record, frozen=True, kw_only=True):
    """Everything of one version that the world shows."""

    files: tuple[tuple[str, str], ...]
    """Names and sha256 on the index."""
    elsewhere: tuple[str, ...] = ()
    """Names on the other index."""
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The release as it should be: the plan, and the files that were built and checked."""

    plan: Plan
    dists: tuple[Dist, ...]


def look(embedded: Embedded, plan: Plan) -> Public:
    """What the world shows of the planned version now."""
    indexes = (embedded.pypi, embedded.testpypi)
    ours, other = indexes if plan.target is Target.PYPI else indexes[::-1]
    mine = [file for file in ours.state.files(plan.project) if f"-{plan.version}" in file.filename]
    return Public(
        files=tuple((file.filename, file.sha256) for file in mine),
        elsewhere=tuple(file.filename for file in other.state.files(plan.project)),
        pages=tuple(
            Page(
                draft=release.draft,
                assets=tuple((a.name, a.sha256 if a.state == "uploaded" else None) for a in release.assets),
            )
            for release in embedded.github.releases
            if release.tag == plan.tag
        ),
    )


def lacking(public: Public, wanted: Wanted) -> tuple[str, ...]:
    """What is missing for a complete release; nothing where it is done."""
    files = {(dist.filename, dist.sha256) for dist in wanted.dists}
    missing = sorted(name for name, _ in files - set(public.files))
    words = [f"{name} is not on the index" for name in missing]
    if wanted.plan.target is Target.PYPI:
        done = [page for page in public.pages if not page.draft]
        if not done:
            words.append("there is no GitHub release")
        words += [f"{name} is not on the GitHub release" for page in done for name, _ in sorted(files - _held(page))]
        words += ["a draft of the GitHub release is left"] * sum(page.draft for page in public.pages)
    return tuple(words)


def wrong(public: Public, wanted: Wanted) -> tuple[str, ...]:
    """What must never be, however a run ends: other bytes, foreign files, two releases, one that came too early."""
    files = {(dist.filename, dist.sha256) for dist in wanted.dists}
    words = [f"{name} is on the index and was not built for this release" for name, _ in set(public.files) - files]
    words += [f"{name} is on the other index" for name in public.elsewhere]
    done = [page for page in public.pages if not page.draft]
    if len(done) > 1:
        words.append(f"there are {len(done)} public GitHub releases")
    for page in done:
        words += [f"{name} is on the GitHub release and was not built for it" for name, _ in _held(page) - files]
        if set(public.files) != files:
            words.append("the GitHub release is public, and the index lacks files")
    return tuple(words)


def _held(page: Page) -> set[tuple[str, str]]:
    return {(name, digest or "nothing") for name, digest in page.assets}


def ended(
    first: tuple[Run, Public], second: tuple[Run, Public] | None, wanted: Wanted, again: Wanted
) -> tuple[str, tuple[str, ...]]:
    """How a release ended, as the table of kinds spells it, and everything about it that must not be.

    Args:
        second: the same command once more, where the first run failed or warned.
        again: what it was to release, where that was built again.
    """
    bad = [*_judged(*first, wanted)]
    if second is None:
        return CONVERGED, (*bad, *lacking(first[1], wanted))
    run, public = second
    bad += _judged(run, public, wanted if run.failed else again)  # never a mixture
    if run.failed:
        return f"refused {run.code}", tuple(bad)
    if any(words in first[0].remedy for words in ("next version", "Yank")) and "again" not in first[0].remedy:
        bad.append(f"the remedy gives up what one more run completes: {first[0].remedy}")
    return AGAIN, (*bad, *lacking(public, again))


def _judged(run: Run, public: Public, wanted: Wanted) -> Iterator[str]:
    early = "the GitHub release is public, and the index lacks files"
    for words in wrong(public, wanted):
        if words != early or not run.code:  # what verify could not see it warns of, and the release goes on
            yield words
    if run.failed and not (run.said and run.remedy):
        yield "an error without words or without a remedy"
    if run.code == "BUG":
        yield f"a bug: {run.said}"
    if run.seconds > LONGEST or run.waited > LONGEST_WAIT:
        yield f"it hung: {run.seconds:.0f} s, {run.waited:.0f} s of waiting"


def leaks(texts: Iterable[tuple[str, str]], secrets: Iterable[str]) -> tuple[str, ...]:
    """Where a secret can be read: as it is, quoted as in an address, or in base64 at any offset.

    Args:
        texts: name and content of everything that was written or shown.
    """
    forms = {secret: frozenset(_forms(secret)) for secret in secrets}
    return tuple(
        f"{name} shows the secret {secret[:4]}…"
        for name, text in texts
        for secret, spelt in forms.items()
        if any(form in text for form in spelt)
    )


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    for user in ("", "_", "__", "__token__:", "x-access-token:"):  # three offsets, and logins as clients send them
        data = b64encode(f"{user}{secret}".encode()).decode().rstrip("=")
        yield data[-(-len(user) * 4 // 3) : -1] if set(user) <= {"_"} else data
