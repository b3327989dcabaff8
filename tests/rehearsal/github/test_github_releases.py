"""Releases of the embedded GitHub, with the refusals of the real one."""

import hashlib

import pytest

from tagship.rehearsal.github import Rule, Ruleset

WHEEL = b"PK made-up wheel"


def draft(world, token, tag="v1.0.0", **more):
    return world.post("releases", token=token, body={"tag_name": tag, "draft": True, **more}).json


def upload(world, token, release, name="a.whl", data=WHEEL):
    path = f"releases/{release['id']}/assets?name={name}"
    return world.post(path, token=token, data=data, headers={"Content-Type": "application/zip"})


def invalid(code, field, message=None):
    error = {"resource": "Release", "code": code, "field": field}
    return (422, "Validation Failed", [error | ({"message": message} if message else {})])


def test_a_release_is_drafted_filled_and_published(world):
    """A draft is invisible by its tag; published, it is the latest and its files can be downloaded."""
    token = world.token("github_token", contents="write")
    world.tag("v1.0.0", world.first)
    made = draft(world, token, name="1.0.0", body="First")
    assert (made["draft"], made["published_at"], made["author"]["login"]) == (True, None, "github-actions[bot]")
    assert [world.get(f"releases/{at}", token=token).status for at in ("tags/v1.0.0", "latest")] == [404, 404]

    asset = upload(world, token, made).json
    assert (asset["digest"], asset["size"], asset["state"]) == (
        f"sha256:{hashlib.sha256(WHEEL).hexdigest()}",
        len(WHEEL),
        "uploaded",
    )
    published = world.patch(f"releases/{made['id']}", token=token, body={"draft": False}).json
    assert world.get("releases/latest").json == world.get("releases/tags/v1.0.0").json == published
    assert (published["created_at"], published["published_at"]) == ("2026-05-28T20:26:40Z", "2026-09-21T14:13:20Z")
    address = published["assets"][0]["browser_download_url"].removeprefix(world.url)
    assert address == "/ada/engine/releases/download/v1.0.0/a.whl"
    assert world.get(address).data == WHEEL
    raw = world.get(f"releases/assets/{asset['id']}", headers={"Accept": "application/octet-stream"})
    assert (raw.data, raw.headers["Content-Type"]) == (WHEEL, "application/zip")


def test_drafts_are_seen_by_writers_only(world):
    """A reader sees neither a draft nor its files, not even by id."""
    made = draft(world, world.token())
    reader = world.token("github_token", contents="read")
    assert [r["id"] for r in world.get("releases", token=world.token()).json] == [made["id"]]
    for who in (None, reader):
        assert world.get("releases", token=who).json == []
        assert world.get(f"releases/{made['id']}", token=who).said == (404, "Not Found")
        assert world.get(f"releases/{made['id']}/assets", token=who).said == (404, "Not Found")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, invalid("missing_field", "tag_name")),
        ({"tag_name": "a b"}, invalid("custom", "tag_name", "tag_name is not a valid tag")),
        ({"tag_name": "v9", "target_commitish": "nowhere"}, invalid("invalid", "target_commitish")),
        ({"tag_name": "v1.0.0"}, invalid("already_exists", "tag_name")),
        ({"tag_name": "v1.0.0", "draft": True}, invalid("already_exists", "tag_name")),
        ({"tag_name": "v0", "draft": True}, invalid("custom", "tag_name", "tag_name was used by an immutable release")),
    ],
)
def test_what_cannot_be_a_release_is_refused(world, body, said):
    """A release needs a tag name that is valid, free and not burnt, and a target that exists."""
    token = world.token()
    world.post("releases", token=token, body={"tag_name": "v1.0.0"})
    world.state.burnt_tags.add("v0")
    assert world.post("releases", token=token, body=body).said == said


