"""What tests of `tagship doctor --apply` share: a bare GitHub, its doors, and all that can be set on it."""

import json
import re
from dataclasses import asdict

from tagship.rehearsal.github.policy import ActionsPolicy
from tagship.services.github_settings import read_settings
from tagship.setup.apply import Doors
from tagship.setup.wanted import wanted
from tagship.workflow.variant import variant
from tests.setup.worlds import ADMIN, SetUp


def empty(made: SetUp) -> SetUp:
    """GitHub as a new repository has it."""
    repo = made.github
    repo.environments.clear()
    repo.rulesets.clear()
    repo.immutable_releases = repo.secret_scanning = repo.push_protection = False
    repo.policy = ActionsPolicy(
        default_permissions="write",
        can_approve_reviews=True,
        fork_approval="first_time_contributors_new_to_github",
    )
    return made


def doors(made: SetUp, token: str | None = None) -> Doors:
    """The doors of an administrator."""
    project = made.project
    world = made.world(made.token(ADMIN) if token is None else token)
    return Doors(github=world.github, wanted=wanted(project, variant(project)))


def seen(to: Doors):
    """The settings as they are."""
    return read_settings(to.github, (one.name for one in to.wanted.environments), to.wanted.people)


def state(made: SetUp) -> object:
    """All that can be set on GitHub, without numbers and times."""
    repo = made.github
    environments = {name: asdict(found) for name, found in repo.environments.items()}
    parts = (
        environments,
        [asdict(ruleset) for ruleset in repo.rulesets],
        asdict(repo.policy),
        (repo.immutable_releases, repo.secret_scanning, repo.push_protection),
    )
    return json.loads(re.sub(r'"(id|created|updated)": [0-9.]+(, )?', "", json.dumps(parts, default=str)))


def writes(made: SetUp) -> list[str]:
    """The requests that changed something at GitHub."""
    return [f"{e.method} {e.url}" for e in made.embedded.exchanges if e.method != "GET" and "api.github" in e.url]
