"""Issues of the embedded GitHub: opened with labels, found, changed, closed and commented on."""


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
    """Comments are listed in order, counted, and move the issue to the front of what changed last."""
    token = world.token("github_token", issues="write")
    for title in ("a", "b"):
        world.post("issues", token=token, body={"title": title})
    world.clock.now += 60
    said = world.post("issues/1/comments", token=token, body={"body": "still so"}).json
    assert said["html_url"].endswith(f"/ada/engine/issues/1#issuecomment-{said['id']}")
    assert [row["body"] for row in world.get("issues/1/comments").json] == ["still so"]
    assert world.get("issues/1").json["comments"] == 1
    assert [row[0] for row in summary(world, "?sort=updated")] == [1, 2]
    assert world.get("issues/9/comments").said == (404, "Not Found")


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
