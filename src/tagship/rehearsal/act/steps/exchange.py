"""Trusted publishing as pypa/gh-action-pypi-publish does it (its oidc-exchange.py, v1.14): once, with no second try."""

from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit

import msgspec

from tagship.rehearsal.act.steps.step import Step
from tagship.rehearsal.identity import Claims, parts_of
from tagship.services import oidc
from tagship.services.http import Reply
from tagship.services.secret import Secret
from tagship.shapes import read_json

_SHOWN = (
    *("sub", "repository", "repository_owner", "repository_owner_id", "workflow_ref", "job_workflow_ref", "ref"),
    "environment",
)
_AUDIENCE = {
    403: "has trusted publishing disabled",
    404: "does not indicate trusted publishing support",
}


class _Audience(msgspec.Struct):
    audience: str


class _Identity(msgspec.Struct):
    value: str


class _Problem(msgspec.Struct):
    code: str
    description: str = ""


class _Minted(msgspec.Struct):
    token: str = ""
    errors: list[_Problem] = []


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchanged:
    """What an index gave for the identity of a job."""

    token: Secret
    claims: Claims
    """Of the identity."""


def exchange(step: Step, repository: str) -> Exchanged:
    """An upload token for the index at an address.

    Raises:
        ToolFailed: in the action's words.
    """
    domain = urlsplit(repository).netloc
    asked = step.http.request("GET", f"https://{domain}/_/oidc/audience")
    if not asked.ok:
        why = _AUDIENCE.get(asked.status, f"responded with unexpected {asked.status}: {asked.reason}")
        _die(step, f"audience retrieval failed: repository at {domain} {why}")
    identity = _identity(step, asked.json(_Audience).audience)
    claims = parts_of(identity)[1]
    if claims.get("workflow_ref") != claims.get("job_workflow_ref"):
        step.warn(
            "Potential workflow misconfiguration: The claims in this token suggest that the calling workflow is a "
            "reusable workflow. Reusable workflows are **not currently supported** by PyPI's Trusted Publishing "
            "functionality, and are subject to breakage."
        )
    body = msgspec.json.encode({"token": identity})
    headers = {"Content-Type": "application/json"}
    reply = step.http.request("POST", f"https://{domain}/_/oidc/mint-token", headers=headers, body=body)
    minted = _answer(step, reply)
    if not reply.ok:
        reasons = "\n".join(f"* `{problem.code}`: {problem.description}" for problem in minted.errors)
        shown = "\n".join(f"* `{name}`: `{claims.get(name, 'MISSING')}`" for name in _SHOWN)
        _die(
            step,
            "Token request failed: the server refused the request for the following reasons:\n\n"
            f"{reasons}\n\nThis generally indicates a trusted publisher configuration error, but could\nalso indicate "
            "an internal error on GitHub or PyPI's part.\n\nThe claims rendered below are **for debugging purposes "
            "only**. You should **not**\nuse them to configure a trusted publisher unless they already match your "
            f"expectations.\n\n{shown}",
        )
    if not minted.token:
        _die(step, "Token response error: the index gave us an invalid response.")
    step.say(f"::add-mask::{minted.token}")
    return Exchanged(token=Secret(minted.token), claims=claims)


def _identity(step: Step, audience: str) -> str:
    url, token = step.variables.get(oidc.URL, ""), step.variables.get(oidc.TOKEN, "")
    if not url or not token:
        missing = oidc.URL if not url else oidc.TOKEN
        _die(
            step,
            "OpenID Connect token retrieval failed: GitHub: missing or insufficient OIDC token permissions, the "
            f"{missing} environment variable was unset. This generally indicates a workflow configuration error: "
            "insufficient permissions. Make sure that your workflow has `id-token: write` configured at the job level.",
        )
    headers = {"Authorization": f"bearer {token}"}
    reply = step.http.request("GET", f"{url}&audience={audience}", headers=headers)
    if not reply.ok:
        _die(step, f"OpenID Connect token retrieval failed: GitHub: OIDC token request failed (code={reply.status})")
    return reply.json(_Identity).value


def _answer(step: Step, reply: Reply) -> _Minted:
    try:
        return read_json(reply.body, _Minted)
    except msgspec.DecodeError:
        _die(step, f"Token request failed: the index produced an unexpected {reply.status} response.")


def _die(step: Step, message: str) -> NoReturn:
    step.fail(f"Trusted publishing exchange failure: {message}")
