"""Checks of the checkout: what every other command takes for granted."""

from tagship.model import Page
from tagship.services.addresses import GITHUB, PYPI
from tagship.setup.check import Check, Group, Needs, Seen, ok, problem
from tagship.setup.observed import Observed


def _remote(observed: Observed) -> Seen:
    home = observed.project.repository
    if home.on_github:
        return ok(home.on_github, home.slug.source)
    where = home.host.value or "no server"
    return problem(f"the repository is on {where}", home.slug.source)


CHECKS = (
    Check(
        id="local.remote",
        page=Page(
            code="TD02",
            title="The repository lives on GitHub",
            why="The workflow runs on GitHub Actions, and PyPI trusts it by the name of its repository.",
            remedy=f"git remote add origin {GITHUB}/OWNER/NAME; elsewhere run the stages in your own CI.",
            source=f"{PYPI.docs}/trusted-publishers/",
        ),
        group=Group.LOCAL,
        needs=Needs.NOTHING,
        look=_remote,
    ),
)
