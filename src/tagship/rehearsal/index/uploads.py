"""The upload endpoint: the rules that need the index's state, between those of the rule book.

The order is that of warehouse/forklift/legacy.py `file_upload` and its decorators; the first refusal is the answer.
"""

import secrets
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name
from packaging.version import Version
from werkzeug import Request, Response
from werkzeug.datastructures import FileStorage

from tagship.checks.rulebook import CONTENT_RULES, FILE_RULES, REQUEST_RULES, Form, Limits, Rule, Upload, refusals
from tagship.rehearsal.index import attestations
from tagship.rehearsal.index.answers import RefusedError, answer
from tagship.rehearsal.index.creation import create, drop_invalidated
from tagship.rehearsal.index.records import Flag, Lifecycle, Project, Release, Token
from tagship.rehearsal.index.state import State, with_release
from tagship.services.addresses import PYPI

_OPEN_FOR = 14 * 24 * 3600
_KEPT_AFTER_EXPIRY = 24 * 3600
"""Minted tokens are known for so long after they ran out; then they never existed."""


def upload(state: State, request: Request) -> Response:
    """Take a file in, or refuse it.

    Raises:
        RefusedError: with PyPI's words.
    """
    form, files = _sanitized(request), request.files
    content = files.get("content")
    path = state.folder / f"incoming-{secrets.token_hex(8)}" if content is not None else None
    if content is not None and path is not None:
        content.save(path)
    try:
        sent = Upload(
            form=form,
            index=state.addresses,
            path=path,
            filename=(content.filename or "") if content is not None else "",
            content_type=_content_type(content) if content is not None else "",
        )
        with state.lock:
            _take(_Taking(state=state, request=request, sent=sent))
    finally:
        if path is not None:
            path.unlink(missing_ok=True)
    return answer(request, 200)


def _content_type(content: FileStorage) -> str:
    """As Python's `cgi` reads it: a part that names no type, as uv sends it, is text; an empty type stays empty."""
    return content.mimetype if "Content-Type" in content.headers else "text/plain"


