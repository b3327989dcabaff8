"""Sets GitHub's settings to what is wanted: a plan that can be read, one change after another, each read back.

The plan comes from the same comparisons as the doctor's checks. Nothing is remembered between two runs: what was set
before a run ended is seen by the next one, so that killed anywhere and repeated it ends where it should.
"""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec.structs import asdict, replace

from tagship.errors import Refused, TagshipError, UnknownOutcome, UsageError
from tagship.model import Record, Status
from tagship.services.github import GitHub
from tagship.services.github_settings import again
from tagship.services.github_shapes import Settings
from tagship.services.reading import Unseen
from tagship.setup.github import SETTINGS
from tagship.setup.github_actions import PLAN
from tagship.setup.setting import Action, Compared, Request, Setting
from tagship.setup.wanted import Wanted
from tagship.shapes import read_json


class Left(Record, frozen=True, kw_only=True):
    """Something that is not as it should be, and that only a person can change, or that could not be seen."""

    code: str
    title: str
    why: str
    remedy: str
    url: str = ""


class Plan(Record, frozen=True, kw_only=True):
    """What is to be done, in order, and what is left for people."""

    repository: str
    actions: tuple[Action, ...]
    persons: tuple[Left, ...]
    unseen: tuple[Left, ...]


class Done(Record, frozen=True, kw_only=True):
    """One change that was made and read back."""

    action: Action
    undo: tuple[str, ...]
    """Commands that restore what was there; none where somebody else made the change in the meantime."""


class NotDone(Action, frozen=True, kw_only=True):
    """One change that was planned, and not made, or not seen to be."""

    reason: str
    remedy: str


