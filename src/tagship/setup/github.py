"""All settings of GitHub in one table: what the doctor checks, and what `doctor --apply` sets."""

from tagship.errors import ProjectError
from tagship.model import Page
from tagship.setup import github_actions, github_environments, github_rules
from tagship.setup.check import Check, Group, Seen, ok, problem
from tagship.setup.observed import Observed
from tagship.setup.setting import Setting
from tagship.workflow.environments import FOLDER, SOURCE

SETTINGS: tuple[Setting, ...] = (
    *github_actions.SETTINGS,
    *github_environments.SETTINGS,
    *github_rules.SETTINGS,
    *github_actions.LATER,
)


def _files(observed: Observed) -> tuple[Seen, ...]:
    error = observed.asked
    if isinstance(error, ProjectError) and error.where.startswith(FOLDER):
        return (problem(error.message, error.where, remedy=error.remedy),)
    return tuple(ok("it is understood", one.path, about=one.name) for one in observed.target.environments)


FILES = Check(
    id="workflow.environment-files",
    page=Page(
        code="TD49",
        title="The files of the environments can be understood",
        why="They say who may publish. A word that is misspelt would protect nothing, so that none of it counts.",
        remedy="Correct the line that is named.",
        source=SOURCE,
    ),
    group=Group.WORKFLOW,
    look=_files,
)
CHECKS: tuple[Check, ...] = (FILES, *(setting.check for setting in SETTINGS))
