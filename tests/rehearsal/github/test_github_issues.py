"""Issues of the embedded GitHub: opened, found, changed, closed, commented on and labelled."""


def summary(world, query=""):
    """Number, title, state and labels of what a list has."""
    rows = world.get(f"issues{query}").json
    return [(row["number"], row["title"], row["state"], [label["name"] for label in row["labels"]]) for row in rows]


def test_an_issue_lives(world):
    """A job's token opens one with labels, finds it again by label and creator, changes, closes and reopens it."""
    token = world.token("github_token", issues="write")
    made = world.post("issues", token=token, body={"title": "Drift", "body": "x", "labels": ["tagship", "Bug"]})
    assert (made.status, made.json["number"], made.json["user"]["login"]) == (201, 1, "github-actions[bot]")
    assert made.headers["Location"].endswith("/repos/ada/engine/issues/1")
    world.post("issues", token=world.token(), body={"title": "Other", "labels": [{"name": "bug"}]})
    assert summary(world) == [(2, "Other", "open", ["Bug"]), (1, "Drift", "open", ["tagship", "Bug"])]
    assert summary(world, "?labels=bug,tagship") == [(1, "Drift", "open", ["tagship", "Bug"])]
    assert [row[0] for row in summary(world, "?creator=ada")] == [2]
    changed = world.patch("issues/1", token=token, body={"body": "y", "labels": ["tagship"]}).json
    assert (changed["title"], changed["body"], [label["name"] for label in changed["labels"]]) == (
        "Drift",
        "y",
        ["tagship"],
    )
    closed = world.patch("issues/1", token=token, body={"state": "closed"}).json
    assert (closed["state"], closed["state_reason"], closed["closed_by"]["login"]) == (
        "closed",
        "completed",
        "github-actions[bot]",
    )
    assert [row[0] for row in summary(world)] == [2]
    assert [row[0] for row in summary(world, "?state=closed")] == [1]
    assert [row[0] for row in summary(world, "?state=all&direction=asc")] == [1, 2]
    again = world.patch("issues/1", token=token, body={"state": "open"}).json
    assert (again["state"], again["state_reason"], again["closed_at"], again["closed_by"]) == (
        "open",
        "reopened",
        None,
        None,
    )


def test_comments(world):
    """Comments are listed in order, counted, changed, and move the issue to the front of what changed last."""
    token = world.token("github_token", issues="write")
    for title in ("a", "b"):
        world.post("issues", token=token, body={"title": title})
    world.clock.now += 60
    said = world.post("issues/1/comments", token=token, body={"body": "still so"}).json
    assert said["html_url"].endswith(f"/ada/engine/issues/1#issuecomment-{said['id']}")
    world.patch(f"issues/comments/{said['id']}", token=token, body={"body": "gone"})
    assert [row["body"] for row in world.get("issues/1/comments").json] == ["gone"]
    assert world.get("issues/1").json["comments"] == 1
    assert [row[0] for row in summary(world, "?sort=updated")] == [1, 2]
    missing = world.patch("issues/comments/9", token=token, body={"body": "x"})
    assert world.get("issues/9/comments").said == missing.said == (404, "Not Found")


def test_labels(world):
    """A label exists once, whatever its case; one that an issue names comes into being with it."""
    token = world.token("fine-grained", issues="write")
    made = world.post("labels", token=token, body={"name": "tagship", "color": "0e8a16", "description": "ours"}).json
    assert (made["name"], made["color"], made["description"]) == ("tagship", "0e8a16", "ours")
    taken = {"resource": "Label", "code": "already_exists", "field": "name"}
    again = world.post("labels", token=token, body={"name": "Tagship"})
    assert again.said == (422, "Validation Failed", [taken])
    world.post("issues", token=token, body={"title": "a"})
    world.post("issues/1/labels", token=token, body={"labels": ["TAGSHIP", "new"]})
    assert [label["name"] for label in world.get("issues/1/labels").json] == ["tagship", "new"]
    assert [label["name"] for label in world.get("labels").json] == ["tagship", "new"]


def test_what_is_refused(world):
    """No title, an empty one, a body beyond the limit, no permission, and no such issue, each in GitHub's words."""
    token = world.token("github_token", issues="write")
    assert world.post("issues", token=token, body={}).said == (
        422,
        'Invalid request.\n\n"title" wasn\'t supplied.',
    )
    lacking = {"resource": "Issue", "code": "missing_field", "field": "title"}
    assert world.post("issues", token=token, body={"title": " "}).said == (422, "Validation Failed", [lacking])
    long = world.post("issues", token=token, body={"title": "a", "body": "x" * 65_537})
    assert long.json["errors"][0]["message"] == "body is too long (maximum is 65536 characters)"
    reader = world.token("github_token", issues="read", pull_requests="write")
    refused = world.post("issues", token=reader, body={"title": "a"})
    assert refused.said == (403, "Resource not accessible by integration")
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "issues=write"
    assert world.post("issues", body={"title": "a"}).said == (401, "Requires authentication")
    assert world.get("issues/1").said == (404, "Not Found")
    assert world.state.issues == []