class Applied(Record, frozen=True, kw_only=True):
    """What `tagship doctor --apply --json` prints."""

    schema: Literal[1] = 1
    repository: str
    done: tuple[Done, ...]
    left: tuple[NotDone, ...]
    persons: tuple[Left, ...]
    unseen: tuple[Left, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """One change that GitHub refused, or does not show."""

    action: Action
    error: Refused
    undo: tuple[str, ...] = ()
    """Where it was taken all the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Doors:
    """The repository, and what is wanted of it."""

    github: GitHub
    """With a token that may administer it."""
    wanted: Wanted
    table: tuple[Setting, ...] = SETTINGS
    """What of all that is to be set."""


def outcome(planned: Plan, tried: Sequence[Done | Failed], why: TagshipError) -> Applied:
    """What came of a plan.

    Args:
        tried: what became of its actions, as far as they were tried.
        why: the others were not.
    """
    failed = [(one.action, one.error) for one in tried if isinstance(one, Failed)]
    left: list[tuple[Action, TagshipError]] = [*failed, *((one, why) for one in planned.actions[len(tried) :])]
    return Applied(
        repository=planned.repository,
        done=tuple(one for one in tried if isinstance(one, Done)),
        left=tuple(NotDone(**asdict(one), reason=error.message, remedy=error.remedy) for one, error in left),
        persons=planned.persons,
        unseen=planned.unseen,
    )


def plan(wanted: Wanted, settings: Settings, table: Iterable[Setting] = SETTINGS) -> Plan:
    """What would make the settings as they are wanted.

    Args:
        table: what of all is looked at.
    """
    actions: list[Action] = []
    persons: list[Left] = []
    unseen: list[Left] = []
    unpaid = settings.rulesets.hidden is not None and "Upgrade to" in settings.rulesets.hidden.why
    for setting in table:
        try:
            compared = setting.compare(wanted, settings)
        except Unseen as missing:
            unseen.append(_left(setting, missing.hidden.why, missing.hidden.remedy, ""))
            continue
        for one in compared:
            if unpaid and any(action.part == "environments" for action in one.actions):
                persons.append(_left(setting, _of_seen(setting, one).why, PLAN.remedy, one.seen.url))
                continue
            actions += one.actions
            if one.seen.status is Status.UNKNOWN:
                unseen.append(_of_seen(setting, one))
            elif one.seen.status is not Status.OK and not one.actions:
                persons.append(_of_seen(setting, one))
    return Plan(repository=wanted.repository, actions=tuple(actions), persons=tuple(persons), unseen=tuple(unseen))


def _of_seen(setting: Setting, one: Compared) -> Left:
    seen = one.seen
    about = f"{seen.about}: " if seen.about else ""
    return _left(setting, f"{about}{seen.detail}", seen.remedy, seen.url)


def _left(setting: Setting, why: str, remedy: str, url: str) -> Left:
    page = setting.page
    return Left(code=page.code, title=page.title, why=why, remedy=remedy or page.remedy, url=url)


def check_rights(doors: Doors, settings: Settings) -> None:
    """Stop before anything is changed where the token cannot change it.

    Raises:
        UsageError: there is no token.
        Refused: its owner does not administer the repository, or the repository has another name.
    """
    if doors.github.is_anonymous:
        raise UsageError(
            "Nothing was changed: GitHub's settings are changed with a token of an administrator",
            remedy="gh auth login; or a fine-grained token with Administration: write in GH_TOKEN.",
        )
    try:
        repository = settings.repository.get()
    except Unseen as missing:
        raise Refused(
            f"Nothing was changed: {doors.wanted.repository} could not be seen: {missing.hidden.why}",
            remedy=missing.hidden.remedy,
            where=missing.how,
        ) from None
    if repository is None or not repository.permissions.admin:
        raise Refused(
            f"Nothing was changed: the token may not administer {doors.wanted.repository}",
            remedy="Ask an administrator to run this, or give a token with Administration: write. GITHUB_TOKEN never "
            "has it.",
            where=settings.repository.how,
        )
    if repository.full_name.lower() != doors.wanted.repository.lower():
        raise Refused(
            f"Nothing was changed: {doors.wanted.repository} is called {repository.full_name} now",
            remedy="git remote set-url origin ...; then run this again.",
            where=settings.repository.how,
        )


def apply(doors: Doors, settings: Settings) -> Iterator[Done | Failed]:
    """Make the changes of the plan, one after another; each is read back before the next.

    Where GitHub refuses one, the other changes of the same setting are left: an environment has to be there before its
    patterns, and a pattern for release tags before a looser one goes. Other settings do not depend on it.

    Raises:
        Unreachable, UnknownOutcome: a change was not made, or what came of it cannot be seen; so it would be with the
            rest. What was yielded before stays.
    """
    failed = dict[str, Refused]()
    for planned in plan(doors.wanted, settings, doors.table).actions:
        if planned.what in failed:
            words = f"an earlier change of the same setting was not made: {failed[planned.what].message}"
            yield Failed(action=planned, error=Refused(words, remedy=failed[planned.what].remedy))
            continue
        # a request that replaces a whole setting has to say what the earlier ones made of it
        found = plan(doors.wanted, settings)
        action = _now(planned, found)
        if action is None:
            hidden = _hidden(planned, found)
            if hidden is None:
                yield Done(action=planned, undo=())
            else:
                words = f"whether it is so already cannot be seen any more: {hidden.why}"
                yield Failed(action=planned, error=Refused(words, remedy=hidden.remedy))
            continue
        error: TagshipError | None = None
        undo: tuple[str, ...] = ()
        try:
            made = _send(doors.github, action.request)
            undo = tuple(command(doors.wanted.repository, one, made) for one in action.undo)
        except TagshipError as raised:
            error = raised  # it may have been made all the same, by us or by somebody else
        settings = again(doors.github, settings, action.part)
        doubt = _doubt(action, doors.wanted, settings)
        refusal = (error or doubt) if doubt is not None else None
        if isinstance(refusal, Refused):
            failed[planned.what] = refusal
            yield Failed(action=action, error=refusal, undo=undo)
            continue
        if refusal is None or error is None:
            yield Done(action=action, undo=undo)
        if refusal is not None:
            raise refusal


def _now(planned: Action, found: Plan) -> Action | None:
    """A planned change as it has to be made by now, whatever asks for it now; None where that is so already."""
    same = [one for one in found.actions if (one.what, one.after) == (planned.what, planned.after)]
    exact = next((one for one in same if one.before == planned.before), same[0] if same else None)
    return replace(exact, page=planned.page) if exact is not None else None


def _hidden(action: Action, found: Plan) -> Left | None:
    return next((left for left in found.unseen if left.code == action.page.code), None)


def _send(github: GitHub, request: Request) -> bytes:
    body = None if request.body is None else read_json(request.body, dict[str, object])
    return github.change(request.method, request.path, body).body


def _doubt(action: Action, wanted: Wanted, settings: Settings) -> TagshipError | None:
    """Why a change does not count as made; None where it is seen to be."""
    found, where = plan(wanted, settings), f"{action.request.method} {action.request.path}"
    hidden = _hidden(action, found)
    if hidden is not None:
        words = f"A change was made, and could not be read back: {action.what}: {hidden.why}"
        return UnknownOutcome(words, remedy="Run this again: it looks first.", where=where)
    if any(one.request == action.request for one in found.actions):
        words = f"GitHub took a change and does not show it: {action.what}: {action.after}"
        remedy = "Run this again; where it stays, a rule of the organisation may be above it."
        return Refused(words, remedy=remedy, where=where)
    return None


class _Made(msgspec.Struct):
    id: int = 0


def command(repository: str, request: Request, made: bytes = b"") -> str:
    """A request as a command for a shell.

    Args:
        made: the answer to the change that it takes back.
    """
    number = read_json(made, _Made).id if "{id}" in request.path else 0
    path = f"repos/{repository}{request.path.replace('{id}', str(number))}"
    words = f"gh api --method {request.method} {shlex.quote(path)}"
    if request.body is None:
        return words
    return f"printf %s {shlex.quote(bytes(request.body).decode())} | {words} --input -"
