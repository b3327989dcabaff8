"""Stands in for softprops/action-gh-release: the same requests to GitHub's API."""

import mimetypes
from pathlib import Path
from urllib.parse import quote

import msgspec

from tagship.rehearsal.act.steps.step import Step
from tagship.services.addresses import GITHUB_API
from tagship.services.http import Reply


class _Release(msgspec.Struct):
    id: int
    html_url: str
    upload_url: str


def run(step: Step) -> None:
    """Find or make the release, upload the files, make it public (softprops/action-gh-release v2, src/github.ts)."""
    ref = step.variables["GITHUB_REF"]
    tag = step.text("tag_name").removeprefix("refs/tags/") or ref.removeprefix("refs/tags/")
    if not step.text("tag_name") and not ref.startswith("refs/tags/") and not step.true("draft"):
        step.fail("GitHub Releases requires a tag")
    files = _files(step)
    releases = f"{GITHUB_API}/repos/{step.variables['GITHUB_REPOSITORY']}/releases"
    there = _send(step, "GET", f"{releases}/tags/{quote(tag, safe='')}", missing=True)
    draft = step.true("draft")
    if there is None:
        made = _send(step, "POST", releases, _fields(step, tag) | {"draft": draft or bool(files)})
    else:
        made = _send(step, "PATCH", f"{releases}/{there.json(_Release).id}", _fields(step, tag))
    if made is None:
        step.fail("GitHub gave no release")
    release = made.json(_Release)
    for path in files:
        address = f"{release.upload_url.partition('{')[0]}?name={quote(path.name)}"
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        _good(
            step,
            step.http.request("POST", address, headers=_headers(step) | {"Content-Type": kind}, body=path.read_bytes()),
        )
        step.say(f"Uploaded {path.name}")
    if files and not draft and there is None:
        _send(step, "PATCH", f"{releases}/{release.id}", {"draft": False})
    step.say(f"Release ready at {release.html_url}")
    step.output("url", release.html_url)
    step.output("id", str(release.id))
    step.output("upload_url", release.upload_url)


def _fields(step: Step, tag: str) -> dict[str, str | bool]:
    body = step.text("body")
    if step.text("body_path"):
        body = (step.workspace / step.text("body_path")).read_text(encoding="utf-8")
    fields: dict[str, str | bool] = {"tag_name": tag, "name": step.text("name") or tag, "body": body}
    for name, key in (("prerelease", "prerelease"), ("generate_release_notes", "generate_release_notes")):
        if step.text(name):
            fields[key] = step.true(name)
    if step.text("target_commitish"):
        fields["target_commitish"] = step.text("target_commitish")
    return fields


def _files(step: Step) -> list[Path]:
    found: list[Path] = []
    for pattern in step.lines("files"):
        matched = sorted(path for path in step.workspace.glob(pattern) if path.is_file())
        if not matched and step.true("fail_on_unmatched_files"):
            step.fail(f"Pattern '{pattern}' does not match any files.")
        if not matched:
            step.warn(f"Pattern '{pattern}' does not match any files.")
        found += matched
    return found


def _send(
    step: Step, method: str, url: str, body: dict[str, str | bool] | None = None, *, missing: bool = False
) -> Reply | None:
    """One request; None where what it asks for is missing, and may be."""
    data = msgspec.json.encode(body) if body is not None else None
    reply = step.http.request(method, url, headers=_headers(step), body=data)
    return None if missing and reply.status == 404 else _good(step, reply)


def _headers(step: Step) -> dict[str, str]:
    return {"Authorization": f"token {step.text('token')}", "Accept": "application/vnd.github+json"}


def _good(step: Step, reply: Reply) -> Reply:
    if not reply.ok:
        said = reply.body.decode("utf-8", errors="replace")[:300]
        step.fail(f"GitHub refused {reply.method} {reply.url}: {reply.status} {said}")
    return reply
