"""What the doctor says of API tokens: where they lie, how old they are, and which nobody needs any more.

All tokens are made up, and so are their dates.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from tagship.rehearsal.github.state import SecretDates
from tagship.setup.doctor import examine
from tagship.setup.observe import observe
from tagship.setup.tokens import CHECKS
from tests.setup.worlds import ADMIN, Auth, SetUp, Stagehand

PYPI, TESTPYPI = "PYPI_API_TOKEN", "TEST_PYPI_API_TOKEN"
ANONYMOUS = "unknown: GitHub refused: 401 Requires authentication (asked without a token)"
EVERYBODY = "every job of every workflow can read it"
AFTER = "set after the first upload; what else it may publish shows nowhere"


def _dates(made: SetUp, days: float) -> SecretDates:
    return SecretDates(created=made.ago(days + 300), updated=made.ago(days))


def _aged(days: float, secret: str = PYPI) -> Callable[[SetUp], None]:
    def change(made: SetUp) -> None:
        for environment in made.github.environments.values():
            if secret in environment.secrets:
                environment.secrets[secret] = _dates(made, days)

    return change


def _gone(made: SetUp) -> None:
    made.github.environments["pypi"].secrets.clear()


def _moved(place: str) -> Callable[[SetUp], None]:
    """Every job of the repository can read the token, and no environment has it."""

    def change(made: SetUp) -> None:
        dates = made.github.environments["pypi"].secrets.pop(PYPI)
        getattr(made.github, place)[PYPI] = dates

    return change


def _both(made: SetUp) -> None:
    made.github.secrets[PYPI] = _dates(made, 20)


def _forgotten(made: SetUp) -> None:
    """An environment from before, with a token in it."""
    old = made.github.add_environment("Release 2019")
    old.secrets["PYPI_TOKEN"] = _dates(made, 900)


def _previews(made: SetUp) -> None:
    """An environment for each pull request."""
    for number in range(23):
        made.github.add_environment(f"preview-{number}")


def _left(secret: str, place: str = "secrets") -> Callable[[SetUp], None]:
    def change(made: SetUp) -> None:
        holder = made.github if place != "pypi" else made.github.environments["pypi"]
        getattr(holder, place if place != "pypi" else "secrets")[secret] = _dates(made, 500)

    return change


def _still_read(made: SetUp) -> None:
    made.github.secrets["PYPI_TOKEN"] = _dates(made, 500)
    made.write(
        ".github/workflows/nightly.yml",
        "on: workflow_dispatch\njobs:\n  nightly:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: ./check\n        env: {TOKEN: '${{ secrets.PYPI_TOKEN }}'}\n",
    )


def _without_environment(made: SetUp) -> None:
    """An own workflow that uploads with a token of the repository."""
    (made.root / ".github/workflows/publish.yml").unlink()
    made.github.secrets["TWINE_TOKEN"] = _dates(made, 20)
    made.write(
        ".github/workflows/release.yml",
        "on: {push: {tags: ['v*']}}\njobs:\n  upload:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: twine upload dist/*\n        env: {TWINE_PASSWORD: '${{ secrets.TWINE_TOKEN }}'}\n",
    )


def _in_the_command(made: SetUp) -> None:
    """An own workflow that hands the token over on the command line."""
    (made.root / ".github/workflows/publish.yml").unlink()
    made.write(
        ".github/workflows/release.yml",
        "on: {push: {tags: ['v*']}}\njobs:\n  upload:\n    runs-on: ubuntu-latest\n    environment: pypi\n    steps:\n"
        "      - run: twine upload -p ${{ secrets.PYPI_API_TOKEN }} dist/*\n",
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """A world, and what the checks say in it."""

    what: str
    says: Mapping[str, str | None]
    """Status and detail by the check; None where it says nothing."""
    remedy: str = ""
    """Part of what the first of them tells to do."""
    change: Callable[[SetUp], None] = lambda made: None
    auth: Auth = "token"
    fresh: bool = False
    lacks: tuple[str, ...] = ()
    """Permissions that the doctor's token does not have."""
    anonymous: bool = False

    def __str__(self) -> str:
        return f"{', '.join(self.says)}: {self.what}"


