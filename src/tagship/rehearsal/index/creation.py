"""When a project may come into being: warehouse/packaging/services.py `check_project_name`, `create_project`."""

from packaging.utils import canonicalize_name

from tagship.checks.rulebook.form import PROJECT_NAME
from tagship.checks.rulebook.names import STANDARD_LIBRARY, look_alike
from tagship.rehearsal.index.answers import RefusedError
from tagship.rehearsal.index.records import Flag, Project
from tagship.rehearsal.index.state import State

_LIMITS = {"user": 20, "ip": 40}
"""New projects an hour (warehouse/config.py:587-598)."""
_HOUR = 3600


def create(state: State, name: str, user: str, *, address: str | None = None) -> Project:
    """A new project owned by the user; the caller puts it into the state.

    Args:
        address: from where it is created; None where no limit holds, as for pending publishers.

    Raises:
        RefusedError: PyPI's words, and the headers of its rate limit.
    """
    help_page = f"See {state.addresses.web}/help/#project-name for more information."
    if address is not None:
        _within_limits(state, user, address)
    if Flag.NO_NEW_PROJECTS in state.flags:
        page = f"{state.addresses.web}/help/#admin-intervention"
        raise RefusedError(403, f"New project registration temporarily disabled. See {page} for more information.")
    normal = canonicalize_name(name)
    if not PROJECT_NAME.fullmatch(name):
        raise RefusedError(400, f"The name {name!r} is invalid.")
    if normal in STANDARD_LIBRARY:
        what = "isn't allowed (conflict with Python Standard Library module name)"
        raise RefusedError(400, f"The name {name!r} {what}. {help_page}")
    if normal in state.projects:
        raise RefusedError(409, f"The name {name!r} conflicts with an existing project. {help_page}")
    if normal in state.prohibited:
        raise RefusedError(400, f"The name {name!r} isn't allowed. {help_page}")
    if any(look_alike(other) == look_alike(name) for other in state.projects):
        raise RefusedError(400, f"The name {name!r} is too similar to an existing project. {help_page}")
    if address is not None:
        state.creations.append((state.clock(), user, address))
    return Project(name=name, roles={user: "Owner"})


def _within_limits(state: State, user: str, address: str) -> None:
    """New projects for each user, then for each address; the headers are draft-ietf-httpapi-ratelimit-headers-10's."""
    now = state.clock()
    state.creations = [made for made in state.creations if made[0] > now - _HOUR]
    counted = {
        "user": [at for at, who, _ in state.creations if who == user],
        "ip": [at for at, _, where in state.creations if where == address],
    }
    for kind, most in _LIMITS.items():
        if len(counted[kind]) >= most:
            name = f'"project.create.{kind}"'
            headers = {
                "RateLimit-Policy": f"{name};q={most};w={_HOUR};pk=:{kind}:",
                "RateLimit": f"{name};r=0;t={max(1, round(counted[kind][0] + _HOUR - now))}",
            }
            raise RefusedError(429, "Too many new projects created", headers)


def drop_invalidated(state: State, project: Project, user: str) -> None:
    """Other people's pending publishers for a name like this are void once the project exists."""
    alike = look_alike(project.name)
    state.pending = [p for p in state.pending if p.user == user or look_alike(p.project) != alike]
