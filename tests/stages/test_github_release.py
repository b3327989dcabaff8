"""github-release on the embedded GitHub: what an earlier run, or somebody else, left there."""

import dataclasses
import hashlib
import io
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from tagship.errors import Conflict, ProjectError
from tagship.model import Entry, Fact, Manifest, Plan, Status
from tagship.rehearsal.doors import environment
from tagship.rehearsal.faults.stand import Rig
from tagship.rehearsal.github.state import Asset, Release
from tagship.rehearsal.pipeline import Finished
from tagship.stages.notes import LIMIT, body, sections
from tests.cli.calling import call
from tests.rehearsing import PYPROJECT, Opened, Stage, afresh, git, repository, rigged

WHEEL, SDIST = "sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"
BEFORE = ("plan", "gate", "build", "test", "check", "publish", "verify")


@dataclasses.dataclass(frozen=True)
class Ready:
    """On the index, and about to get its GitHub release."""

    opened: Opened
    built: Manifest

    def release(self) -> Finished:
        """Run the stage."""
        return self.opened.run("github-release", after=self.built)

    @property
    def releases(self) -> list[Release]:
        """What GitHub has."""
        return self.opened.embedded.github.releases

    def whole(self, done: Finished) -> tuple[str, ...]:
        """Assert that there is the one release, public and with our bytes alone; what the stage said."""
        assert done.error is None
        (release,) = self.releases
        expected = {dist.filename: (dist.sha256, "uploaded") for dist in self.built.dists}
        assert {asset.name: (asset.sha256, asset.state) for asset in release.assets} == expected
        assert (release.tag, release.draft, release.name) == ("v1.0.0", False, "sample 1.0.0")
        assert release.body is not None
        assert release.body.startswith("Fixed\n\n<!-- From here on tagship writes; notes ")
        assert release.body.endswith("<!-- Here tagship ends. -->\n")
        return done.manifest.log[-1].said


