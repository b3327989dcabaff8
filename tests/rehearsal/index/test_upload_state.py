"""Refusals that depend on what the embedded index already has, and what stays after one."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from threading import Barrier

import pytest
from embedded import NOW, Here
from made_dists import good_sdist, good_wheel, wheel, wheel_files
from packaging.version import Version

from tagship.checks.rulebook import Limits
from tagship.rehearsal.index import Flag, Lifecycle, Project, Publisher, Release, Token, User

DAY = 24 * 3600
HELP = "https://pypi.org/help/#"
MORE = "for more information."
PUBLISHER = Publisher(repository="alice/swp", workflow="publish.yml", environment="pypi")
EXISTS = f"See {HELP}file-name-reuse {MORE}"
Seed = Callable[[Here], None]


def flag(value: Flag) -> Seed:
    """Switch a flag of the administrators on."""
    return lambda here: here.state.flags.add(value)


def project(**changes: object) -> Seed:
    """The project swp, alice's unless said otherwise."""
    return lambda here: here.state.add_project(Project(**({"name": "swp", "roles": {"alice": "Owner"}} | changes)))


def user(**changes: bool) -> Seed:
    """Alice's account."""
    return lambda here: here.state.add_user(User(name="alice", **changes))


def minted(**changes: object) -> Seed:
    """Use a token that was minted for the publisher of swp, or for another project."""

    def seed(here: Here) -> None:
        here.state.add_publisher("swp", PUBLISHER)
        token = {"publisher": PUBLISHER, "projects": frozenset({"swp"}), "expires": NOW + 900} | changes
        here.token = here.state.add_token(Token(**token))

    return seed


def scoped(*names: str) -> Seed:
    """Use a token for these projects only."""

    def seed(here: Here) -> None:
        here.token = here.state.token_for("alice", names)

    return seed


def several(*seeds: Seed) -> Seed:
    """One after the other."""

    def seed(here: Here) -> None:
        for each in seeds:
            each(here)

    return seed


def twenty_projects(here: Here) -> None:
    """Alice was busy in the last ten minutes."""
    here.state.creations = [(NOW - 600 + n, "alice", "127.0.0.1") for n in range(20)]


