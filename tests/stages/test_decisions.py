"""The pure decisions of the stages, as tables: what was seen, and what is done about it."""

import pytest
from packaging.version import Version

from tagship.errors import Conflict, PlanRefused
from tagship.model import Dist, Event, Inputs, Target
from tagship.services.github import Asset, Release
from tagship.services.index import IndexFile, IndexPage
from tagship.stages import github_release, publish, verify
from tagship.stages.plan import Choice, Known, decide
from tagship.versions import TagScheme

SHA = "c" * 40
OURS, OTHER = "a" * 64, "b" * 64
WHEEL = Dist(filename="x-1.0-py3-none-any.whl", kind="wheel", size=1, sha256=OURS)
SDIST = Dist(filename="x-1.0.tar.gz", kind="sdist", size=1, sha256=OURS)


def known(ref: str, *, name: str = "push", inputs: Inputs | None = None, **changes: object) -> Known:
    """What plan knows: version 1.0 declared, 1 commit, `main`, tags spelt `v1.0`."""
    event = Event(
        name="push" if name == "push" else "workflow_dispatch",
        repository="o/r",
        ref=ref,
        sha=SHA,
        default_branch="main",
        inputs=inputs or Inputs(),
    )
    values: dict[str, object] = {
        "event": event,
        "scheme": TagScheme(),
        "declared": Version("1.0"),
        "tags": (),
        "commits": 7,
        "shallow": False,
        "release_branches": ("main",),
        "on_release_branch": True,
        "tagged": SHA if event.tag else None,
        "on_branch": True,
    }
    return Known(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.requirement("A6", "A1")
@pytest.mark.parametrize(
    ("seen", "choice"),
    [
        (known("refs/tags/v1.0"), ("1.0", "v1.0", Target.PYPI)),
        (known("refs/heads/main"), ("1.0.dev7", None, Target.TESTPYPI)),
        (known("refs/heads/feature"), ("1.0.dev7", None, Target.NONE)),
        (known("refs/heads/main", name="dispatch"), ("1.0.dev7", None, Target.TESTPYPI)),
        (known("refs/heads/main", name="dispatch", inputs=Inputs(dry_run=True)), ("1.0.dev7", None, Target.NONE)),
        (known("refs/heads/feature", name="dispatch", inputs=Inputs(dry_run=True)), ("1.0.dev7", None, Target.NONE)),
        (known("refs/tags/v1.0", name="dispatch"), ("1.0", "v1.0", Target.TESTPYPI)),
        (known("refs/tags/v1.0", name="dispatch", inputs=Inputs(target_env="pypi")), ("1.0", "v1.0", Target.PYPI)),
        (
            known("refs/tags/v1.0", name="dispatch", inputs=Inputs(target_env="pypi", dry_run=True)),
            ("1.0", "v1.0", Target.NONE),
        ),
        (known("refs/heads/main", tags=("v1.0",)), ("1.0.1.dev7", None, Target.TESTPYPI)),
        (known("refs/tags/v2.0", declared=None), ("2.0", "v2.0", Target.PYPI)),
    ],
)
def test_what_an_event_releases(seen: Known, choice: tuple[str, str | None, Target]) -> None:
    """Every event releases one version to one place."""
    made = decide(seen)
    assert (str(made.version), made.tag, made.target) == choice
    assert isinstance(made, Choice)


@pytest.mark.requirement("A6", "B4")
@pytest.mark.parametrize(
    ("seen", "words", "remedy"),
    [
        (known("refs/tags/v0.0.1-test"), "is not a PEP 440 version", "use v0.0.1"),
        (known("refs/tags/v1.2.3-evil"), "is not a PEP 440 version", "use v1.2.3"),
        (known("refs/tags/v1.1"), "the project says it is version 1.0", "Tag the commit that says 1.1"),
        (known("refs/tags/v1.0", on_release_branch=False), "its commit is not on main", "Merge the commit first"),
        (
            known("refs/heads/main", name="dispatch", inputs=Inputs(target_env="pypi")),
            "Nothing is released to PyPI from the branch main",
            "Dispatch it on a version tag",
        ),
        (
            known("refs/tags/v1.0", on_release_branch=None, shallow=True),
            "whether its commit is on main cannot be known in this clone",
            "fetch-depth: 0",
        ),
        (known("refs/tags/v1.0", tagged=None), "it is not in this clone", "git fetch origin tag v1.0"),
        (known("refs/tags/v1.0", tagged="d" * 40), "it means the commit dddddddddddd", "git checkout v1.0"),
        (known("refs/heads/main", on_branch=False), "is not on the branch main", "git checkout main"),
        (known("refs/heads/side", on_branch=False), "is not on the branch side", "git checkout side"),
        (
            known("refs/heads/feature", name="dispatch"),
            "Nothing is released from the branch feature: its versions could be those of other commits",
            "Dispatch it on main, or on a version tag; on any branch a dry run works: --field dry_run=true",
        ),
        (known("refs/heads/main", shallow=True), "commits cannot be counted", "git fetch --unshallow"),
    ],
)
def test_what_is_refused(seen: Known, words: str, remedy: str) -> None:
    """What must not be released is refused with the reason and a way out."""
    with pytest.raises(PlanRefused) as refused:
        decide(seen)
    assert words in refused.value.message
    assert remedy in refused.value.remedy


def page(*files: tuple[str, str]) -> IndexPage:
    """A page of the simple API with files and digests."""
    listed = tuple(IndexFile(filename=name, url="", hashes={"sha256": digest}) for name, digest in files)
    return IndexPage(name="x", files=listed)


@pytest.mark.requirement("D1")
def test_what_is_uploaded() -> None:
    """What the index lacks is uploaded, what it has with our bytes is left alone, other bytes are a clash."""
    dists = (WHEEL, SDIST)
    assert publish.decide(dists, None) == (publish.Upload(dist=WHEEL), publish.Upload(dist=SDIST))
    assert publish.decide(dists, page((WHEEL.filename, OURS))) == (
        publish.Present(dist=WHEEL),
        publish.Upload(dist=SDIST),
    )
    assert publish.decide(dists, page((SDIST.filename, OTHER))) == (
        publish.Upload(dist=WHEEL),
        publish.Clash(dist=SDIST, sha256=OTHER),
    )


@pytest.mark.requirement("A8")
def test_what_the_index_serves() -> None:
    """Right, missing and wrong files are told apart by name and digest."""
    dists = (WHEEL, SDIST)
    assert verify.compare(dists, None) == verify.Seen(right=(), missing=(WHEEL.filename, SDIST.filename), wrong=())
    assert verify.compare(dists, page((WHEEL.filename, OURS), (SDIST.filename, OTHER))) == verify.Seen(
        right=(WHEEL.filename,), missing=(), wrong=(SDIST.filename,)
    )


def release(*assets: Asset, draft: bool) -> Release:
    """A GitHub release with assets."""
    return Release(id=1, tag_name="v1.0", draft=draft, html_url="", assets=assets)


def asset(dist: Dist, sha256: str, state: str = "uploaded") -> Asset:
    """An asset of the name of a built file."""
    return Asset(id=1, name=dist.filename, state=state, digest=f"sha256:{sha256}")


@pytest.mark.requirement("A9")
def test_what_is_attached() -> None:
    """On a draft, what is missing is attached and what is broken or different is replaced."""
    wrong, broken = asset(WHEEL, OTHER), asset(SDIST, OURS, "starter")
    assert github_release.decide(release(draft=True), (WHEEL,)) == (github_release.Attach(dist=WHEEL),)
    assert github_release.decide(release(asset(WHEEL, OURS), draft=True), (WHEEL,)) == (
        github_release.Keep(dist=WHEEL),
    )
    assert github_release.decide(release(wrong, broken, draft=True), (WHEEL, SDIST)) == (
        github_release.Replace(asset=wrong, dist=WHEEL),
        github_release.Replace(asset=broken, dist=SDIST),
    )


@pytest.mark.requirement("A9", "A14")
@pytest.mark.parametrize("assets", [(), (asset(WHEEL, OTHER),)])
def test_a_public_release_is_never_changed(assets: tuple[Asset, ...]) -> None:
    """A public release that lacks a file, or has other bytes, is a conflict."""
    with pytest.raises(Conflict, match="is public and"):
        github_release.decide(release(*assets, draft=False), (WHEEL,))


@pytest.mark.parametrize(("attempt", "seconds"), [(0, 1.0), (3, 8.0), (5, 30.0), (50, 30.0)])
def test_the_index_is_asked_less_and_less_often(attempt: int, seconds: float) -> None:
    """Waiting for the index starts at a second and ends at half a minute."""
    assert verify.wait(attempt) == seconds
