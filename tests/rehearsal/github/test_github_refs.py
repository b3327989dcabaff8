"""Refs, tags, commits and pushes of the embedded GitHub."""

import pytest

from tagship.rehearsal.github import Protection, RefUpdate, Rule, Ruleset
from tagship.rehearsal.github.rules import matches, violations
from tagship.rehearsal.github.state import NOTHING


def test_an_annotated_tag_is_peeled_step_by_step(world):
    """A ref shows the tag object, the tag object shows the commit, a lightweight tag has only the commit."""
    tag = world.tag("v1", world.first, annotated=True)
    world.tag("light", world.first)
    assert world.get("git/ref/tags/v1").json["object"] == {
        "sha": tag,
        "type": "tag",
        "url": f"{world.url}/repos/ada/engine/git/tags/{tag}",
    }
    read = world.get(f"git/tags/{tag}").json
    assert (read["tag"], read["message"], read["object"]["sha"]) == ("v1", "Release v1\n", world.first)
    assert (read["tagger"]["date"], read["verification"]["reason"]) == ("2026-05-28T20:26:40Z", "unsigned")
    assert world.get("git/ref/tags/light").json["object"]["type"] == "commit"
    assert world.get(f"git/tags/{world.first}").said == (404, "Not Found")


def test_a_ref_is_exact_and_a_prefix_matches_many(world):
    """`git/ref` wants the whole name; `git/matching-refs` takes its beginning, and may find nothing."""
    for name in ("v1.0", "v1.0.1", "v2"):
        world.tag(name, world.first)
    assert world.get("git/ref/tags/v1").said == (404, "Not Found")
    assert [r["ref"] for r in world.get("git/matching-refs/tags/v1").json] == ["refs/tags/v1.0", "refs/tags/v1.0.1"]
    assert world.get("git/matching-refs/tags/x").json == []


@pytest.mark.parametrize("path", ["commits/{}", "commits/{}/check-runs", "commits/{}/status"])
def test_a_tag_object_is_not_a_commit(world, path):
    """The id of a tag object, like an unknown one, is 422; the tag's name is peeled."""
    tag = world.tag("v1", world.first, annotated=True)
    for name in (tag, "f" * 40, "nothing", "-x", "main..v1"):
        assert world.get(path.format(name)).said == (422, f"No commit found for SHA: {name}")
    for name in ("v1", "tags/v1", "refs/tags/v1", world.first, world.first[:8]):
        assert world.get(path.format(name)).status == 200


def test_a_branch_and_a_tag_may_share_a_name(world):
    """`heads/` and `tags/` tell them apart; the bare name is the branch."""
    world.tag("main", world.first)
    shas = [world.get(f"commits/{ref}").json["sha"] for ref in ("main", "heads/main", "tags/main")]
    assert shas == [world.head, world.head, world.first]


def test_refs_are_created_moved_and_deleted_by_those_who_may(world):
    """Creation wants a free name and an object, moving wants a fast forward, and each is a push."""
    token = world.token()
    new = {"ref": "refs/heads/next", "sha": world.first}
    assert world.post("git/refs", token=token, body=new).json["object"]["sha"] == world.first
    assert world.post("git/refs", token=token, body=new).said == (422, "Reference already exists")
    lost = {"ref": "refs/heads/lost", "sha": "f" * 40}
    assert world.post("git/refs", token=token, body=lost).said == (422, "Object does not exist")
    assert world.patch("git/refs/heads/next", token=token, body={"sha": world.head}).status == 200
    back = world.patch("git/refs/heads/next", token=token, body={"sha": world.first})
    assert back.said == (422, "Update is not a fast forward")
    assert world.ask("DELETE", "git/refs/heads/next", token=token).status == 204
    assert world.ask("DELETE", "git/refs/heads/next", token=token).said == (422, "Reference does not exist")
    assert [(e.ref, e.sha) for e in world.state.events] == [(new["ref"], world.first), (new["ref"], world.head)]


def test_more_than_three_tags_at_once_start_nothing(world):
    """Three tags in one push start three runs, four start none, beside a branch that starts its own."""
    names = ["a", "b", "c", "d"]
    tags = [RefUpdate(ref=f"refs/tags/{n}", before=NOTHING, after=world.tag(n, world.first)) for n in names]
    branch = RefUpdate(ref="refs/heads/main", before=world.first, after=world.head)
    ada, bot = world.token(), world.token("github_token", contents="write")
    assert [e.ref for e in world.state.push(tags[:3], ada)] == ["refs/tags/a", "refs/tags/b", "refs/tags/c"]
    assert [e.ref for e in world.state.push([*tags, branch], ada)] == ["refs/heads/main"]
    assert world.state.push([branch], bot) == ()
    gone = RefUpdate(ref="refs/tags/a", before=world.first, after=NOTHING)
    assert world.state.push([gone], ada) == ()


def test_a_pushed_annotated_tag_names_its_commit(world):
    """The event of an annotated tag carries the commit, not the tag object."""
    tag = world.tag("v1", world.head, annotated=True)
    (event,) = world.state.push([RefUpdate(ref="refs/tags/v1", before=NOTHING, after=tag)], world.token())
    assert (event.sha, event.tag, event.repository) == (world.head, "v1", "ada/engine")
    assert tag != world.head


@pytest.mark.parametrize(
    ("pattern", "ref", "hit"),
    [
        ("refs/tags/v*", "refs/tags/v1.0", True),
        ("refs/tags/v*", "refs/tags/pkg/v1.0", False),
        ("refs/tags/**/v*", "refs/tags/pkg/v1.0", True),
        ("refs/tags/**/v*", "refs/tags/v1.0", True),
        ("refs/tags/v[0-9]*", "refs/tags/vx", False),
        ("refs/heads/main", "refs/heads/main", True),
    ],
)
def test_a_star_stops_at_a_slash(pattern, ref, hit):
    """Patterns are matched segment by segment, as Ruby's fnmatch with FNM_PATHNAME does."""
    assert matches(pattern, ref) is hit


def test_rules_say_who_may_change_which_ref(world):
    """Active rules bind all but those on the bypass list; evaluated and excluded ones bind nobody."""
    rules = (Rule(type="creation"), Rule(type="update"), Rule(type="deletion"))
    sealed = Ruleset(id=1, name="v", target="tag", created=0, include=("refs/tags/v*",), rules=rules, bypass=("ada",))
    watched = Ruleset(id=2, name="w", target="tag", created=0, enforcement="evaluate", rules=rules)
    world.state.rulesets += [sealed, watched]
    world.state.protections["main"] = Protection()
    new, old = NOTHING, world.first

    def said(ref, before, after, login="eve"):
        return violations(world.state, RefUpdate(ref=ref, before=before, after=after), login)

    assert said("refs/tags/v1", new, old) == ("Cannot create ref due to creations being restricted.",)
    assert said("refs/tags/v1", new, old, "ada") == said("refs/tags/x", new, old) == ()
    assert said("refs/tags/v1", old, world.head) == ("Cannot update this protected ref.",)
    assert said("refs/tags/v1", old, new) == ("Cannot delete this protected ref.",)
    assert said("refs/heads/main", world.head, world.first) == ("Cannot force-push to this protected ref.",)
    assert said("refs/heads/main", world.first, world.head) == ("Changes must be made through a pull request.",)
    world.state.protections["main"].approvals = 0
    assert said("refs/heads/main", world.first, world.head) == ()