STATES = [
    ("read only", flag(Flag.READ_ONLY), "403 Read-only mode: Uploads are temporarily disabled."),
    (
        "no uploads",
        flag(Flag.NO_UPLOADS),
        f"403 New uploads are temporarily disabled. See {HELP}admin-intervention {MORE}",
    ),
    (
        "no new projects",
        flag(Flag.NO_NEW_PROJECTS),
        f"403 New project registration temporarily disabled. See {HELP}admin-intervention {MORE}",
    ),
    (
        "somebody else's project",
        project(roles={"bob": "Owner"}),
        f"403 The user 'alice' isn't allowed to upload to project 'swp'. See {HELP}project-name {MORE}",
    ),
    (
        "archived project",
        project(status=Lifecycle.ARCHIVED),
        f"403 The user 'alice' isn't allowed to upload to project 'swp'. See {HELP}project-name {MORE}",
    ),
    ("quarantined project, a user's token", project(status=Lifecycle.QUARANTINED), "200 OK"),
    (
        "quarantined project, a minted token",
        several(project(status=Lifecycle.QUARANTINED), minted()),
        f"403 The given token isn't allowed to upload to project 'swp'. See {HELP}project-name {MORE}",
    ),
    (
        "token for another project",
        several(project(), scoped("other")),
        "403 Invalid API Token: project-scoped token is not valid for project: 'swp', "
        "project-scoped token is not valid for project: 'swp'",
    ),
    ("token for this project", several(project(), scoped("SWP")), "200 OK"),
    ("minted token", several(project(), minted()), "200 OK"),
    (
        "expired minted token",
        several(project(), minted(expires=NOW)),
        "403 Invalid API Token: token is expired",
    ),
    (
        "minted token of long ago",
        several(project(), minted(expires=NOW - DAY)),
        f"403 Invalid or non-existent authentication information. See {HELP}invalid-auth {MORE}",
    ),
    (
        "minted token for another project",
        several(project(), minted(publisher=Publisher(repository="a/b", workflow="c.yml"), projects=frozenset())),
        "403 Invalid API Token: OIDC scoped token is not valid for project 'swp', "
        "project-scoped token is not valid for project: 'swp'",
    ),
    (
        "minted token and no project",
        minted(),
        "400 Non-user identities cannot create new projects. This was probably caused by successfully using a pending "
        "publisher but specifying the project name incorrectly (either in the publisher or in your project's "
        "metadata). Please ensure that both match. "
        "See: https://docs.pypi.org/trusted-publishers/troubleshooting/",
    ),
    (
        "frozen user",
        user(frozen=True),
        f"403 Invalid or non-existent authentication information. See {HELP}invalid-auth {MORE}",
    ),
    (
        "unverified e-mail",
        user(verified=False),
        "403 User 'alice', associated with the API token used, does not have a verified primary email address. Please "
        f"add a verified primary email before attempting to upload to PyPI. See {HELP}verified-email {MORE}",
    ),
    (
        "no second factor",
        several(project(), user(two_factor=False)),
        "403 User 'alice', associated with the API token used, does not have two-factor authentication enabled. "
        "Please enable two-factor authentication before attempting to upload to PyPI. "
        f"See {HELP}two-factor-authentication {MORE}",
    ),
    (
        "organisation that does not pay",
        project(organization="acme", organization_active=False),
        "400 Organization account owning this project is inactive. This may be due to inactive billing for Company "
        "Organizations, or administrator intervention for Community Organizations. "
        "Please contact support+orgs@pypi.org.",
    ),
    (
        "file too large",
        project(limits=Limits(file=10)),
        "400 File too large. Limit for project 'swp' is 0 MB. See https://docs.pypi.org/project-management/"
        f"storage-limits#requesting-a-file-size-limit-increase {MORE}",
    ),
    (
        "project too large",
        project(limits=Limits(project=10)),
        "400 Project size too large. Limit for project 'swp' total size is 0 GB. See https://docs.pypi.org/"
        "project-management/storage-limits#requesting-a-project-size-limit-increase",
    ),
    (
        "release of 15 days ago",
        project(releases=(Release(version=Version("1.0.0"), created=NOW - 15 * DAY),)),
        "400 Uploading new files to releases older than 14 days is not allowed.",
    ),
    ("release of 13 days ago", project(releases=(Release(version=Version("1.0"), created=NOW - 13 * DAY),)), "200 OK"),
    (
        "deleted file",
        lambda here: here.state.delete_file("swp-1.0-py3-none-any.whl"),
        "400 This filename was previously used by a file that has since been deleted. Use a different version. "
        + EXISTS,
    ),
    ("too many new projects", twenty_projects, "429 Too many new projects created"),
]


@pytest.mark.parametrize(("seed", "expected"), [row[1:] for row in STATES], ids=[row[0] for row in STATES])
def test_state_decides(here: Here, tmp_path: Path, seed: Seed, expected: str) -> None:
    """A good wheel gets the answer that the state of project, account and token calls for, and only a 200 keeps it."""
    seed(here)
    answer = here.upload(good_wheel(tmp_path))
    kept = [file.filename for file in here.state.files("swp")]
    assert (answer.status, kept) == (expected, ["swp-1.0-py3-none-any.whl"] if expected == "200 OK" else [])


def test_refused_upload_creates_nothing(here: Here, tmp_path: Path) -> None:
    """A refusal after the project was found to be new leaves no project and no file behind."""
    here.upload(good_wheel(tmp_path), sha256_digest="0" * 64)
    assert (here.state.projects, list(here.state.folder.iterdir())) == ({}, [])


def test_same_name_other_content(here: Here, tmp_path: Path) -> None:
    """Other bytes under a known name are refused with the hash of what was sent."""
    here.upload(good_wheel(tmp_path))
    other = wheel(tmp_path, {**wheel_files(), "swp/more.py": ""})
    digest = blake2b(other.read_bytes(), digest_size=32).hexdigest()
    expected = f"400 File already exists ('swp-1.0-py3-none-any.whl', with blake2_256 hash '{digest}'). {EXISTS}"
    assert here.upload(other).status == expected


def test_same_content_in_another_project(here: Here, tmp_path: Path) -> None:
    """The bytes of any file on the index are refused under every other name, in any project."""
    here.upload(good_wheel(tmp_path))
    copy = tmp_path / "elsewhere-1.0-py3-none-any.whl"
    copy.write_bytes(good_wheel(tmp_path).read_bytes())
    digest = blake2b(copy.read_bytes(), digest_size=32).hexdigest()
    expected = f"400 File already exists ('elsewhere-1.0-py3-none-any.whl', with blake2_256 hash '{digest}'). {EXISTS}"
    assert here.upload(copy, name="elsewhere").status == expected


