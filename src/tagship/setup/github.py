"""All settings of GitHub in one table: what the doctor checks, and what `doctor --apply` sets."""

from tagship.setup import github_actions, github_environments, github_rules
from tagship.setup.check import Check
from tagship.setup.setting import Setting

SETTINGS: tuple[Setting, ...] = (
    *github_actions.SETTINGS,
    *github_environments.SETTINGS,
    *github_rules.SETTINGS,
    *github_actions.LATER,
)
CHECKS: tuple[Check, ...] = tuple(setting.check for setting in SETTINGS)
