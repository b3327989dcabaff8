"""Stands in for softprops/action-gh-release: the same requests to GitHub's API."""

import mimetypes
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec

from tagship.rehearsal.act.steps.step import Step
from tagship.services.addresses import GITHUB_API
from tagship.services.http import Reply

_LONGEST = 124_999
"""Characters of a body."""
_LATEST = ("true", "false", "legacy")


class _Asset(msgspec.Struct):
    id: int
    name: str
    label: str | None = None


class _Release(msgspec.Struct):
    id: int
    html_url: str
    upload_url: str
    tag_name: str
    target_commitish: str
    draft: bool
    prerelease: bool
    name: str | None = None
    body: str | None = None
    assets: list[_Asset] = []


class _Notes(msgspec.Struct):
    body: str


def run(step: Step) -> None:
    """Make the release as a draft, or take the one that is there; upload; make it public (v3.0.0, src/main.ts)."""
    ref, prefix = step.variables["GITHUB_REF"], "refs/tags/"
    tag = step.text("tag_name").removeprefix(prefix) or (ref.removeprefix(prefix) if ref.startswith(prefix) else "")
    if not tag and not step.true("draft"):
        step.fail("⚠️ GitHub Releases requires a tag")
    repository = step.text("repository") or step.variables["GITHUB_REPOSITORY"]
    if repository.lower() != step.variables["GITHUB_REPOSITORY"].lower():
        step.doubt(f"softprops/action-gh-release: a release in {repository}, which is not rehearsed")
        return
    chosen = files(step)
    releases = f"{GITHUB_API}/repos/{repository}/releases"
    there = _there(step, f"{releases}/tags/{quote(tag, safe='')}")
    if there is None:
        release = _one(step, tag, releases, _send(step, "POST", releases, _new(step, tag, releases)).json(_Release))
    else:
        before = there.json(_Release)
        made = _send(step, "PATCH", f"{releases}/{before.id}", _changed(step, tag, releases, before))
        release = made.json(_Release)
    for path in chosen:
        _upload(step, release, releases, path)
    if release.draft and not step.true("draft"):
        _send(step, "PATCH", f"{releases}/{release.id}", _filled(draft=False, **_courtesies(step)))
    step.say(f"🎉 Release ready at {release.html_url}")
    step.output("url", release.html_url)
    step.output("id", str(release.id))
    step.output("upload_url", release.upload_url)
    names = {path.name for path in chosen}
    assets = _send(step, "GET", f"{releases}/{release.id}/assets?per_page=100")
    shown = assets.json(list[dict[str, object]])
    ours = [
        {key: part for key, part in asset.items() if key != "uploader"} for asset in shown if asset["name"] in names
    ]
    step.output("assets", msgspec.json.encode(ours).decode())


def _one(step: Step, tag: str, releases: str, made: _Release) -> _Release:
    """Of several releases of the tag, the one that is used: a public one, else the oldest draft, as it stands.

    The draft that was just made goes, where it is another one (src/github.ts, canonicalizeCreatedRelease).
    """
    if not made.draft:
        return made
    listed = _send(step, "GET", f"{releases}?per_page=100").json(list[_Release])
    found = sorted((one for one in listed if one.tag_name == tag), key=lambda one: (one.draft, one.id))
    chosen = found[0] if found else made
    if chosen.id != made.id:
        step.say(f"↪️ Using release {chosen.id} for tag {tag} instead of duplicate draft {made.id}")
        _send(step, "DELETE", f"{releases}/{made.id}")
    return chosen


def _new(step: Step, tag: str, releases: str) -> dict[str, object]:
    """A draft, until the files are there; a prerelease is public at once (src/github.ts, createRelease)."""
    prerelease = _switch(step, "prerelease")
    return _filled(
        tag_name=tag,
        name=step.text("name") or tag,
        body=_body(step, tag, releases),
        draft=step.true("draft") if prerelease else True,
        prerelease=prerelease,
        target_commitish=step.text("target_commitish") or None,
        **_courtesies(step),
    )


def _changed(step: Step, tag: str, releases: str, before: _Release) -> dict[str, object]:
    """What is not given stays as it is (src/github.ts, release)."""
    prerelease = _switch(step, "prerelease")
    return _filled(
        tag_name=tag,
        name=step.text("name") or before.name or tag,
        body=_body(step, tag, releases, before.body or ""),
        draft=before.draft,
        prerelease=before.prerelease if prerelease is None else prerelease,
        target_commitish=step.text("target_commitish") or before.target_commitish,
        **_courtesies(step),
    )


def _courtesies(step: Step) -> dict[str, object]:
    latest = step.text("make_latest")
    return {
        "make_latest": latest if latest in _LATEST else None,
        "discussion_category_name": step.text("discussion_category_name") or None,
    }