def test_second_sdist(here: Here, tmp_path: Path) -> None:
    """A release has one sdist."""
    here.owned("swp")
    here.state.add_bytes("swp-1.0.zip", b"made up")
    assert here.upload(good_sdist(tmp_path)).status == "400 Only one sdist may be uploaded per release."


def test_rate_limit_headers(here: Here, tmp_path: Path) -> None:
    """Too many new projects are answered with the draft's headers and without Retry-After."""
    twenty_projects(here)
    headers = here.upload(good_wheel(tmp_path)).headers
    assert {name: value for name, value in headers.items() if "ate" in name or "etry" in name} == {
        "RateLimit-Policy": '"project.create.user";q=20;w=3600;pk=:user:',
        "RateLimit": '"project.create.user";r=0;t=3000',
    }


def test_one_of_many_at_once_wins(here: Here, tmp_path: Path) -> None:
    """Of different files uploaded under one name at the same time, exactly one is kept."""
    here.owned("swp")
    paths = []
    for number in range(8):
        (tmp_path / str(number)).mkdir()
        modules = {f"swp/m{number}_{n}.py": "" for n in range(300)}  # so that looking inside takes a while
        paths.append(wheel(tmp_path / str(number), {**wheel_files(), **modules}))
    together = Barrier(len(paths))

    def upload(path: Path) -> str:
        together.wait()
        return here.upload(path).status[:3]

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(paths)) as pool:
            answers = sorted(pool.map(upload, paths))
    finally:
        sys.setswitchinterval(usual)
    assert (answers, len(here.state.files("swp"))) == (["200"] + ["400"] * 7, 1)


def test_form_is_cleaned(here: Here, tmp_path: Path) -> None:
    """Fields that say UNKNOWN count as absent, and NULs become visible."""
    here.upload(good_wheel(tmp_path), summary=" UNKNOWN ", keywords="a\0b")
    info = here.get("/pypi/swp/json").json["info"]
    assert (info["summary"], info["keywords"]) == (None, "a\\x00b")


def test_project_takes_the_spelling_of_the_last_upload(here: Here, tmp_path: Path) -> None:
    """A project known as SWP is called swp after an upload that spells it so."""
    here.owned("SWP")
    here.upload(good_wheel(tmp_path))
    assert [project.name for project in here.state.projects.values()] == ["swp"]


def test_new_project_voids_the_pending_publishers_of_others(here: Here, tmp_path: Path) -> None:
    """Whoever creates a project first wins against pending publishers for a name like it, except their own."""
    for user_name, name in (("bob", "s.w.p"), ("bob", "other"), ("alice", "swp")):
        here.state.add_pending(name, PUBLISHER, user=user_name)
    here.upload(good_wheel(tmp_path))
    assert [(pending.user, pending.project) for pending in here.state.pending] == [("bob", "other"), ("alice", "swp")]


def test_twenty_new_projects_an_hour(here: Here, tmp_path: Path) -> None:
    """A user can create twenty projects, and more once an hour has passed since the first."""
    found = [here.upload(good_wheel(tmp_path, f"made-up-{'x' * n}y"), accept="*/*").status_code for n in range(21)]
    here.clock.now += 3601
    found.append(here.upload(good_wheel(tmp_path, "made-up-z")).status_code)
    assert found == [200] * 20 + [429, 200]


def test_forty_new_projects_an_hour_from_one_address(here: Here, tmp_path: Path) -> None:
    """Three users behind one address create forty projects between them; the headers say whose limit it was."""
    found = []
    for number, user_name in enumerate(["bob"] * 19 + ["carol"] * 19 + ["alice"] * 3):
        token = here.state.token_for(user_name)
        answer = here.upload(good_wheel(tmp_path, f"made-up-{'x' * number}y"), accept="*/*", token=token)
        found.append(answer.status_code)
    assert found == [200] * 40 + [429]
    assert {name: value for name, value in answer.headers.items() if name.startswith("RateLimit")} == {
        "RateLimit-Policy": '"project.create.ip";q=40;w=3600;pk=:ip:',
        "RateLimit": '"project.create.ip";r=0;t=3600',
    }