@pytest.fixture(scope="module")
def built(upstream: str, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A project with a changelog, released once."""
    files = {"CHANGELOG.md": "# Changes\n\n## 1.0.0\n\nFixed\n"}
    with rigged(repository(tmp_path_factory.mktemp("built") / "sample", files), upstream, cache) as found:
        yield found


@pytest.fixture
def ready(built: Rig, tmp_path: Path) -> Iterator[Ready]:
    """That project, released up to its GitHub release, in a world of its own that stays open."""
    log = tuple(entry for entry in built.clean.log if entry.stage in BEFORE)
    with afresh(built, tmp_path.name) as opened:
        yield Ready(opened, msgspec.structs.replace(built.clean, log=log))


def asset(number: int, name: str, data: bytes, *, broken: bool = False) -> Asset:
    """A file that is already there; a broken upload leaves a `starter`."""
    return Asset(
        id=number,
        name=name,
        label=None,
        content_type="application/octet-stream",
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        state="starter" if broken else "uploaded",
        uploader="somebody",
        created=0.0,
    )


def earlier(ready: Ready, *assets: Asset, draft: bool = True, name: str | None = None, body: str = "") -> None:
    """Put a release there as an earlier run, or somebody, left it."""
    release = Release(
        id=900,
        tag="v1.0.0",
        target="main",
        name=name,
        body=body,
        draft=draft,
        prerelease=False,
        created=0.0,
        author="somebody",
        updated=0.0,
        assets=list(assets),
    )
    ready.releases.append(release)


def ours(ready: Ready, name: str, number: int) -> Asset:
    """One of our files, as an earlier run uploaded it."""
    return asset(number, name, (ready.opened.world.workspace.dist / name).read_bytes())


@pytest.mark.requirement("A9", "A14", "D1")
@pytest.mark.parametrize("left", ["nothing attached", "a starter", "one of two", "everything attached"])
def test_a_draft_of_a_run_that_was_killed_is_completed(ready: Ready, left: str) -> None:
    """Wherever the first run ended, the next one ends with one public release, our name, our body and our files."""
    there = {
        "nothing attached": (),
        "a starter": (ours(ready, WHEEL, 901), asset(902, SDIST, b"", broken=True)),
        "one of two": (ours(ready, WHEEL, 901),),
        "everything attached": (ours(ready, WHEEL, 901), ours(ready, SDIST, 902)),
    }[left]
    earlier(ready, *there)
    kept = {found.id for found in there if found.state == "uploaded"}
    assert ready.whole(ready.release()) == (
        "Notes from CHANGELOG.md",
        "An earlier draft is completed",
        "Published the GitHub release v1.0.0 with 2 files",
    )
    assert kept <= {found.id for found in ready.releases[0].assets}
    assert ready.whole(ready.release()) == ("The GitHub release v1.0.0 is public already, with our bytes",)


@pytest.mark.requirement("A9", "A14")
def test_an_upload_that_breaks_off_leaves_a_starter_that_is_replaced(ready: Ready) -> None:
    """GitHub breaks an upload off: the stage says so, looks again, and replaces what that left."""
    ready.opened.embedded.github.broken_uploads = 1
    said = ready.whole(ready.release())
    where = f"https://uploads.github.com/repos/owner/sample/releases/{ready.releases[0].id}/assets"
    assert said == (
        "Notes from CHANGELOG.md",
        f"POST {where} got no clear answer: 502 Bad Gateway: looking again",
        "Published the GitHub release v1.0.0 with 2 files",
    )


@pytest.mark.requirement("A9")
def test_what_was_not_built_is_taken_off_a_draft(ready: Ready) -> None:
    """A draft with somebody's files, one of them under our name, is published with ours alone, and that is said."""
    earlier(ready, asset(901, WHEEL, b"other bytes"), asset(902, "sample-1.0.0-cp311-cp311-win32.whl", b"x"))
    assert ready.whole(ready.release()) == (
        "Notes from CHANGELOG.md",
        "An earlier draft is completed",
        "Took sample-1.0.0-cp311-cp311-win32.whl off the draft: it was not built for this release",
        "Published the GitHub release v1.0.0 with 2 files",
    )


@pytest.mark.requirement("A9")
def test_what_somebody_attached_to_a_draft_stays(ready: Ready) -> None:
    """Files that are no distribution of this version are on the published release as they were on the draft."""
    earlier(ready, asset(901, "SBOM.json", b"parts"), asset(902, "manual.pdf", b"words"))
    done = ready.release()
    assert done.error is None
    assert {a.name for a in ready.releases[0].assets} == {"SBOM.json", "manual.pdf", WHEEL, SDIST}
    assert not ready.releases[0].draft


@pytest.mark.requirement("A9", "A14")
@pytest.mark.parametrize(
    ("name", "words"),
    [("sample-1.0.0-cp311-cp311-win32.whl", "has {}, which was not built"), ("sample-0.9.0.tar.gz", ""), ("SBOM", "")],
)
def test_a_public_release_with_a_file_more(ready: Ready, name: str, words: str) -> None:
    """A distribution file of this version that was not built is a conflict, any other file is left; nothing changes."""
    earlier(
        ready, ours(ready, WHEEL, 901), ours(ready, SDIST, 902), asset(903, name, b"x"), draft=False, body="an old body"
    )
    done = ready.release()
    if words:
        assert done.error is not None
        assert (done.error.code, done.error.message, done.error.where, done.error.remedy) == (
            "TE09",
            f"The GitHub release v1.0.0 is public and {words.format(name)}",
            name,
            "Find out who attached it; where releases can be changed, take it off.",
        )
    else:
        assert done.error is None
    assert (ready.releases[0].body, len(ready.releases[0].assets)) == ("an old body", 3)


@pytest.mark.requirement("A9", "B4")
@pytest.mark.parametrize("gone", [False, True])
def test_a_tag_that_moved_or_went_gets_no_release(ready: Ready, gone: bool) -> None:
    """The tag means another commit than the one that was released, or is not there: refused, and nothing is made."""
    remote = ready.opened.embedded.github.git.root
    sha = git(remote, "rev-parse", "refs/tags/v1.0.0^{commit}")
    other = git(remote, "commit-tree", f"{sha}^{{tree}}", "-m", "another")
    git(remote, "update-ref", *(("-d", "refs/tags/v1.0.0") if gone else ("refs/tags/v1.0.0", other)))
    error = ready.release().error
    assert error is not None
    moved = f"No GitHub release: the tag v1.0.0 was moved to {other[:12]}, released was {sha[:12]}"
    assert (error.code, error.message, error.where, error.remedy) == (
        ("TE04", "No GitHub release: there is no tag v1.0.0 on GitHub", "v1.0.0", "git push origin v1.0.0")
        if gone
        else ("TE09", moved, "v1.0.0", "Find out who moved the tag; put it back, and protect tags by a ruleset.")
    )
    assert ready.releases == []


@pytest.mark.requirement("A9")
def test_a_file_that_arrives_with_another_digest_is_not_published(ready: Ready) -> None:
    """Where GitHub computes another digest than ours for an uploaded file, the release stays a draft."""
    doors = ready.opened.embedded.doors
    sound = doors.hosts["uploads.github.com"]

    def garbled(environ, start_response):  # type: ignore[no-untyped-def]
        """Receives the right number of bytes, and the last of them wrong."""

        data = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        return sound({**environ, "wsgi.input": io.BytesIO(data[:-1] + b"?")}, start_response)

    doors.hosts = {**doors.hosts, "uploads.github.com": garbled}
    error = ready.release().error
    (release,) = ready.releases
    assert error is not None
    assert (error.code, error.message, error.where, error.remedy, release.draft) == (
        "TE09",
        f"GitHub stored {WHEEL} with another digest: sha256:{release.assets[0].sha256}",
        WHEEL,
        "Run the same command again: the asset is replaced while the release is a draft.",
        True,
    )
    doors.hosts = {**doors.hosts, "uploads.github.com": sound}
    ready.whole(ready.release())


@pytest.mark.requirement("A9", "A14")
def test_what_somebody_wrote_into_a_draft_is_kept(ready: Ready) -> None:
    """A draft's own title and words stay, ours come below them, and what is public in the end has each once."""
    words = "# The one with the dates\r\n\r\nThanks to *everybody*.\r\n"
    earlier(ready, name="Dates!", body=words)
    done = ready.release()
    assert done.error is None
    (release,) = ready.releases
    assert (release.name, release.draft) == ("Dates!", False)
    assert release.body is not None
    assert release.body.startswith(
        "# The one with the dates\n\nThanks to *everybody*.\n\n<!-- From here on tagship writes; notes 0000"
    )
    assert [release.body.count(word) for word in ("Fixed", "## Install", "## Files", "Here tagship ends")] == [
        0,
        1,
        1,
        1,
    ]


@pytest.mark.requirement("A9", "A14")
@pytest.mark.parametrize("begun", ["by us", "by somebody"])
def test_what_somebody_writes_while_files_are_attached_is_kept(ready: Ready, begun: str) -> None:
    """Words and a title that a person gives the draft during the upload of its files are on the public release."""
    if begun == "by somebody":
        earlier(ready, body="First words.")
    hosts = ready.opened.embedded.doors.hosts
    github = hosts["uploads.github.com"]

    def meanwhile(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        answer = github(environ, start_response)
        (draft,) = ready.releases
        draft.name, draft.body = "Dates!", "Second thoughts."
        return answer

    hosts["uploads.github.com"] = meanwhile
    done = ready.release()
    assert done.error is None
    (release,) = ready.releases
    assert (release.name, release.draft) == ("Dates!", False)
    assert (release.body or "").startswith("Second thoughts.\n\n<!-- From here on tagship writes; notes 0000")


@pytest.mark.requirement("A9", "A14")
@pytest.mark.parametrize("edited", [False, True])
def test_notes_of_ours_are_written_again_unless_somebody_changed_them(ready: Ready, edited: bool) -> None:
    """A draft that a killed run left says the same after the next one; what a person changed in it stays changed."""
    assert ready.release().error is None
    (release,) = ready.releases
    first = release.body or ""
    release.draft, release.published = True, None
    release.body = (
        first.replace("Fixed", "Fixed at last").replace("ends. -->", "ends. -->\n\nP.S.") if edited else first
    )
    assert ready.release().error is None
    again = release.body or ""
    if not edited:
        assert again == first
        return
    digest = first.partition("notes ")[2][:16]
    assert again == (
        first.replace("Fixed", "Fixed at last").replace(digest, "0" * 16).removesuffix("\n") + "\n\nP.S.\n"
    )


@pytest.mark.requirement("A9", "B5")
@pytest.mark.parametrize("chosen", ["", "github", "fragments"])
def test_what_notes_prints_is_what_is_published(stage: Stage, tmp_path: Path, chosen: str) -> None:
    """Without a changelog the commits tell, or whoever the configuration names: the release has the text of `notes`."""
    settings = f'[tool.tagship]\nnotes = "{chosen}"\n' if chosen else ""
    path = repository(tmp_path / "sample", {"pyproject.toml": PYPROJECT + settings})
    git(path, "tag", "v0.9.0")
    git(path, "remote", "add", "origin", "https://github.com/owner/sample.git")
    git(path, "commit", "--quiet", "--allow-empty", "--message", "Read dates (#7)")
    git(path, "commit", "--quiet", "--allow-empty", "--message", "feat: count")
    with stage.open(path) as opened:
        done = opened.run()
        assert done.error is None
        entry = done.manifest.entry("github-release")
        assert entry is not None
        (release,) = opened.embedded.github.releases
        published = (release.body or "").partition("\n\n<!-- From here on")[0]
        embedded = opened.embedded
        token = embedded.github.issue_token("fine-grained", {"contents": "write"}).value
        doors = {**environment(embedded.doors, embedded.ca), "GH_TOKEN": token}
        asked = call("notes", "1.0.0", "--from", "github", cwd=path, environ=doors)
    compared = "https://github.com/owner/sample/compare/v0.9.0...v1.0.0"
    if chosen == "github":
        assert entry.said[0] == "Notes from what GitHub writes from merged pull requests"
        assert published == (
            "## What's Changed\n* Read dates by @somebody in https://github.com/owner/sample/pull/7\n\n\n"
            f"**Full Changelog**: {compared}"
        )
        assert (asked.code, asked.out) == (0, published + "\n")
        return
    shown = call("notes", "--from", "commits", cwd=path)
    assert (shown.code, shown.out) == (0, published + "\n")
    assert published.endswith(f"[All changes]({compared})")
    silent = "No notes: there are no notes about 1.0.0 in the fragments"
    assert entry.said[:-1] == (*([silent] if chosen else []), "Notes from 2 commits since v0.9.0")


def test_a_body_keeps_to_githubs_limit(ready: Ready) -> None:
    """Notes that are too long are cut at a line; where somebody's words leave no room for ours, they stand alone."""
    assert ready.built.plan is not None
    ours = sections(ready.built.plan, ready.built)
    cut = body("", "- a change\n" * 20_000, ours)
    assert len(cut) <= LIMIT
    above = cut.partition("\n\n<!--")[0]
    assert above.endswith("- a change\n\nand more")
    assert len(above) > LIMIT - len(ours) - 300
    assert body(cut, "- a change\n" * 20_000, ours) == cut
    full = "x" * LIMIT
    assert body(full, "Fixed", ours) == full
    many = msgspec.structs.replace(ready.built, dists=ready.built.dists * 400)
    assert len(body("", "Fixed", sections(ready.built.plan, many))) < LIMIT / 2
    assert "| and 500 more | | |" in sections(ready.built.plan, many)


def test_the_name_of_a_check_stays_a_name(ready: Ready) -> None:
    """A check that is called after Markdown is shown as it is called, and leads to its own page alone."""
    assert ready.built.plan is not None
    name, page = "Test [3.12](elsewhere) <!-- `x`\n## Installed", "https://example.com/run"
    facts = tuple(Fact(id="ci.x", title=name, status=Status.OK, url=url) for url in (page, "javascript:1", ""))
    gate = Entry(stage="gate", outcome="done", started=1.0, seconds=1.0, facts=facts)
    shown = r"Test \[3.12\](elsewhere) &lt;!-- `x` \#\# Installed"
    lines = (f"- [{shown}](<{page}>)", f"- {shown}", f"- {shown}")
    text = sections(ready.built.plan, msgspec.structs.replace(ready.built, log=(gate,)))
    assert text.partition("## Checks that passed\n\n")[2].splitlines() == [*lines]


def _version(plan: Plan) -> Plan:
    return msgspec.structs.replace(plan, version="9.9.9", prerelease=True)


def _event(plan: Plan) -> Plan:
    return msgspec.structs.replace(plan, event=msgspec.structs.replace(plan.event, sha="0" * 40, run_id="1"))


@pytest.mark.requirement("A9")
@pytest.mark.parametrize(
    ("changed", "named"), [(_version, "version, prerelease"), (_event, "event")], ids=["the version", "the event"]
)
def test_the_manifest_is_not_believed(changed: Callable[[Plan], Plan], named: str, ready: Ready) -> None:
    """A manifest whose plan is not the one that this event and checkout give is a conflict; GitHub is not touched."""
    assert ready.built.plan is not None
    forged = msgspec.structs.replace(ready.built, plan=changed(ready.built.plan))
    error = ready.opened.run("github-release", after=forged).error
    assert isinstance(error, Conflict)
    assert (error.message, error.remedy) == (
        f"No GitHub release: the manifest is about another plan than this event and commit: {named}",
        "Take the manifests of this very run, unchanged.",
    )
    assert ready.releases == []


def test_without_a_checkout_there_is_no_release(ready: Ready) -> None:
    """Where the plan cannot be made again, nothing is released."""
    shutil.rmtree(ready.opened.world.workspace.root)
    assert isinstance(ready.release().error, ProjectError)
    assert ready.releases == []