def test_publishing_creates_the_missing_tag_and_starts_what_a_push_would(world):
    """The tag comes from the target with the publication, not with the draft; a `GITHUB_TOKEN` starts nothing."""
    bot, ada = world.token("github_token", contents="write"), world.token()
    made = draft(world, bot, "v1", target_commitish=world.first)
    assert world.get("git/ref/tags/v1").status == 404
    assert world.patch(f"releases/{made['id']}", token=bot, body={"draft": False}).status == 200
    assert world.get("git/ref/tags/v1").json["object"]["sha"] == world.first
    assert world.state.events == []
    world.post("releases", token=ada, body={"tag_name": "v2"})
    assert [(e.name, e.ref, e.sha) for e in world.state.events] == [("push", "refs/tags/v2", world.head)]


def test_a_target_with_other_workflow_files_needs_the_permission(world):
    """A named target that changes workflows is 404 for whoever may not write them; without a target it is not."""
    other = world.commit("Change CI", {".github/workflows/ci.yml": "on: push\n"}, branch="1.x")
    bot = world.token("github_token", contents="write")
    refused = world.post("releases", token=bot, body={"tag_name": "v1", "target_commitish": other, "draft": True})
    assert refused.said == (404, "Not Found")
    world.tag("v1", other)
    assert world.post("releases", token=bot, body={"tag_name": "v1", "draft": True}).status == 201
    classic = world.token("classic", repo="write")
    body = {"tag_name": "v2", "target_commitish": "1.x"}
    assert world.post("releases", token=classic, body=body).status == 404
    assert world.post("releases", token=world.token(), body=body).status == 201


def test_an_immutable_release_is_sealed_when_published(world):
    """After publication no file and no tag of it changes, for ever; its words may."""
    world.state.immutable_releases = True
    token = world.token()
    made = draft(world, token, "v1")
    asset = upload(world, token, made).json
    assert world.patch(f"releases/{made['id']}", token=token, body={"draft": False}).json["immutable"] is True
    assert upload(world, token, made, "b.whl").said == (422, "Cannot upload assets to an immutable release.")
    assert world.ask("DELETE", f"releases/assets/{asset['id']}", token=token).status == 422
    assert world.ask("DELETE", "git/refs/tags/v1", token=token).status == 422
    assert world.patch(f"releases/{made['id']}", token=token, body={"body": "Better"}).json["body"] == "Better"
    assert world.patch(f"releases/{made['id']}", token=token, body={"draft": True}).json["draft"] is False
    assert world.ask("DELETE", f"releases/{made['id']}", token=token).status == 204
    assert world.post("releases", token=token, body={"tag_name": "v1"}).said == invalid(
        "custom", "tag_name", "tag_name was used by an immutable release"
    )