def _filled(**fields: object) -> dict[str, object]:
    """The fields that have a value: JSON has no others."""
    return {name: value for name, value in fields.items() if value is not None}


def _switch(step: Step, name: str) -> bool | None:
    return step.text(name) == "true" if step.text(name) else None


def _body(step: Step, tag: str, releases: str, before: str = "") -> str | None:
    """The text of the release: the workflow's, or what was there, and GitHub's own notes behind it."""
    body, path = step.inputs.get("body", ""), step.text("body_path")
    if path and (step.workspace / path).is_file():
        body = (step.workspace / path).read_text(encoding="utf-8")
    elif path:
        step.say(f"⚠️ Failed to read body_path \"{path}\" (ENOENT). Falling back to 'body' input.")
    if before:
        body = f"{before}\n{body}" if body and step.true("append_body") else body or before
    if step.true("generate_release_notes"):
        ask = _filled(
            tag_name=tag,
            target_commitish=step.text("target_commitish") or None,
            previous_tag_name=step.text("previous_tag") or None,
        )
        notes = _send(step, "POST", f"{releases}/generate-notes", ask)
        body = "\n\n".join(filter(None, (body, notes.json(_Notes).body)))
    return body[:_LONGEST] or None


def files(step: Step) -> list[Path]:
    """What the patterns match: a line each, or several with commas between them (src/util.ts, parseInputFiles)."""
    folder = Path(os.path.normpath(step.workspace / step.text("working_directory")))
    found: dict[Path, None] = {}
    for pattern in (word for line in step.lines("files") for word in _words(line)):
        absolute = Path(pattern).expanduser()
        root, rest = (Path("/"), str(absolute)[1:]) if absolute.is_absolute() else (folder, pattern.removeprefix("./"))
        matched = {path: None for one in _braces(rest) for path in sorted(root.glob(one)) if path.is_file()}
        if not matched and step.true("fail_on_unmatched_files"):
            step.fail(f"⚠️  Pattern '{pattern}' does not match any files.")
        if not matched:
            step.say(f"🤔 Pattern '{pattern}' does not match any files.")
        found |= matched
    return list(found)


def _words(line: str) -> list[str]:
    """The parts of a line between commas that are not in braces."""
    parts = re.findall(r"(?:\{[^}]*\}|[^,{]|\{)+", line)
    return [part.strip() for part in parts if part.strip()]


def _braces(pattern: str) -> Iterator[str]:
    found = re.search(r"\{([^{}]*)\}", pattern)
    if found is None:
        yield pattern
        return
    for word in found[1].split(","):
        yield from _braces(pattern[: found.start()] + word + pattern[found.end() :])


def _upload(step: Step, release: _Release, releases: str, path: Path) -> None:
    """One file; one of its name goes first, unless it is to stay (src/github.ts, upload)."""
    same = (path.name, path.name.replace(" ", "."))
    there = next((asset for asset in release.assets if asset.name in same or asset.label == path.name), None)
    if there is not None and step.text("overwrite_files") not in ("", "true"):
        step.say(f"Asset {path.name} already exists and overwrite_files is false...")
        return
    if there is not None:
        step.say(f"♻️ Deleting previously uploaded asset {path.name}...")
        _send(step, "DELETE", f"{releases}/assets/{there.id}")
    address = f"{release.upload_url.partition('{')[0]}?name={quote(path.name)}"
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = _headers(step) | {"Content-Type": kind}
    reply = step.http.request("POST", address, headers=headers, body=path.read_bytes())
    if reply.status == 422 and b"immutable release" in reply.body.lower():
        step.fail(
            f"Cannot upload asset {path.name} to an immutable release. GitHub only allows asset uploads before a "
            "release is published, so upload assets to a draft release before you publish it."
        )
    _good(step, reply)
    step.say(f"✅ Uploaded {path.name}")


def _send(step: Step, method: str, url: str, body: dict[str, object] | None = None) -> Reply:
    data = msgspec.json.encode(body) if body is not None else None
    return _good(step, step.http.request(method, url, headers=_headers(step), body=data))


def _there(step: Step, url: str) -> Reply | None:
    """What stands at an address, if there is something."""
    reply = step.http.request("GET", url, headers=_headers(step))
    return None if reply.status == 404 else _good(step, reply)


def _headers(step: Step) -> dict[str, str]:
    token = step.text("token") or step.variables.get("GITHUB_TOKEN", "")
    return {"Authorization": f"token {token}", "Accept": "application/vnd.github+json"}


def _good(step: Step, reply: Reply) -> Reply:
    if not reply.ok:
        said = reply.body.decode("utf-8", errors="replace")[:300]
        step.fail(f"GitHub refused {reply.method} {reply.url}: {reply.status} {said}")
    return reply
