"""publish: uploads what the index lacks, and nothing else.

Looks at the index first and afterwards; the status of an upload is never taken as evidence, because PyPI answers
200 to bytes that were there, and because an answer can be lost. On GitHub the generated workflow uses the PyPA's
own publish action in place of this stage; elsewhere, and in rehearsals, twine does the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from tagship.errors import Conflict, Refused, TagshipError, UnknownOutcome, Unreachable
from tagship.model import Dist, Manifest, Plan, Target
from tagship.services import oidc
from tagship.services.index import Index, IndexPage, refusal
from tagship.services.secret import Secret, named
from tagship.services.shell import Output
from tagship.services.world import World
from tagship.stages.common import handed_over, ok, planned, problem
from tagship.words import many

PAUSES = (5.0, 30.0)
"""Seconds before the index is looked at again and gets what it lacks, after an upload that broke off."""
TOKEN_VARIABLES = {Target.PYPI: "PYPI_API_TOKEN", Target.TESTPYPI: "TEST_PYPI_API_TOKEN"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """The index lacks the file."""

    dist: Dist


@dataclass(frozen=True, kw_only=True, slots=True)
class Present:
    """The index has our bytes already."""

    dist: Dist


@dataclass(frozen=True, kw_only=True, slots=True)
class Clash:
    """The index has other bytes under that name, for ever."""

    dist: Dist
    sha256: str


Action = Upload | Present | Clash


def decide(dists: Sequence[Dist], page: IndexPage | None) -> tuple[Action, ...]:
    """What to do for each file, from what the index shows now."""
    actions: list[Action] = []
    for dist in dists:
        there = page.file(dist.filename) if page is not None else None
        if there is None:
            actions.append(Upload(dist=dist))
        elif there.sha256 == dist.sha256:
            actions.append(Present(dist=dist))
        else:
            actions.append(Clash(dist=dist, sha256=there.sha256))
    return tuple(actions)


def run(manifest: Manifest, world: World) -> Manifest:
    """Upload the files of the manifest.

    Raises:
        Conflict: other bytes are public under one of the names, or the folder is not what was built.
        Refused: the index or GitHub said no, in its words.
        Unreachable: the index cannot be asked.
        UnknownOutcome: something was sent, and the index does not show it yet.
    """
    plan = planned(manifest)
    if plan.target is Target.NONE:
        world.journal.skip(f"Nothing was uploaded: {plan.reason}")
        return manifest
    files = handed_over(manifest, world.workspace.dist)
    index = world.index(plan.target)
    world.journal.link(f"{plan.project} {plan.version} on {index.addresses.name}", _page(index, plan))
    for pause in (*PAUSES, None):
        try:
            _complete(plan, manifest, files, index, world)
            break
        except UnknownOutcome as unclear:
            if pause is None:
                raise
            world.journal.say(f"{unclear.message.splitlines()[0]}: looking again")
            world.clock.sleep(pause)
    return manifest


def _complete(plan: Plan, manifest: Manifest, files: Sequence[Path], index: Index, world: World) -> None:
    """Look, upload what is missing with a token of its own, and look again."""
    page = index.page(plan.project)
    todo = _todo(decide(manifest.dists, page), index, world)
    _nothing_foreign(plan, manifest, page, index)
    if not todo:
        world.journal.say(f"{index.addresses.name} has {many(len(files), 'file')} already, byte for byte")
        return
    token = _credential(plan, index, world)
    missing = [file for file in files if file.name in todo]
    world.journal.doing(f"uploading {many(len(missing), 'file')} to {index.addresses.name}")
    output = index.upload(world.shell, missing, token, limit=world.limits.upload)
    _settle(plan, index, output, [dist for dist in manifest.dists if dist.filename in todo], world)


def _nothing_foreign(plan: Plan, manifest: Manifest, page: IndexPage | None, index: Index) -> None:
    """Refuse a version that has files of another build, except wheels that are made elsewhere on purpose.

    Raises:
        Conflict: it has.
    """
    known = {dist.filename for dist in manifest.dists}
    others = page.others(plan.version, known) if page is not None and not manifest.local else ()
    if others:
        raise Conflict(
            f"Nothing was uploaded: {index.addresses.name} has {', '.join(others)}, which this build did not make",
            remedy="Release the next version: users would get a mixture of two builds.",
            where=others[0],
        )


def _todo(actions: tuple[Action, ...], index: Index, world: World) -> frozenset[str]:
    todo = set()
    for action in actions:
        match action:
            case Upload(dist=dist):
                todo.add(dist.filename)
            case Present(dist=dist):
                ok(world, f"index.file.{dist.filename}", f"{dist.filename} is there already", dist.sha256)
            case Clash(dist=dist, sha256=other):
                problem(world, f"index.file.{dist.filename}", f"{dist.filename} is there with other bytes", other)
                raise Conflict(
                    f"Nothing was uploaded: {index.addresses.name} has {dist.filename} with other bytes\n"
                    f"there: sha256 {other}\nhere:  sha256 {dist.sha256}",
                    remedy="Release the next version: a file name can never be used again.",
                    where=dist.filename,
                )
            case _:
                assert_never(action)
    return frozenset(todo)


def _credential(plan: Plan, index: Index, world: World) -> Secret:
    """The upload token: as the project says by `auth`; without a word, from a variable where nothing else is there.

    Raises:
        Refused: there is none, or trusted publishing is refused.
    """
    variable, held = TOKEN_VARIABLES[plan.target], _api_token(plan, world)
    if plan.auth == "token" and held is None:
        raise Refused(
            f"Nothing was uploaded: {variable} holds no API token",
            remedy=f"Give the job the secret {variable} of its environment; or publish without: "
            'auth = "trusted-publishing".',
            where=variable,
        )
    if held is not None:
        ok(world, "publish.credential", "an API token is used", variable)
        return held
    token = oidc.upload_token(world.http, world.environment, index.addresses)
    ok(world, "publish.credential", "trusted publishing gave an upload token", "valid for 15 minutes")
    return token


def _api_token(plan: Plan, world: World) -> Secret | None:
    """The API token to upload with; None for trusted publishing."""
    held = named(world.environment, TOKEN_VARIABLES[plan.target])
    return held if plan.auth == "token" or not oidc.available(world.environment) else None


def _settle(plan: Plan, index: Index, output: Output, sent: Sequence[Dist], world: World) -> None:
    """Find out what is there now, whatever twine said: names and bytes."""
    names = [dist.filename for dist in sent]
    try:
        actions = decide(sent, index.page(plan.project))
    except Unreachable as error:
        if output.ok:
            world.journal.say(f"Uploaded to {index.addresses.name}, which cannot be asked at the moment")
            return
        raise UnknownOutcome(
            f"The upload to {index.addresses.name} broke off, and it cannot be asked what arrived\n{error.message}",
            remedy=AGAIN,
        ) from error
    lacking = [name for name in names if name in _todo(actions, index, world)]
    arrived = [name for name in names if name not in lacking]
    if output.ok:  # what is not shown yet is for verify to wait for
        world.journal.say(f"Uploaded to {index.addresses.name}: {', '.join(names)}")
        return
    if not lacking:
        world.journal.say(f"Uploaded to {index.addresses.name}; the answer was lost, the files are there")
        return
    said = refusal(output)
    partly = f"\n{', '.join(arrived)} is public already" if arrived else ""
    expired = said is not None and "token is expired" in said.words and _api_token(plan, world) is None
    if said is not None and said.status < 500 and said.status != 429 and not expired:
        problem(world, "publish.upload", f"{index.addresses.name} took the files", f"{said.status} {said.words}")
        raise _refused(index, said.words, lacking[0], partly)
    words = f"{said.status} {said.words}" if said is not None else output.tail(6)
    raise UnknownOutcome(
        f"The upload broke off, and {index.addresses.name} does not show {', '.join(lacking)}{partly}\n{words}",
        remedy=AGAIN,
    )


AGAIN = "Run the same command again: it uploads what is missing, and bytes that are there are left alone."

EXPLANATIONS: Mapping[str, str] = {
    "token is expired": "Make a new API token on the index, scoped to this project, and replace the old one.",
    "Invalid or non-existent authentication": "Copy the API token again, whole, or make a new one: the index does not "
    "know it. A token for TestPyPI does not work on PyPI, nor the other way round.",
    "project-scoped token is not valid": "Make an API token for this project: the one used belongs to another.",
    "isn't allowed to upload to project": "Ask the name's owners, or choose another name; where it is yours, see "
    "on its page whether it is archived or quarantined.",
    "Read-only mode": "Wait until the index takes uploads again, and run the same command again.",
    "temporarily disabled": "Wait until the index takes uploads again, and run the same command again.",
    "File already exists": "Release the next version: the same name or the same content is public already.",
    "previously used by a file": "Release the next version: the name of a deleted file can never be used again.",
    "older than 14 days": "Release the next version, with all its files: a release is closed after 14 days.",
    "Only one sdist": "Release the next version: this one has its sdist already.",
    "Too many new projects": "Wait an hour; new projects are limited to 20 an hour.",
    "too similar to an existing project": "Choose a name that cannot be confused with an existing one.",
    "conflict with Python Standard Library": "Choose a name that is not a module of the standard library.",
    "File too large": "Ask the index for a higher limit first; its address is in the message.",
}


def _refused(index: Index, said: str, file: str, partly: str) -> TagshipError:
    remedy = next((text for words, text in EXPLANATIONS.items() if words in said), None)
    kind = Conflict if "File already exists" in said else Refused
    return kind(
        f"{file} was not uploaded: {index.addresses.name} refused it: {said}{partly}",
        remedy=remedy or "The index says what is wrong: correct it and release the next version.",
        where=index.addresses.upload,
    )


def _page(index: Index, plan: Plan) -> str:
    return index.addresses.project_page(plan.project, plan.version)
