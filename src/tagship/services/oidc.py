"""The door to identity: GitHub's identity token for this job, and the short-lived upload token PyPI gives for it.

The manual exchange is what PyPI's own publish action does. An identity token can be used once (its `jti` is
claimed before the upload token is made), so an exchange whose answer was lost is repeated with a new one.
"""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from tagship.errors import Refused, UnknownOutcome, Unreachable
from tagship.services.addresses import IndexAddresses
from tagship.services.http import AGAIN, Http, Reply
from tagship.services.secret import Secret, named
from tagship.shapes import read_json

URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105  a variable's name


class _Identity(msgspec.Struct):
    value: str


class _Minted(msgspec.Struct):
    token: str


class _Claims(msgspec.Struct):
    repository: str = ""
    job_workflow_ref: str = ""
    environment: str = ""


class _Problem(msgspec.Struct):
    code: str
    description: str = ""


class _Failure(msgspec.Struct):
    errors: list[_Problem] = []


PAUSES = (2.0, 15.0)
"""Seconds before the exchange is repeated."""
REMEDIES = {
    "invalid-publisher": "Register the repository, workflow file and environment named above as a trusted publisher "
    "of the project, spelt exactly so: upper and lower case matter. If the project is not yours, choose another name.",
    "invalid-pending-publisher": "The project exists already: add the publisher in the project's own settings.",
    "invalid-token": "Check the clock of the runner and that nothing between it and the index changes requests.",
    "invalid-reuse-token": "Run the job again: an identity token works once.",
    "not-enabled": "Wait until the index has trusted publishing back; its status page says when.",
    "invalid-payload": "Update tagship; if it stays, report it.",
}
NAME_REFUSED = "Choose another name for the project: the index does not give this one to anybody new."
"""For a pending publisher, whose first use would have created the project."""


def available(environment: Mapping[str, str]) -> bool:
    """Whether this job may ask for an identity token (`permissions: id-token: write`)."""
    return bool(environment.get(URL)) and named(environment, TOKEN) is not None


def upload_token(http: Http, environment: Mapping[str, str], index: IndexAddresses) -> Secret:
    """An upload token for one index, valid for 15 minutes, by trusted publishing.

    Raises:
        Refused: GitHub gives no identity token, or the index knows no publisher for it; the code is in the text.
        Unreachable: one of the two does not answer, or has too much to do.
        UnknownOutcome: the exchange got no clear answer, several times.
    """
    for pause in (*PAUSES, None):
        identity = _identity(http, environment, index.audience)
        try:
            return _mint(http, index, identity)
        except (UnknownOutcome, Unreachable):
            if pause is None:
                raise
            http.sleep(pause)
    raise AssertionError("unreachable")


def _identity(http: Http, environment: Mapping[str, str], audience: str) -> Secret:
    url, token = environment.get(URL, ""), named(environment, TOKEN)
    if not url or token is None:
        raise Refused(
            "No upload token: this job may not ask for an identity token",
            remedy='Give the job `permissions: id-token: write` and its environment; or set `auth = "token"`.',
            where=URL,
        )
    joint = "&" if urlsplit(url).query else "?"
    reply = http.request(
        "GET",
        f"{url}{joint}audience={audience}",
        headers={"Authorization": f"bearer {token.reveal()}", "Accept": "application/json"},
    )
    if reply.status in AGAIN:
        raise Unreachable(
            f"No upload token: GitHub does not give the job its identity now: {reply.status} {reply.reason}",
            remedy="Wait a few minutes and run the same command again; nothing was changed.",
            where=URL,
        )
    if not reply.ok:
        raise Refused(
            f"No upload token: GitHub refused the identity token with {reply.status}",
            remedy="Give the job `permissions: id-token: write`; runs for pull requests from forks never get one.",
            where=URL,
        )
    return Secret(reply.json(_Identity).value)


def _mint(http: Http, index: IndexAddresses, identity: Secret) -> Secret:
    reply = http.request(
        "POST",
        f"{index.web}/_/oidc/mint-token",
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        body=msgspec.json.encode({"token": identity.reveal()}),
    )
    if reply.ok:
        return Secret(reply.json(_Minted).token)
    if reply.status == 429:
        raise Unreachable(
            f"No upload token: {index.name} has too much to do: {reply.status} {reply.reason}",
            remedy="Wait a few minutes and run the same command again; nothing was changed.",
        )
    if reply.status >= 500:
        raise UnknownOutcome(
            f"{index.name} answered the exchange of the identity token with {reply.status}",
            remedy="Run the job again; a new identity token is used.",
        )
    raise _refusal(index, reply, identity)


def _refusal(index: IndexAddresses, reply: Reply, identity: Secret) -> Refused:
    # The body may repeat parts of the token: only the documented fields are shown.
    problems = reply.json(_Failure).errors
    said = "; ".join(f"{p.code}: {p.description}" for p in problems) or f"status {reply.status}"
    code = problems[0].code if problems else ""
    remedy = REMEDIES.get(code, "Compare the publisher registered on the index with this workflow.")
    return Refused(
        f"No upload token: {index.name} refused this workflow's identity: {said}\n{_described(identity)}",
        remedy=NAME_REFUSED if "The name '" in said else remedy,
        where=f"{index.web}/_/oidc/mint-token",
        url=f"{index.docs}/trusted-publishers/troubleshooting/",
    )


def _described(identity: Secret) -> str:
    """What the identity token says of this job, to compare with what is registered; the token itself is not shown."""
    payload = identity.reveal().split(".")[1]
    try:
        claims = read_json(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), _Claims)
    except (msgspec.DecodeError, ValueError):
        return "The identity token cannot be read."
    file = claims.job_workflow_ref.partition("@")[0].rpartition("/")[2]
    return f"repository {claims.repository}, workflow {file}, environment {claims.environment or '(none)'}"