ROWS = (
    Row(
        what="all is right",
        says={
            f"security.token:{PYPI}": "ok: in environment pypi",
            f"security.token:{TESTPYPI}": "ok: in environment testpypi",
            f"security.token-age:{PYPI}": "ok: set 20 days ago",
            f"security.token-age:{TESTPYPI}": "ok: set 20 days ago",
            f"security.token-scope:{PYPI}": f"ok: {AFTER}",
            f"security.token-scope:{TESTPYPI}": f"ok: {AFTER}",
            "security.token-leftovers": "ok: no other secret is called like a token of an index",
        },
    ),
    Row(
        what="trusted publishing",
        auth="trusted-publishing",
        says={
            "security.token-leftovers": "ok: no secret is called like a token of an index",
            f"security.token:{PYPI}": None,
            f"security.token-age:{PYPI}": None,
        },
    ),
    Row(
        what="nobody asks with a token",
        anonymous=True,
        says={
            f"security.token:{PYPI}": ANONYMOUS,
            f"security.token-age:{PYPI}": ANONYMOUS,
            f"security.token-scope:{PYPI}": ANONYMOUS,
            "security.token-leftovers": ANONYMOUS,
        },
        remedy="gh auth login",
    ),
    Row(
        what="the doctor's token may not see the repository's secrets",
        lacks=("secrets",),
        change=_gone,
        says={
            f"security.token:{PYPI}": "unknown: GitHub refused: 403 Resource not accessible by personal access token"
        },
        remedy="It needs the permission secrets=read",
    ),
    Row(
        what="the environment's secrets are enough",
        lacks=("secrets",),
        says={f"security.token:{PYPI}": "ok: in environment pypi"},
    ),
    Row(
        what="there is none",
        change=_gone,
        says={
            f"security.token:{PYPI}": f"problem: {PYPI} is not in environment pypi",
            f"security.token-age:{PYPI}": None,
        },
        remedy=f"gh secret set {PYPI} --env pypi",
    ),
    Row(
        what="it lies in the repository",
        change=_moved("secrets"),
        says={f"security.token:{PYPI}": f"problem: {PYPI} lies in the repository: {EVERYBODY}"},
        remedy=f"gh secret set {PYPI} --env pypi; then remove it from the repository",
    ),
    Row(
        what="it lies in the organisation",
        change=_moved("organization_secrets"),
        says={f"security.token:{PYPI}": f"problem: {PYPI} lies in the organisation: {EVERYBODY}"},
    ),
    Row(
        what="it lies in the repository as well",
        change=_both,
        says={
            f"security.token-leftovers:{PYPI} in the repository": f"problem: {PYPI} in the repository: no job that "
            "publishes reads it there",
            f"security.token:{PYPI}": "ok: in environment pypi",
        },
        remedy=f"gh secret delete {PYPI}",
    ),
    Row(
        what="the job has no environment",
        change=_without_environment,
        says={
            "security.token:TWINE_TOKEN": "problem: TWINE_TOKEN lies in the repository, and the job that reads it "
            "has no environment"
        },
        remedy="tagship init",
    ),
    Row(
        what="the command names it",
        change=_in_the_command,
        says={f"security.token:{PYPI}": "ok: in environment pypi"},
    ),
    Row(
        what="it is due",
        change=_aged(100),
        says={f"security.token-age:{PYPI}": "ok: set 100 days ago; time for another"},
    ),
    Row(
        what="it is 180 days old",
        change=_aged(180.5),
        says={f"security.token-age:{PYPI}": "ok: set 180 days ago; time for another"},
    ),
    Row(
        what="it is 181 days old",
        change=_aged(181.5),
        says={
            f"security.token-age:{PYPI}": "problem: set 181 days ago",
            f"security.token-age:{TESTPYPI}": "ok: set 20 days ago",
        },
        remedy="Make one for this project alone at https://pypi.org/manage/account/token/; "
        f"gh secret set {PYPI} --env pypi; then delete the old one there",
    ),
    Row(
        what="it was set before the first upload",
        change=_aged(31),
        says={
            f"security.token-scope:{PYPI}": "problem: it was set before the first upload, when there was none for the "
            "project alone",
            f"security.token-scope:{TESTPYPI}": f"ok: {AFTER}",
        },
        remedy="Make one for this project alone",
    ),
    Row(
        what="nothing was ever uploaded",
        fresh=True,
        says={f"security.token-scope:{PYPI}": "pending: the first upload needs one for the whole account"},
        remedy="After it: Make one for this project alone at https://pypi.org/manage/account/token/",
    ),
    Row(
        what="that of TestPyPI is old",
        change=_aged(400, TESTPYPI),
        says={f"security.token-age:{TESTPYPI}": "problem: set 400 days ago"},
        remedy=f"https://test.pypi.org/manage/account/token/; gh secret set {TESTPYPI} --env testpypi",
    ),
    *(
        Row(
            what=f"{secret} is left",
            change=_left(secret),
            auth="trusted-publishing",
            says={
                f"security.token-leftovers:{secret} in the repository": f"problem: {secret} in the repository: no job "
                "that publishes reads it there"
            },
            remedy=f"gh secret delete {secret}",
        )
        for secret in (
            PYPI,
            "PYPI_TOKEN",
            "TESTPYPI_API_TOKEN",
            "PYPI_PASSWORD",
            "TWINE_PASSWORD",
            "POETRY_PYPI_TOKEN_PYPI",
        )
    ),
    Row(
        what="one is left in the environment",
        change=_left(PYPI, "pypi"),
        auth="trusted-publishing",
        says={
            f"security.token-leftovers:{PYPI} in environment pypi": f"problem: {PYPI} in environment pypi: no job that "
            "publishes reads it there"
        },
        remedy=f"gh secret delete {PYPI} --env pypi",
    ),
    Row(
        what="one is left in an environment of which no workflow speaks",
        change=_forgotten,
        auth="trusted-publishing",
        says={
            "security.token-leftovers:PYPI_TOKEN in environment Release 2019": "problem: PYPI_TOKEN in environment "
            "Release 2019: no job that publishes reads it there"
        },
        remedy="gh secret delete PYPI_TOKEN --env 'Release 2019'",
    ),
    Row(
        what="more environments than are looked into",
        change=_previews,
        auth="trusted-publishing",
        says={
            "security.token-leftovers": "unknown: the secrets of the environments preview-20, preview-21, "
            "preview-22 were not looked at"
        },
    ),
    Row(
        what="one is left in the organisation",
        change=_left(PYPI, "organization_secrets"),
        auth="trusted-publishing",
        says={
            f"security.token-leftovers:{PYPI} in the organisation": f"problem: {PYPI} in the organisation: no job that "
            "publishes reads it there"
        },
        remedy=f"gh secret delete {PYPI} --org owner",
    ),
    Row(
        what="another spelling is left beside the one in use",
        change=_left("PYPI_TOKEN"),
        says={
            "security.token-leftovers:PYPI_TOKEN in the repository": "problem: PYPI_TOKEN in the repository: no job "
            "that publishes reads it there",
            f"security.token:{PYPI}": "ok: in environment pypi",
        },
    ),
    Row(
        what="another workflow reads it",
        change=_still_read,
        auth="trusted-publishing",
        says={
            "security.token-leftovers:PYPI_TOKEN in the repository": "problem: PYPI_TOKEN in the repository: no job "
            "that publishes reads it there, and .github/workflows/nightly.yml does"
        },
    ),
    Row(
        what="one is left, and not all places can be seen",
        change=_left(PYPI, "pypi"),
        auth="trusted-publishing",
        lacks=("secrets",),
        says={
            f"security.token-leftovers:{PYPI} in environment pypi": f"problem: {PYPI} in environment pypi: no job that "
            "publishes reads it there",
            "security.token-leftovers": "unknown: GitHub refused: 403 Resource not accessible by personal access token",
        },
    ),
    Row(
        what="other secrets are nobody's business",
        change=_left("CODECOV_TOKEN"),
        auth="trusted-publishing",
        says={"security.token-leftovers": "ok: no secret is called like a token of an index"},
    ),
)


