"""The repository's own settings: what doctor reads, and those that it may change."""

from typing import Literal

import msgspec

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import VERSIONS, Call, Object, Reply, Route, granted, not_found, refusal
from tagship.rehearsal.github.state import Json, SecretDates


class Switch(msgspec.Struct, frozen=True):
    """A feature, on or off."""

    status: Literal["enabled", "disabled"]


class Security(msgspec.Struct, frozen=True, kw_only=True):
    """Features that look for credentials."""

    secret_scanning: Switch | None = None
    secret_scanning_push_protection: Switch | None = None


class ChangedRepository(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `PATCH /repos/{owner}/{repo}`, as far as it is known here."""

    security_and_analysis: Security = Security()


def get_repository(call: Call) -> Reply:
    """The repository itself."""
    repo, urls = call.repo, call.urls
    body = shapes.whole_repository(repo, urls) | dict.fromkeys(("network_count", "subscribers_count"), 0)
    if repo.organisation:
        body["organization"] = shapes.account(repo, urls, repo.owner)
    if call.token.kind != "none":
        write = call.may("contents")
        admin = call.may("administration")
        body["permissions"] = {"admin": admin, "maintain": admin, "push": write, "triage": write, "pull": True}
    if granted(call.token, repo, "administration", "read"):
        body["security_and_analysis"] = {
            "secret_scanning": _switch(on=repo.secret_scanning),
            "secret_scanning_push_protection": _switch(on=repo.push_protection),
        }
    return Reply(body=call.known(body))


def _switch(*, on: bool) -> Json:
    return {"status": "enabled" if on else "disabled"}


def patch_repository(call: Call) -> Reply:
    """Switch the search for credentials on and off; what is not named stays."""
    security = call.body(ChangedRepository).security_and_analysis
    if call.repo.private and security != Security():
        raise refusal(422, "Secret scanning is not available for this repository.")
    if security.secret_scanning is not None:
        call.repo.secret_scanning = security.secret_scanning.status == "enabled"
    if security.secret_scanning_push_protection is not None:
        call.repo.push_protection = security.secret_scanning_push_protection.status == "enabled"
    return get_repository(call)


def rate_limit(call: Call) -> Reply:
    """The limits; asking costs nothing."""
    token = call.token
    core: Json = {
        "limit": token.limit,
        "remaining": max(0, token.limit - token.used),
        "reset": int(token.reset),
        "used": token.used,
        "resource": "core",
    }
    body: Object = {"resources": {"core": core, "search": core, "graphql": core}}
    return Reply(body=body if call.version == VERSIONS[-1] else body | {"rate": core})


def list_secrets(call: Call) -> Reply:
    """Names and dates of the repository's secrets; values never."""
    return _secrets(call, call.repo.secrets)


def list_organization_secrets(call: Call) -> Reply:
    """Secrets of the organisation that the repository gets."""
    return _secrets(call, call.repo.organization_secrets)


def _secrets(call: Call, found: dict[str, SecretDates]) -> Reply:
    return call.page(sorted(found.items()), secret_shape, "secrets")


def secret_shape(named: tuple[str, SecretDates]) -> Json:
    """A secret as everybody sees it."""
    name, dates = named
    return {"name": name, "created_at": shapes.when(dates.created), "updated_at": shapes.when(dates.updated)}


def immutable_releases(call: Call) -> Reply:
    """Whether releases become immutable; 404 where not."""
    if not call.repo.immutable_releases:
        raise not_found()
    return Reply(body={"enabled": True, "enforced_by_owner": False})


def enable_immutable_releases(call: Call) -> Reply:
    """Releases published from now on are immutable."""
    call.repo.immutable_releases = True
    return Reply(status=204)


def disable_immutable_releases(call: Call) -> Reply:
    """Releases published from now on are not; those that are, stay."""
    call.repo.immutable_releases = False
    return Reply(status=204)


def oidc_subject(call: Call) -> Reply:
    """How the `sub` claim is made."""
    return Reply(body={"use_default": True, "use_immutable_subject": call.repo.policy.immutable_subject})


_R = "/repos/{owner}/{repo}"
_ADMIN = "!administration:read"
ROUTES = (
    Route("GET", "/rate_limit", "", rate_limit),
    Route("GET", _R, "metadata:read", get_repository),
    Route("PATCH", _R, "administration:write", patch_repository),
    Route("GET", f"{_R}/actions/secrets", "!secrets:read", list_secrets),
    Route("GET", f"{_R}/actions/organization-secrets", "!secrets:read", list_organization_secrets),
    Route("GET", f"{_R}/immutable-releases", _ADMIN, immutable_releases),
    Route("PUT", f"{_R}/immutable-releases", "administration:write", enable_immutable_releases),
    Route("DELETE", f"{_R}/immutable-releases", "administration:write", disable_immutable_releases),
    Route("GET", f"{_R}/actions/oidc/customization/sub", "!actions:read", oidc_subject),
)
