"""Files of releases: uploaded raw to the uploads host, with a digest that the server computes."""

import hashlib
import re

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import Call, Reply, Route, invalid, not_found, refusal, segment
from tagship.rehearsal.github.state import Asset, Json, Release

SEALED = "Cannot {} assets {} an immutable release."
"""Only the words for uploading are known; the others are made after them."""


def stored_name(name: str) -> str:
    """The name GitHub gives to an uploaded file: what is special becomes a dot, dots at the ends go.

    Which characters are special is not documented; `+`, `-`, `_` and `@` are seen to stay, the space, `~` and
    `!` to change.
    """
    return re.sub(r"[^A-Za-z0-9._+@-]+", ".", name).strip(".")


def asset_shape(call: Call, release: Release, of: Asset) -> Json:
    """An asset; one that was not received completely has no digest."""
    where = f"untagged-{release.id:x}" if release.draft else segment(release.tag)
    return {
        "url": call.urls.repo(f"/releases/assets/{of.id}"),
        "id": of.id,
        "node_id": shapes.node_id("ReleaseAsset", of.id),
        "name": of.name,
        "label": of.label,
        "uploader": shapes.account(call.repo, call.urls, of.uploader),
        "content_type": of.content_type,
        "state": of.state,
        "size": len(of.data),
        "digest": f"sha256:{of.sha256}" if of.state == "uploaded" else None,
        "download_count": of.downloads,
        "created_at": shapes.when(of.created),
        "updated_at": shapes.when(of.created),
        "browser_download_url": call.urls.page(f"/releases/download/{where}/{segment(of.name)}"),
    }


def _release(call: Call) -> Release:
    return call.one(release for release in call.repo.releases if not release.draft or call.may("contents"))


def _asset(call: Call) -> tuple[Release, Asset]:
    number = call.number("id")
    for release in call.repo.releases:
        for asset in release.assets:
            if asset.id == number and (not release.draft or call.may("contents")):
                return release, asset
    raise not_found()


def list_assets(call: Call) -> Reply:
    """The files of a release."""
    release = _release(call)
    return call.page(release.assets, lambda a: asset_shape(call, release, a))


def upload(call: Call) -> Reply:
    """Take a file.

    A name that is there already is refused, a broken upload's `starter` included: delete it first.
    """
    release, asked = _release(call), call.query("name")
    if release.immutable:
        raise refusal(422, SEALED.format("upload", "to"))
    if not stored_name(asked):
        raise invalid("ReleaseAsset", "missing_field", "name")
    if any(asset.name == stored_name(asked) for asset in release.assets):
        raise invalid("ReleaseAsset", "already_exists", "name")
    broken = call.repo.broken_uploads > 0
    data = b"" if broken else call.request.get_data()
    if not data and not broken:
        raise invalid("ReleaseAsset", "custom", "size", "size must be greater than or equal to 1")
    asset = Asset(
        id=call.repo.new_id(),
        name=stored_name(asked),
        label=call.query("label") or "",
        content_type=call.request.content_type or "application/octet-stream",
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        state="starter" if broken else "uploaded",
        uploader=call.token.login,
        created=call.repo.clock(),
    )
    release.assets.append(asset)
    if broken:
        call.repo.broken_uploads -= 1
        raise refusal(502, "Bad Gateway")
    return Reply(
        status=201,
        body=asset_shape(call, release, asset),
        headers={"Location": call.urls.repo(f"/releases/assets/{asset.id}")},
    )


def get_asset(call: Call) -> Reply:
    """What is known about a file, or its bytes for `Accept: application/octet-stream`."""
    release, asset = _asset(call)
    if "application/octet-stream" in call.request.headers.get("Accept", ""):
        return _bytes(asset)
    return Reply(body=asset_shape(call, release, asset))


def download(call: Call) -> Reply:
    """The bytes, at the address that browsers use; those of a draft are at no such address."""
    for release in call.repo.releases:
        for asset in release.assets:
            if not release.draft and (release.tag, asset.name) == (call.args["tag"], call.args["name"]):
                return _bytes(asset)
    raise not_found()


def _bytes(asset: Asset) -> Reply:
    if asset.state != "uploaded":
        raise not_found()
    asset.downloads += 1
    return Reply(
        body=asset.data,
        headers={
            "Content-Type": asset.content_type,
            "Content-Disposition": f"attachment; filename={asset.name}",
        },
    )


def delete(call: Call) -> Reply:
    """Delete a file."""
    release, asset = _asset(call)
    if release.immutable:
        raise refusal(422, SEALED.format("delete", "from"))
    release.assets.remove(asset)
    return Reply(status=204)


_R = "/repos/{owner}/{repo}/releases"
ROUTES = (
    Route("GET", f"{_R}/assets/{{id}}", "contents:read", get_asset),
    Route("DELETE", f"{_R}/assets/{{id}}", "contents:write", delete),
    Route("GET", f"{_R}/{{id}}/assets", "contents:read", list_assets),
    Route("POST", f"{_R}/{{id}}/assets", "contents:write", upload, "uploads"),
    Route("GET", "/{owner}/{repo}/releases/download/{tag}/{name}", "contents:read", download, "web"),
)