@pytest.mark.requirement("C4")
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_check_of_tokens_says_what_is_there(worlds: Stagehand, row: Row) -> None:
    """Tokens are judged by name, place and date, with a remedy; what is unseen is unknown and hides nothing else."""
    with worlds.open(f"tokens-{ROWS.index(row)}", auth=row.auth, fresh=row.fresh) as made:
        row.change(made)
        may = {name: level for name, level in ADMIN.items() if name not in row.lacks}
        checks = made.doctor("" if row.anonymous else made.token(may)).checks
    found = {check.fact.id: check for check in checks if check.fact.id.startswith("security.token")}
    said = {name: f"{check.fact.status}: {check.fact.detail}" for name, check in found.items()}
    assert {name: said.get(name) for name in row.says} == row.says
    first = found[next(iter(row.says))]
    assert row.remedy in (first.finding.remedy if first.finding else "")


def test_offline_no_token_is_seen(worlds: Stagehand) -> None:
    """Where nothing outside is looked at, each check of tokens says so, and that --offline is to be left out."""
    with worlds.open("tokens-offline", auth="token") as made:
        found = examine(observe(made.world(), made.project, offline=True), CHECKS).checks
    assert {(check.fact.status, check.fact.detail, check.finding and check.finding.remedy) for check in found} == {
        ("unknown", "nothing outside of the checkout was looked at", "Leave out --offline.")
    }
    assert {check.fact.id.partition(":")[0] for check in found} == {check.id for check in CHECKS}


def test_every_check_has_rows() -> None:
    """Each check of tokens is ok, a problem and unknown somewhere in the rows above."""
    rows = {(name.partition(":")[0], said.partition(":")[0]) for row in ROWS for name, said in row.says.items() if said}
    wanted = {(check.id, status) for check in CHECKS for status in ("ok", "problem", "unknown")}
    assert wanted <= rows