def _sanitized(request: Request) -> Form:
    """The form without distutils' UNKNOWN and NULs (warehouse/forklift/decorators.py)."""
    for field in sorted(set(request.files) - {"content", "gpg_signature"}):
        raise RefusedError(400, f"{field}: Should not be a tuple.")
    fields = {name: tuple(value.replace("\0", "\\x00") for value in values) for name, values in request.form.lists()}
    return {name: values for name, values in fields.items() if values[-1].strip() != "UNKNOWN"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Taking:
    state: State
    request: Request
    sent: Upload


def _take(taking: _Taking) -> None:
    """Everything in its order; the state changes at the very end."""
    state = taking.state
    token = _identity(taking)
    _stop_at_first(taking.sent, REQUEST_RULES)
    known = state.projects.get(canonicalize_name(taking.sent.value("name")))
    project = known or _created(taking, token)
    _permitted(taking, token, project)
    if token.user is not None:
        _ready_account(taking, token.user)
    if not project.organization_active:
        raise RefusedError(
            400,
            "Organization account owning this project is inactive. This may be due to inactive billing for Company "
            "Organizations, or administrator intervention for Community Organizations. "
            f"Please contact support+orgs@{PYPI.web.removeprefix('https://')}.",
        )
    used = sum(file.size for file in project.files)
    sent = replace(taking.sent, limits=Limits(file=project.limits.file, project=project.limits.project, used=used))
    _stop_at_first(sent, FILE_RULES)
    if _is_there_already(state, sent):
        return
    now = state.clock()
    version = Version(sent.value("version"))
    release = project.release(version) or Release(version=version, created=now, form=sent.form)
    _release_open(state, sent, release)
    _stop_at_first(sent, CONTENT_RULES)
    attested = "attestations" in sent.form and Flag.NO_ATTESTATIONS not in state.flags
    provenance = attestations.provenance(sent, token.publisher) if attested else None
    stored = state.store(sent, at=now, provenance=provenance)
    renamed = replace(project, name=sent.value("name"))
    state.put(with_release(renamed, replace(release, files=(*release.files, stored))))
    if known is None and token.user is not None:
        drop_invalidated(state, project, token.user)


def _stop_at_first(sent: Upload, rules: Sequence[Rule]) -> None:
    for refusal in refusals(sent, rules):
        raise RefusedError(400, refusal.reason)


def _identity(taking: _Taking) -> Token:
    """Who asks; switches of the administrators come first."""
    state, sent = taking.state, taking.sent
    if Flag.READ_ONLY in state.flags:
        raise RefusedError(403, "Read-only mode: Uploads are temporarily disabled.")
    if Flag.NO_UPLOADS in state.flags:
        page = sent.help("admin-intervention")
        raise RefusedError(403, f"New uploads are temporarily disabled. See {page} for more information.")
    kind, _, credentials = taking.request.headers.get("Authorization", "").partition(" ")
    text = credentials.strip() if kind.lower() in ("token", "bearer") else ""
    if kind.lower() == "basic":
        user, text = _basic(credentials)
        if user not in (None, "__token__"):
            raise RefusedError(
                403,
                "Username/Password authentication is no longer supported. Migrate to API Tokens or Trusted Publishers "
                f"instead. See {sent.help('apitoken')} and {sent.help('trusted-publishers')}",
            )
    token = state.tokens.get(text)
    user_of_token = state.users.get(token.user) if token and token.user else None
    minted = token is not None and token.publisher is not None
    gone = minted and token and token.expires is not None and state.clock() >= token.expires + _KEPT_AFTER_EXPIRY
    if token is None or gone or (user_of_token and user_of_token.frozen):
        page = sent.help("invalid-auth")
        raise RefusedError(403, f"Invalid or non-existent authentication information. See {page} for more information.")
    return token


def _basic(credentials: str) -> tuple[str | None, str]:
    """User and password, white space around it removed; None where they cannot be read."""
    try:
        user, _, password = b64decode(credentials).decode().partition(":")
    except ValueError:
        return None, ""
    return user, password.strip()


def _created(taking: _Taking, token: Token) -> Project:
    """The project that this upload brings into being, if it succeeds."""
    state, name = taking.state, taking.sent.value("name")
    if token.user is None:
        raise RefusedError(
            400,
            "Non-user identities cannot create new projects. This was probably caused by successfully using a pending "
            "publisher but specifying the project name incorrectly (either in the publisher or in your project's "
            "metadata). Please ensure that both match. "
            f"See: {state.addresses.docs}/trusted-publishers/troubleshooting/",
        )
    _ready_account(taking, token.user)
    return create(state, name, token.user, address=taking.request.remote_addr or "")


def _permitted(taking: _Taking, token: Token, project: Project) -> None:
    """What the token says about itself, then the roles (warehouse/macaroons/caveats, packaging/models.py `__acl__`)."""
    state, normal = taking.state, canonicalize_name(project.name)
    failed: list[str] = []
    scoped = f"project-scoped token is not valid for project: {project.name!r}"
    if token.publisher is not None and normal not in state.publishers.get(token.publisher, frozenset()):
        failed.append(f"OIDC scoped token is not valid for project '{project.name}'")
    if token.projects is not None and normal not in token.projects:
        # A user's scoped token names its projects twice, by name and by number, and both caveats fail.
        failed.extend([scoped] if token.publisher else [scoped, scoped])
    if token.expires is not None and state.clock() >= token.expires:
        failed.append("token is expired")
    if failed:
        raise RefusedError(403, f"Invalid API Token: {', '.join(failed)}")
    if token.user is None:
        who, may = "The given token", project.status is Lifecycle.ACTIVE
    else:
        who = f"The user '{token.user}'"
        may = token.user in project.roles and project.status is not Lifecycle.ARCHIVED
    if not may:
        page = taking.sent.help("project-name")
        what = f"isn't allowed to upload to project '{project.name}'. See {page} for more information."
        raise RefusedError(403, f"{who} {what}")


def _ready_account(taking: _Taking, name: str) -> None:
    user, help_page = taking.state.users[name], taking.sent.help
    who = f"User {name!r}, associated with the API token used, does not have"
    upload_to = "before attempting to upload to PyPI. See"
    if not user.verified:
        raise RefusedError(
            403,
            f"{who} a verified primary email address. Please add a verified primary email "
            f"{upload_to} {help_page('verified-email')} for more information.",
        )
    if not user.two_factor:
        raise RefusedError(
            403,
            f"{who} two-factor authentication enabled. Please enable two-factor authentication "
            f"{upload_to} {help_page('two-factor-authentication')} for more information.",
        )


def _is_there_already(state: State, sent: Upload) -> bool:
    """True for the very same file; refused where only the name or only the content is known, in any project."""
    sha256, blake2 = sent.hashes["sha256_digest"], sent.hashes["blake2_256_digest"]
    everything = (file for project in state.projects.values() for file in project.files)
    same = [file for file in everything if file.filename == sent.filename or file.blake2 == blake2]
    if any(f.filename == sent.filename and f.sha256 == sha256 and f.blake2 == blake2 for f in same):
        return True
    page = sent.help("file-name-reuse")
    if same:
        known = f"({sent.filename!r}, with blake2_256 hash {blake2!r})"
        raise RefusedError(400, f"File already exists {known}. See {page} for more information.")
    if sent.filename in state.burnt:
        raise RefusedError(
            400,
            "This filename was previously used by a file that has since been deleted. "
            f"Use a different version. See {page} for more information.",
        )
    return False


def _release_open(state: State, sent: Upload, release: Release) -> None:
    if release.created < state.clock() - _OPEN_FOR:
        raise RefusedError(400, "Uploading new files to releases older than 14 days is not allowed.")
    if sent.value("filetype") == "sdist" and any(file.filetype == "sdist" for file in release.files):
        raise RefusedError(400, "Only one sdist may be uploaded per release.")
