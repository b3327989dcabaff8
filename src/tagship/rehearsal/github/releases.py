"""Releases: drafts, publishing, the tag that comes with it, immutability, generated notes. Assets: assets.py.

A draft is seen by id and in the list only, and only by those who may write. Sources: docs.github.com, "REST API
endpoints for releases" and "Immutable releases"; the words about tag names of immutable releases:
github.com/orgs/community/discussions/178351.
"""

import re
from typing import Literal

import msgspec

from tagship.rehearsal.github import assets, shapes
from tagship.rehearsal.github.http import Call, Object, Reply, Route, invalid, not_found, refusal, segment, there
from tagship.rehearsal.github.objects import commit, commits, find_commit, ref, touches_workflows
from tagship.rehearsal.github.refs import move
from tagship.rehearsal.github.rules import violations
from tagship.rehearsal.github.state import NOTHING, RefUpdate, Release

Latest = Literal["true", "false", "legacy"]


class NewRelease(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `POST releases`."""

    tag_name: str | None = None
    target_commitish: str | None = None
    name: str | None = None
    body: str | None = None
    draft: bool = False
    prerelease: bool = False
    generate_release_notes: bool = False
    make_latest: Latest = "true"


class ChangedRelease(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `PATCH releases/{id}`: what is not named stays."""

    tag_name: str | None = None
    target_commitish: str | None = None
    name: str | msgspec.UnsetType | None = msgspec.UNSET
    body: str | msgspec.UnsetType | None = msgspec.UNSET
    draft: bool | None = None
    prerelease: bool | None = None
    make_latest: Latest | None = None


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `POST releases/generate-notes`."""

    tag_name: str
    target_commitish: str | None = None
    previous_tag_name: str | None = None


def release_shape(call: Call, of: Release) -> Object:
    """A release; a draft has a page of its own, because its tag may not exist."""
    url = call.urls.repo(f"/releases/{of.id}")
    page = f"untagged-{of.id:x}" if of.draft else segment(of.tag)
    tagged = ref(call.repo.git, f"refs/tags/{of.tag}") is not None
    balls = {kind: call.urls.repo(f"/{kind}/{of.tag}") if tagged else None for kind in ("tarball", "zipball")}
    return {
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": f"{call.urls.uploads}/repos/{call.repo.full_name}/releases/{of.id}/assets{{?name,label}}",
        "html_url": call.urls.page(f"/releases/tag/{page}"),
        "id": of.id,
        "author": shapes.account(call.repo, call.urls, of.author),
        "node_id": shapes.node_id("Release", of.id),
        "tag_name": of.tag,
        "target_commitish": of.target,
        "name": of.name,
        "draft": of.draft,
        "immutable": of.immutable,
        "prerelease": of.prerelease,
        "created_at": shapes.when(of.created),
        "updated_at": shapes.when(of.updated),
        "published_at": shapes.moment(of.published),
        "assets": [assets.asset_shape(call, of, asset) for asset in of.assets],
        "tarball_url": balls["tarball"],
        "zipball_url": balls["zipball"],
        "body": of.body,
    }


def visible(call: Call) -> list[Release]:
    """What the caller may see, the newest first."""
    found = [r for r in call.repo.releases if not r.draft or call.may("contents")]
    return sorted(found, key=lambda r: (r.draft, r.created, r.id), reverse=True)


def list_releases(call: Call) -> Reply:
    """All releases, drafts for those who may write."""
    return call.page(visible(call), lambda r: release_shape(call, r))


def get_release(call: Call) -> Reply:
    """One release by id."""
    return Reply(body=release_shape(call, _release(call)))


def _release(call: Call) -> Release:
    return call.one(visible(call))


def by_tag(call: Call) -> Reply:
    """The published release of a tag; drafts have no tag yet."""
    return Reply(body=release_shape(call, there(published(call.repo.releases, call.args["tag"]))))


def published(releases: list[Release], tag: str) -> Release | None:
    """The published release of a tag."""
    return next((r for r in releases if r.tag == tag and not r.draft), None)


def newest(releases: list[Release]) -> Release | None:
    """The latest release: the one marked so last, else by the date of its commit; no draft, no prerelease."""
    found = [r for r in releases if not r.draft and not r.prerelease]
    marked = [r for r in found if r.latest == "true"]
    if marked:
        return max(marked, key=lambda r: (r.published or 0, r.id))
    return max((r for r in found if r.latest == "legacy"), key=lambda r: (r.created, r.id), default=None)


def get_latest(call: Call) -> Reply:
    """The latest release; 404 where there is none."""
    return Reply(body=release_shape(call, there(newest(call.repo.releases))))


def create(call: Call) -> Reply:
    """Create a release or a draft."""
    new = call.body(NewRelease)
    tag = _tag_name(call, new.tag_name)
    if published(call.repo.releases, tag) is not None:
        raise invalid("Release", "already_exists", "tag_name")
    target = new.target_commitish or call.repo.default_branch
    sha = _target(call, tag, target)
    _workflows_allowed(call, new.target_commitish)
    body = new.body
    if new.generate_release_notes:
        body = "\n\n".join(text for text in (body, notes(call, tag, sha, None)) if text)
    now = call.repo.clock()
    release = Release(
        id=call.repo.new_id(),
        tag=tag,
        target=target,
        name=new.name or (tag if new.generate_release_notes else new.name),
        body=body,
        draft=True,
        prerelease=new.prerelease,
        created=commit(call.repo.git, sha).committer.date,
        author=call.token.login,
        updated=now,
        latest=new.make_latest,
    )
    if not new.draft:
        _make_tag(call, tag, sha)
        _publish(call, release, sha)
    call.repo.releases.append(release)
    return Reply(
        status=201,
        body=release_shape(call, release),
        headers={"Location": call.urls.repo(f"/releases/{release.id}")},
    )


def update(call: Call) -> Reply:
    """Change a release. Publishing a draft is the moment when its tag comes into being and it may be sealed."""
    release, change = _release(call), call.body(ChangedRelease)
    tag = release.tag if change.tag_name is None else change.tag_name
    target = change.target_commitish or release.target
    if tag != release.tag:
        if release.immutable:
            raise invalid("Release", "custom", "tag_name", "tag_name cannot be changed on an immutable release")
        _tag_name(call, tag)
    other = published([r for r in call.repo.releases if r is not release], tag)
    if other is not None:
        raise invalid("Release", "already_exists", "tag_name")
    sha = _target(call, tag, target)
    _workflows_allowed(call, target)
    publishing = release.draft and change.draft is False
    if publishing:
        _make_tag(call, tag, sha)
    release.tag, release.target, release.updated = tag, target, call.repo.clock()
    if change.name is not msgspec.UNSET:
        release.name = change.name
    if change.body is not msgspec.UNSET:
        release.body = change.body
    if change.prerelease is not None:
        release.prerelease = change.prerelease
    if change.make_latest is not None:
        release.latest = change.make_latest
    if publishing:
        _publish(call, release, sha)
    elif change.draft and not release.immutable:
        release.draft, release.published = True, None
    return Reply(body=release_shape(call, release))


def delete(call: Call) -> Reply:
    """Delete a release; the tag stays. The name of an immutable one is never free again."""
    release = _release(call)
    call.repo.releases.remove(release)
    if release.immutable:
        call.repo.burnt_tags.add(release.tag)
    return Reply(status=204)


def _tag_name(call: Call, tag: str | None) -> str:
    if not tag:
        raise invalid("Release", "missing_field", "tag_name")
    if not call.repo.git.run("check-ref-format", f"refs/tags/{tag}").ok:
        raise invalid("Release", "custom", "tag_name", "tag_name is not a valid tag")
    if tag in call.repo.burnt_tags:
        raise invalid("Release", "custom", "tag_name", "tag_name was used by an immutable release")
    return tag


def _target(call: Call, tag: str, target: str) -> str:
    """The commit of a release: of its tag where that exists, else of the branch or SHA it is to be made from."""
    git = call.repo.git
    tagged = git.commit(f"refs/tags/{tag}")
    place = target if re.fullmatch(r"[0-9a-f]{40}", target) else f"refs/heads/{target}"
    sha = tagged or git.commit(place)
    if sha is None:
        raise invalid("Release", "invalid", "target_commitish")
    return sha


def _workflows_allowed(call: Call, target: str | None) -> None:
    """404 where the named target changes workflow files and the token may not; a `GITHUB_TOKEN` never may.

    Without a target it is the default branch, which differs from itself in nothing (OpenAPI,
    repos/create-release).
    """
    sha = find_commit(call.repo, target) if target else None
    if sha is None or call.may("workflows"):
        return
    if touches_workflows(call.repo.git, f"refs/heads/{call.repo.default_branch}", sha):
        raise not_found()


def _make_tag(call: Call, tag: str, sha: str) -> None:
    """Create the tag where it is missing; the rules for tags hold here too, and are worded like this."""
    update = RefUpdate(ref=f"refs/tags/{tag}", before=NOTHING, after=sha)
    if ref(call.repo.git, update.ref) is not None:
        return
    broken = violations(call.repo, update, call.token.login)
    if broken:
        words = "pre_receive Repository rule violations found\n\n" + "\n".join(broken) + "\n\n"
        error = {"resource": "Release", "code": "custom"}
        errors = [
            {**error, "field": "pre_receive", "message": words},
            {**error, "message": "Published releases must have a valid tag"},
        ]
        raise refusal(422, "Validation Failed", errors)
    move(call, update)


def _publish(call: Call, release: Release, sha: str) -> None:
    release.draft = False
    release.published = call.repo.clock()
    release.created = commit(call.repo.git, sha).committer.date
    release.immutable = call.repo.immutable_releases


def generate(call: Call) -> Reply:
    """Notes for a tag that exists or will."""
    body = call.body(Notes)
    sha = _target(call, body.tag_name, body.target_commitish or call.repo.default_branch)
    return Reply(body={"name": body.tag_name, "body": notes(call, body.tag_name, sha, body.previous_tag_name)})


def notes(call: Call, tag: str, sha: str, previous: str | None) -> str:
    """GitHub's notes: merged pull requests, and the comparison with the tag before."""
    git = call.repo.git
    words = ("describe", "--tags", "--abbrev=0", f"--exclude={tag}", sha)
    before = previous or git.maybe(*words)
    if previous and git.commit(f"refs/tags/{previous}") is None:
        raise invalid("Release", "invalid", "previous_tag_name")
    lines = []
    for made in reversed(commits(git, f"{before}..{sha}" if before else sha)):
        found = re.fullmatch(r"(.+) \(#(\d+)\)", made.message.split("\n", 1)[0])
        if found:
            by = call.repo.logins.get(made.author.email, made.author.name)
            lines.append(f"* {found[1]} by @{by} in {call.urls.page(f'/pull/{found[2]}')}")
    path = f"/compare/{before}...{tag}" if before else f"/commits/{tag}"
    changed = ["## What's Changed", *lines, "", ""] if lines else []
    return "\n".join([*changed, f"**Full Changelog**: {call.urls.page(path)}"])


_R = "/repos/{owner}/{repo}/releases"
ROUTES = (
    Route("GET", _R, "contents:read", list_releases),
    Route("POST", _R, "contents:write", create),
    Route("POST", f"{_R}/generate-notes", "contents:write", generate),
    Route("GET", f"{_R}/latest", "contents:read", get_latest),
    Route("GET", f"{_R}/tags/{{tag:path}}", "contents:read", by_tag),
    *assets.ROUTES,
    Route("GET", f"{_R}/{{id}}", "contents:read", get_release),
    Route("PATCH", f"{_R}/{{id}}", "contents:write", update),
    Route("DELETE", f"{_R}/{{id}}", "contents:write", delete),
)
