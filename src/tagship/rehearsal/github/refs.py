"""Git references and annotated tags: read, create, move, delete."""

import re

import msgspec

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.commits import person, verification
from tagship.rehearsal.github.http import Call, Reply, Route, refusal, there
from tagship.rehearsal.github.objects import Ref, ref, refs, tag_object
from tagship.rehearsal.github.rules import violations
from tagship.rehearsal.github.state import NOTHING, Json, RefUpdate


class NewRef(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `POST git/refs`."""

    ref: str
    sha: str


class MovedRef(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `PATCH git/refs/{ref}`."""

    sha: str
    force: bool = False


def ref_shape(call: Call, of: Ref) -> Json:
    """A reference; an annotated tag points at its tag object."""
    kind = "tags" if of.type == "tag" else "commits"
    return {
        "ref": of.name,
        "node_id": shapes.node_id("Ref", of.name),
        "url": call.urls.repo(f"/git/{of.name}"),
        "object": {"sha": of.sha, "type": of.type, "url": call.urls.repo(f"/git/{kind}/{of.sha}")},
    }


def get_ref(call: Call) -> Reply:
    """One reference by its exact name."""
    return Reply(body=ref_shape(call, there(ref(call.repo.git, f"refs/{call.args['ref']}"))))


def matching_refs(call: Call) -> Reply:
    """All references whose name begins so; an empty list where none does."""
    return call.page(refs(call.repo.git, f"refs/{call.args['ref']}"), lambda r: ref_shape(call, r))


def get_tag(call: Call) -> Reply:
    """An annotated tag by the id of its tag object; 404 for a commit's id."""
    tag = there(tag_object(call.repo.git, call.args["sha"]))
    kind = "tags" if tag.target_type == "tag" else "commits"
    return Reply(
        body={
            "node_id": shapes.node_id("Tag", tag.sha),
            "sha": tag.sha,
            "url": call.urls.repo(f"/git/tags/{tag.sha}"),
            "tagger": person(tag.tagger),
            "object": {
                "sha": tag.target,
                "type": tag.target_type,
                "url": call.urls.repo(f"/git/{kind}/{tag.target}"),
            },
            "tag": tag.tag,
            "message": tag.message,
            "verification": verification(signed=tag.signed),
        }
    )


def create_ref(call: Call) -> Reply:
    """Create a branch or tag; it is a push, with all that follows from one."""
    new = call.body(NewRef)
    if not re.fullmatch(r"refs/(heads|tags)/\S+", new.ref):
        raise refusal(422, "Reference name must start with 'refs/' and contain at least two slashes.")
    if not call.repo.git.run("check-ref-format", new.ref).ok:
        raise refusal(422, f"{new.ref} is not a valid ref name.")
    if ref(call.repo.git, new.ref) is not None:
        raise refusal(422, "Reference already exists")
    if not re.fullmatch(r"[0-9a-f]{40}", new.sha) or call.repo.git.maybe("cat-file", "-t", new.sha) is None:
        raise refusal(422, "Object does not exist")
    move(call, RefUpdate(ref=new.ref, before=NOTHING, after=new.sha))
    made = there(ref(call.repo.git, new.ref))
    return Reply(status=201, body=ref_shape(call, made), headers={"Location": call.urls.repo(f"/git/{new.ref}")})


def update_ref(call: Call) -> Reply:
    """Move a reference, forwards only unless forced."""
    found = _existing(call)
    body = call.body(MovedRef)
    if call.repo.git.maybe("cat-file", "-t", body.sha) is None:
        raise refusal(422, "Object does not exist")
    if not body.force and not call.repo.git.contains(found.sha, body.sha):
        raise refusal(422, "Update is not a fast forward")
    move(call, RefUpdate(ref=found.name, before=found.sha, after=body.sha))
    return get_ref(call)


def delete_ref(call: Call) -> Reply:
    """Delete a reference."""
    found = _existing(call)
    move(call, RefUpdate(ref=found.name, before=found.sha, after=NOTHING))
    return Reply(status=204)


def move(call: Call, update: RefUpdate, *, pulled: bool = False) -> None:
    """Change a ref in the repository if the rules allow, and let the events follow."""
    broken = violations(call.repo, update, call.token.login, pulled=pulled)
    if broken:
        raise refusal(405 if pulled else 422, "Repository rule violations found\n\n" + "\n".join(broken))
    words = ("-d", update.ref) if update.after == NOTHING else (update.ref, update.after)
    call.repo.git.text("update-ref", *words, update.before)
    call.repo.push([update], call.token)


def _existing(call: Call) -> Ref:
    found = ref(call.repo.git, f"refs/{call.args['ref']}")
    if found is None:
        raise refusal(422, "Reference does not exist")
    return found


ROUTES = (
    Route("GET", "/repos/{owner}/{repo}/git/ref/{ref:path}", "contents:read", get_ref),
    Route("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref:path}", "contents:read", matching_refs),
    Route("GET", "/repos/{owner}/{repo}/git/tags/{sha}", "contents:read", get_tag),
    Route("POST", "/repos/{owner}/{repo}/git/refs", "contents:write", create_ref),
    Route("PATCH", "/repos/{owner}/{repo}/git/refs/{ref:path}", "contents:write", update_ref),
    Route("DELETE", "/repos/{owner}/{repo}/git/refs/{ref:path}", "contents:write", delete_ref),
)