def test_files_are_renamed_and_names_are_taken_once(world):
    """Special characters become dots, and the second file of the resulting name is refused."""
    token = world.token()
    made = draft(world, token)
    assert upload(world, token, made, "a%20b~1%2Bc.whl").json["name"] == "a.b.1+c.whl"
    taken = {"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}
    assert upload(world, token, made, "a.b.1%2Bc.whl").said == (422, "Validation Failed", [taken])
    small = {
        "resource": "ReleaseAsset",
        "code": "custom",
        "field": "size",
        "message": "size must be greater than or equal to 1",
    }
    assert upload(world, token, made, "empty.whl", b"").said == (422, "Validation Failed", [small])


def test_a_broken_upload_leaves_a_starter_that_must_be_deleted_first(world):
    """After a 502 the name is taken by an empty `starter`; deleted, it can be uploaded again."""
    token, world.state.broken_uploads = world.token(), 1
    made = draft(world, token)
    assert upload(world, token, made).status == 502
    (left,) = world.get(f"releases/{made['id']}/assets", token=token).json
    assert (left["name"], left["state"], left["size"], left["digest"]) == ("a.whl", "starter", 0, None)
    assert upload(world, token, made).status == 422
    assert world.ask("DELETE", f"releases/assets/{left['id']}", token=token).status == 204
    assert upload(world, token, made).status == 201


def test_a_tag_rule_refuses_the_publication_and_leaves_the_draft(world):
    """Where tags may not be created, publishing a draft without a tag fails and changes nothing."""
    world.state.rulesets.append(Ruleset(id=1, name="tags", target="tag", created=0, rules=(Rule(type="creation"),)))
    token = world.token()
    made = draft(world, token)
    refused = world.patch(f"releases/{made['id']}", token=token, body={"draft": False, "name": "x"})
    words = "pre_receive Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n"
    error = {"resource": "Release", "code": "custom"}
    assert refused.said == (
        422,
        "Validation Failed",
        [
            {**error, "field": "pre_receive", "message": words},
            {**error, "message": "Published releases must have a valid tag"},
        ],
    )
    assert world.get(f"releases/{made['id']}", token=token).json == made


def test_the_latest_release_is_neither_draft_nor_prerelease_nor_denied(world):
    """`make_latest` decides; prereleases and drafts never count."""
    token = world.token()
    for tag, more in (
        ("v1", {}),
        ("v2", {"make_latest": "false"}),
        ("v3rc1", {"prerelease": True}),
        ("v4", {"draft": True}),
    ):
        world.clock.now += 1
        world.post("releases", token=token, body={"tag_name": tag, **more})
    assert world.get("releases/latest").json["tag_name"] == "v1"


def test_generated_notes_name_pull_requests_and_the_comparison(world):
    """Notes list merged pull requests since the tag before; the first release links its commits."""
    token = world.token("github_token", contents="write")
    world.state.logins["ada@example.org"] = "ada"
    page = f"{world.url}/ada/engine"
    line = f"* Turn the wheel by @ada in {page}/pull/7"
    first = world.post("releases/generate-notes", token=token, body={"tag_name": "v1"}).json
    assert first == {"name": "v1", "body": f"## What's Changed\n{line}\n\n\n**Full Changelog**: {page}/commits/v1"}
    world.tag("v0", world.first)
    second = world.post("releases/generate-notes", token=token, body={"tag_name": "v1"}).json
    assert second["body"] == f"## What's Changed\n{line}\n\n\n**Full Changelog**: {page}/compare/v0...v1"


def test_a_release_is_changed_field_by_field(world):
    """What a change does not name stays; a tag that is taken, or sealed by immutability, is refused."""
    token = world.token()
    world.post("releases", token=token, body={"tag_name": "v1"})
    world.state.immutable_releases = True
    made = draft(world, token, "v2", name="Two", body="b")
    path = f"releases/{made['id']}"
    taken = world.patch(path, token=token, body={"tag_name": "v1", "draft": False})
    assert taken.said == invalid("already_exists", "tag_name")
    change = {"tag_name": "v3", "name": None, "prerelease": True, "make_latest": "false"}
    changed = world.patch(path, token=token, body=change).json
    assert changed == made | {"tag_name": "v3", "name": None, "prerelease": True}
    world.patch(path, token=token, body={"draft": False})
    sealed = world.patch(path, token=token, body={"tag_name": "v4"})
    assert sealed.said == invalid("custom", "tag_name", "tag_name cannot be changed on an immutable release")


def test_a_release_that_can_change_may_become_a_draft_again(world):
    """Without immutability a published release is withdrawn, and its page with it; the tag stays."""
    token = world.token()
    made = world.post("releases", token=token, body={"tag_name": "v1"}).json
    back = world.patch(f"releases/{made['id']}", token=token, body={"draft": True}).json
    assert (back["draft"], back["published_at"]) == (True, None)
    assert [world.get(at).status for at in ("releases/tags/v1", "git/ref/tags/v1")] == [404, 200]


def test_notes_begin_at_a_tag_that_exists(world):
    """A previous tag that is not there is refused."""
    body = {"tag_name": "v2", "previous_tag_name": "v1"}
    refused = world.post("releases/generate-notes", token=world.token(), body=body)
    assert refused.said == invalid("invalid", "previous_tag_name")


def test_what_is_not_there_is_not_found(world):
    """Unknown releases, files and downloads, and ids that are no numbers, are 404."""
    token = world.token()
    paths = ("releases/1", "releases/x", "releases/1/assets", "releases/assets/1", "/ada/engine/releases/download/v1/a")
    assert [world.get(path, token=token).said for path in paths] == [(404, "Not Found")] * 5
