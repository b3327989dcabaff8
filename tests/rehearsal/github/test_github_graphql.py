"""GraphQL at the embedded GitHub, as far as its command line asks for it; that itself is tried in tests/clients."""


def query(world, text, token=None, **variables):
    body = {"query": text, "variables": variables}
    return world.post("/graphql", token=token or world.token(), body=body).json


def test_releases_come_in_pages_with_a_cursor(world):
    """The cursor of one page leads to the next, and the last says so."""
    token = world.token()
    for tag in ("v1", "v2", "v3"):
        world.post("releases", token=token, body={"tag_name": tag})
    text = """query($c: String) { repository(owner: "ada", name: "engine") {
        releases(first: 2, after: $c) { nodes { tagName } totalCount pageInfo { hasNextPage endCursor } } } }"""
    first = query(world, text)["data"]["repository"]["releases"]
    rest = query(world, text, c=first["pageInfo"]["endCursor"])["data"]["repository"]["releases"]
    assert [n["tagName"] for n in first["nodes"] + rest["nodes"]] == ["v3", "v2", "v1"]
    assert [first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"], rest["totalCount"]] == [True, False, 3]


def test_a_ref_is_found_by_its_full_name(world):
    """An annotated tag's target is the tag object, and its target the commit."""
    tag = world.tag("v1", world.first, annotated=True)
    text = """{ repository(owner: "ada", name: "engine") { ref(qualifiedName: "refs/tags/v1") {
        name prefix target { __typename oid ... on Tag { target { oid } } } } } }"""
    target = {"__typename": "Tag", "oid": tag, "target": {"oid": world.first}}
    found = {"name": "v1", "prefix": "refs/tags/", "target": target}
    assert query(world, text) == {"data": {"repository": {"ref": found}}}


def test_drafts_are_not_in_the_graph_of_readers(world):
    """A reader finds no draft by its tag, a writer does."""
    world.post("releases", token=world.token(), body={"tag_name": "v1", "draft": True})
    text = '{ repository(owner: "ada", name: "engine") { release(tagName: "v1") { isDraft } } }'
    reader = world.token("github_token", contents="read")
    assert query(world, text, reader)["data"]["repository"] == {"release": None}
    assert query(world, text)["data"]["repository"] == {"release": {"isDraft": True}}


def test_what_is_not_in_the_schema_is_an_error(world):
    """An unknown field and an unknown repository are errors with status 200; nobody asks anonymously."""
    unknown = query(world, '{ repository(owner: "ada", name: "engine") { speed } }')
    assert [e["message"] for e in unknown["errors"]] == ["Field 'speed' doesn't exist on type 'Repository'"]
    missing = query(world, '{ repository(owner: "ada", name: "other") { id } }')
    assert (missing["data"], missing["errors"][0]["type"]) == ({"repository": None}, "NOT_FOUND")
    assert world.post("/graphql", body={"query": "{ viewer { login } }"}).said == (401, "Requires authentication")


def test_new_features_are_found_by_introspection(world):
    """A client that asks which fields a release has is told."""
    answer = query(world, '{ Release: __type(name: "Release") { fields { name } } }')
    assert "immutable" in [field["name"] for field in answer["data"]["Release"]["fields"]]
