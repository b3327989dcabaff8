"""Broken set-ups, each with one thing wrong that went wrong for somebody: the bench of the doctor.

What is broken is done to the right world of `worlds.py`, on the embedded services and in the repository. `said` is what
the first release says in that very world; `named` are the checks that say it beforehand.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tagship.rehearsal.github.state import Policy, Rule, Ruleset, SecretDates
from tagship.rehearsal.index import Lifecycle, Publisher, Token
from tagship.rehearsal.index import Project as Listed
from tests.made_dists import good_wheel
from tests.setup.worlds import CHECK, Auth, Said, SetUp, vouch

PUBLISH = ".github/workflows/publish.yml"
CI = ".github/workflows/ci.yml"
MAIN = "refs/heads/main"
_GH = "https://github.com"


def _released(made: SetUp) -> Said:
    return made.release()


def _pushed(made: SetUp) -> Said:
    return made.release(ref=MAIN)


@dataclass(frozen=True, kw_only=True)
class Broken:
    """One broken set-up."""

    id: str
    what: str
    """What is wrong, in a sentence."""
    report: str
    """The address of a public report, or of the page that says so."""
    happened: str
    """What happened there, in our words."""
    change: Callable[[SetUp], None]
    """Breaks a right set-up."""
    said: str
    """Part of what the first release says; empty where it says nothing and goes wrong quietly."""
    where: str
    """The step or stage that says it; empty where the release goes through."""
    named: tuple[str, ...]
    """The checks that name it beforehand, the one about the cause first."""
    words: str
    """Part of what that check says: the cause."""
    follows: tuple[str, ...] = ()
    """Other checks that change with it, since what they are about is broken by it, too."""
    auth: Auth = "trusted-publishing"
    fresh: bool = False
    """Whether nothing was ever released."""
    release: Callable[[SetUp], Said] = _released


# ------------------------------------------------------------------------------------------------ trusted publishing


def _registered(made: SetUp, index: str = "pypi", **differs: str) -> None:
    """Let the publisher of the project be registered otherwise."""
    state = (made.embedded.pypi if index == "pypi" else made.embedded.testpypi).state
    right = {"repository": made.github.full_name, "workflow": "publish.yml", "environment": index}
    owner = str(made.github.id_of(made.github.owner))
    publisher = Publisher(**{"owner_id": owner, **right, **differs})
    if state.pending:
        state.pending.clear()
        state.add_pending(differs.get("project", "sample"), publisher, user="owner")
    else:
        state.publishers.clear()
        state.add_publisher("sample", publisher)
    if index == "pypi" and not state.pending:
        vouch(
            made,
            {"repository": publisher.repository, "workflow": publisher.workflow, "environment": publisher.environment},
        )


def _never_registered(made: SetUp) -> None:
    made.embedded.pypi.state.pending.clear()


def _other_name(made: SetUp) -> None:
    state = made.embedded.pypi.state
    (pending,) = state.pending
    state.pending.clear()
    state.add_pending("sampel", pending.publisher, user="owner")


def _testpypi_forgotten(made: SetUp) -> None:
    made.embedded.testpypi.state.pending.clear()


def _renamed_file(made: SetUp) -> None:
    text = (made.root / PUBLISH).read_text()
    made.write(PUBLISH, None)
    made.write(".github/workflows/release.yml", text)


def _renamed_repository(made: SetUp) -> None:
    made.github.name = "samples"
    made.bring()


def _transferred(made: SetUp) -> None:
    made.github.owner = "community"
    made.bring()


def _owner_in_capitals(made: SetUp) -> None:
    _registered(made, repository="Owner/sample")


def _no_identity(made: SetUp) -> None:
    text = (made.root / PUBLISH).read_text()
    before, job, after = text.partition("  publish-pypi:\n")
    line = next(line for line in after.splitlines() if "id-token: write" in line)
    made.write(PUBLISH, before + job + after.replace(line, "      contents: read", 1))


def _no_environment(made: SetUp) -> None:
    text = (made.root / PUBLISH).read_text()
    before, job, after = text.partition("  publish-pypi:\n")
    block = after[after.index("    environment:\n") : after.index("    permissions:\n")]
    made.write(PUBLISH, before + job + after.replace(block, "", 1))


def _by_hand(made: SetUp) -> None:
    vouch(made, None)
    made.embedded.pypi.state.publishers.clear()


# ---------------------------------------------------------------------------------------------------- names, projects


def _taken(made: SetUp, testpypi: bool = False) -> None:
    index = made.embedded.testpypi if testpypi else made.embedded.pypi
    index.state.add_project(Listed(name="sample", roles={"stranger": "Owner"}))
    about = (made.root.parent, "sample", "0.1", "Project-URL: Source, https://github.com/stranger/sample")
    index.state.add_file(good_wheel(*about), uploaded=made.ago(900))


def _squatted(made: SetUp) -> None:
    _taken(made, testpypi=True)


def _similar(made: SetUp) -> None:
    made.embedded.pypi.state.add_project(Listed(name="samp1e", roles={"stranger": "Owner"}))


def _lifecycle(status: Lifecycle) -> Callable[[SetUp], None]:
    def change(made: SetUp) -> None:
        from dataclasses import replace

        state = made.embedded.pypi.state
        state.put(replace(state.projects["sample"], status=status))

    return change


# -------------------------------------------------------------------------------------------------------- environments


def _policies(name: str, *policies: tuple[str, str]) -> Callable[[SetUp], None]:
    def change(made: SetUp) -> None:
        found = made.github.environments[name]
        found.branches = "custom" if policies else "all"
        found.policies = [
            Policy(id=made.github.new_id(), type="tag" if kind == "tag" else "branch", name=pattern)
            for kind, pattern in policies
        ]

    return change


def _protected_only(made: SetUp) -> None:
    found = made.github.environments["pypi"]
    found.branches, found.policies = "protected", []


def _missing_environment(made: SetUp) -> None:
    del made.github.environments["pypi"]


def _misspelt_environment(made: SetUp) -> None:
    found = made.github.environments.pop("pypi")
    found.name = "pipy"
    made.github.environments["pipy"] = found


def _only_oneself(made: SetUp) -> None:
    found = made.github.environments["pypi"]
    found.reviewers, found.prevent_self_review = ("owner",), True


# --------------------------------------------------------------------------------------------------------------- tokens


def _without_secret(made: SetUp) -> None:
    made.github.environments["pypi"].secrets.clear()
    del made.tokens["PYPI_API_TOKEN"]


def _secret_of_repository(made: SetUp) -> None:
    dates = made.github.environments["pypi"].secrets.pop("PYPI_API_TOKEN")
    made.github.secrets["PYPI_API_TOKEN"] = dates


def _expired(made: SetUp) -> None:
    old = SecretDates(created=made.ago(400), updated=made.ago(400))
    made.github.environments["pypi"].secrets["PYPI_API_TOKEN"] = old
    token = Token(user="owner", projects=frozenset({"sample"}), expires=made.ago(35))
    made.tokens["PYPI_API_TOKEN"] = made.embedded.pypi.state.add_token(token)


def _token_left(made: SetUp) -> None:
    made.github.secrets["PYPI_API_TOKEN"] = SecretDates(created=made.ago(700), updated=made.ago(700))


# ------------------------------------------------------------------------------------------------------------------- CI


def _configured(made: SetUp, line: str) -> None:
    made.write("pyproject.toml", f"{(made.root / 'pyproject.toml').read_text()}\n[tool.tagship]\n{line}\n")


def _check_renamed(made: SetUp) -> None:
    _configured(made, 'ci = ["Unit tests"]')


def _matrix_moved(made: SetUp) -> None:
    made.edit(
        CI, "    name: Tests\n", '    name: Tests (${{ matrix.python }})\n    strategy: {matrix: {python: ["3.12"]}}\n'
    )
    _configured(made, 'ci = ["Tests (3.9)"]')


def _pull_requests_only(made: SetUp) -> None:
    made.edit(CI, "  push: {branches: [main]}\n", "")


def _paths(made: SetUp) -> None:
    made.edit(CI, "push: {branches: [main]}", 'push: {branches: [main], paths: ["sample/**"]}')
    made.write("CHANGELOG.md", "# Changelog\n\n## 1.0.0\n\n- News.\n\n## 0.9.0\n\n- First.\n")


def _cancelled(made: SetUp) -> None:
    group = "concurrency: {group: '${{ github.workflow }}-${{ github.ref }}', cancel-in-progress: true}\n"
    made.edit(CI, "jobs:\n", f"{group}jobs:\n")
    made.github.finish(made.github.runs[-1], "cancelled")


def _ci_disabled(made: SetUp) -> None:
    made.github.disabled_workflows.add(CI)
    made.write("README.md", "# sample, two months later\n")


def _default_branch_renamed(made: SetUp) -> None:
    bare = made.github.git
    bare.text("branch", "--move", "main", "trunk")
    made.github.default_branch = "trunk"


def _ci_of_master(made: SetUp) -> None:
    made.edit(CI, "push: {branches: [main]}", "push: {branches: [master]}")


# --------------------------------------------------------------------------------------------------- what starts a run


def _disabled(made: SetUp) -> None:
    made.github.disabled_workflows.add(PUBLISH)


def _actions_off(made: SetUp) -> None:
    made.github.policy.enabled = False


def _own_actions_only(made: SetUp) -> None:
    made.github.policy.allowed = "local_only"


def _selected_actions(made: SetUp) -> None:
    policy = made.github.policy
    policy.allowed, policy.github_owned, policy.patterns = "selected", True, ("codecov/*",)


def _tags_in_ci(made: SetUp) -> None:
    made.edit(CI, "steps: [{run: pytest}]", "steps: [{uses: actions/checkout@v7}, {run: pytest}]")


def _other_tags(made: SetUp) -> None:
    made.edit(PUBLISH, 'tags: ["v*.*.*"]', 'tags: ["release-*"]')


def _two_pushes(made: SetUp) -> None:
    made.edit(PUBLISH, '    tags: ["v*.*.*"]\n', '  push:\n    tags: ["v*.*.*"]\n')


def _not_pushed(made: SetUp) -> None:
    """The workflow is in the checkout, and on another branch of GitHub than the default one."""
    bare = made.github.git
    before = bare.text("rev-parse", "refs/heads/main~1")
    bare.text("update-ref", "refs/heads/main", before)


def _skip_ci(made: SetUp) -> None:
    made.write("README.md", "# sample 1.0.0\n", message="Release 1.0.0 [skip ci]")


def _tagged_by_workflow(made: SetUp) -> None:
    made.write(
        ".github/workflows/tag.yml",
        "name: Tag\non:\n  push: {branches: [main]}\npermissions: {contents: write}\njobs:\n  tag:\n"
        "    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: |\n          git tag v1.0.0\n          git push origin v1.0.0\n",
    )


def _lock_without(made: SetUp) -> None:
    made.write(".github/workflows/actions.lock", f"workflows:\n  '{PUBLISH}':\n    - 'actions/checkout@v7.0.1'\n")


def _locks_ignored(made: SetUp) -> None:
    made.write(".github/tagship/requirements.txt", None)


# ---------------------------------------------------------------------------------------------------------------- rules


def _nobody_tags(made: SetUp) -> None:
    made.github.rulesets.append(
        Ruleset(
            id=made.github.new_id(),
            name="No tags",
            target="tag",
            created=made.ago(10),
            include=("~ALL",),
            rules=(Rule(type="creation"),),
        )
    )


def _stale_check(made: SetUp) -> None:
    for ruleset in made.github.rulesets:
        for rule in ruleset.rules:
            if rule.type == "required_status_checks":
                checks = [{"context": f"{CHECK} (3.9)", "integration_id": 15368}]
                rule.parameters = {**rule.parameters, "required_status_checks": checks}


def _later_assets(made: SetUp) -> None:
    made.write(
        ".github/workflows/assets.yml",
        "name: Assets\non:\n  release: {types: [published]}\npermissions: {contents: write}\njobs:\n  attach:\n"
        "    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: gh release upload \"$TAG\" extra.zip\n        env: {TAG: '${{ github.ref_name }}'}\n",
    )


BROKEN: tuple[Broken, ...] = (
    Broken(
        id="publisher-missing",
        what="nobody told PyPI about the workflow before the first release",
        report=f"{_GH}/pypa/gh-action-pypi-publish/issues/361",
        happened="A first release failed on both indexes, and the claims in the log had to be compared by eye.",
        change=_never_registered,
        fresh=True,
        said="invalid-publisher",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="publisher-other-name",
        what="the pending publisher was registered for another spelling of the project's name",
        report=f"{_GH}/GalacticDynamics/coordinax/pull/640",
        happened="The token was given out, and the upload refused: the publisher stood for other names.",
        change=_other_name,
        fresh=True,
        said="Non-user identities cannot create new projects",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="publisher-other-workflow",
        what="PyPI has the workflow under another file name",
        report=f"{_GH}/nullhack/temple8/pull/190",
        happened="The workflow was renamed for a new major version, whose upload was refused.",
        change=lambda made: _registered(made, workflow="pypi-publish.yml"),
        said="invalid-publisher",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="workflow-renamed",
        what="the workflow file was renamed after it was registered",
        report=f"{_GH}/fractalyze/zorch/issues/531",
        happened="Renaming the workflow was found to invalidate every registration, with no warning before.",
        change=_renamed_file,
        said="invalid-publisher",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="publisher-other-environment",
        what="PyPI has the publisher with another environment",
        report=f"{_GH}/thaler-lab/EnergyFlow/pull/66",
        happened="The environment of the workflow and that of the publisher had different names.",
        change=lambda made: _registered(made, environment="release"),
        said="invalid-publisher",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="job-without-environment",
        what="the publisher asks for an environment, and the job names none",
        report=f"{_GH}/microsoft/agent-governance-toolkit/pull/2917",
        happened="The claim was missing from the token, and a tag had to be moved for the correction.",
        change=_no_environment,
        said="invalid-publisher",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="publisher-of-testpypi",
        what="TestPyPI was forgotten: it knows no publisher",
        report=f"{_GH}/pyxem/diffsims/issues/217",
        happened="The upload to TestPyPI was refused although nothing seemed to be wrong.",
        change=_testpypi_forgotten,
        fresh=True,
        release=_pushed,
        said="invalid-publisher",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="repository-renamed",
        what="the repository was renamed; GitHub redirects, PyPI does not",
        report=f"{_GH}/luongnv89/ccl/issues/191",
        happened="Ten releases in a row failed at the upload: the publisher had the old name.",
        change=_renamed_repository,
        said="every job is skipped",
        where="start",
        named=(),
        words="",
    ),
    Broken(
        id="repository-transferred",
        what="the repository moved to another owner",
        report=f"{_GH}/msgspec/msgspec/issues/1134",
        happened="A release waited for months for somebody who could register the new owner.",
        change=_transferred,
        said="every job is skipped",
        where="start",
        named=(),
        words="",
    ),
    Broken(
        id="owner-in-capitals",
        what="the publisher spells the owner with a capital letter, and GitHub does not",
        report=f"{_GH}/pypi/warehouse/issues/14622",
        happened="GitHub takes both spellings, PyPI compares them letter by letter.",
        change=_owner_in_capitals,
        said="invalid-publisher",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="id-token",
        what="the job that publishes may not ask for an identity",
        report=f"{_GH}/uber/causalml/pull/928",
        happened="All wheels were built, and the first release with trusted publishing uploaded nothing.",
        change=_no_identity,
        said="identity",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="never-a-publisher",
        what="earlier releases were uploaded by hand, and no publisher was ever added",
        report=f"{_GH}/pypi/warehouse/issues/18478",
        happened="A project that existed already was moved to trusted publishing, and the first upload refused.",
        change=_by_hand,
        said="invalid-publisher",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="name-taken",
        what="the name belongs to somebody else on PyPI",
        report=f"{_GH}/pypi/warehouse/issues/15411",
        happened="The project was tried out on TestPyPI, where the name was free, and refused by PyPI.",
        change=_taken,
        fresh=True,
        said="project already exists",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="name-squatted",
        what="the name belongs to somebody else on TestPyPI",
        report=f"{_GH}/pypi/warehouse/issues/11013",
        happened="A package of 2016 had the name on TestPyPI; on PyPI it was free.",
        change=_squatted,
        fresh=True,
        release=_pushed,
        said="project already exists",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="name-similar",
        what="the name looks too much like that of another project",
        report=f"{_GH}/aai-institute/pyDVL/issues/156",
        happened="The first release was refused for a name that nobody seemed to have.",
        change=_similar,
        fresh=True,
        said="too similar to an existing project",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="project-archived",
        what="the project is archived on PyPI",
        report="https://blog.pypi.org/posts/2025-01-30-archival/",
        happened="PyPI announces that an archived project takes no uploads until its owner reopens it.",
        change=_lifecycle(Lifecycle.ARCHIVED),
        said="sample is archived on PyPI",
        where="plan",
        named=(),
        words="",
    ),
    Broken(
        id="project-quarantined",
        what="PyPI has quarantined the project",
        report="https://blog.pypi.org/posts/2024-12-30-quarantine/",
        happened="PyPI explains how suspicious projects are hidden and closed until its administrators have looked.",
        change=_lifecycle(Lifecycle.QUARANTINED),
        said="sample is quarantined on PyPI",
        where="plan",
        named=(),
        words="",
    ),
    Broken(
        id="environment-lets-no-tag-in",
        what="the environment for PyPI lets the default branch in, and no tag",
        report=f"{_GH}/amd/gaia/issues/2935",
        happened="Every job of a release was turned away before its first step; the environment knew other tags.",
        change=_policies("pypi", ("branch", "main")),
        said="is not allowed to deploy to pypi due to environment protection rules",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="environment-tags-as-branches",
        what="the environment for PyPI has v* as a rule for branches",
        report=f"{_GH}/opendp/tumult-analytics/issues/54",
        happened="That the tag's commit was on an allowed branch did not help: only the tag counts.",
        change=_policies("pypi", ("branch", "v*")),
        said="is not allowed to deploy to pypi due to environment protection rules",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="environment-protected-branches",
        what="the environment for PyPI lets protected branches in, which no tag is",
        report=f"{_GH}/pydev-guide/pyrepo-copier/issues/14",
        happened="Releases from tags stopped when GitHub began to heed the rule for them.",
        change=_protected_only,
        said="is not allowed to deploy to pypi due to environment protection rules",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="environment-for-testpypi",
        what="the environment for TestPyPI lets tags in, and not the default branch",
        report=f"{_GH}/graphframes/graphframes/issues/678",
        happened="A deployment was turned away by an environment whose rules were made for another kind of ref.",
        change=_policies("testpypi", ("tag", "v*")),
        release=_pushed,
        said="is not allowed to deploy to testpypi due to environment protection rules",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="environment-missing",
        what="the environment for PyPI does not exist",
        report=f"{_GH}/thaler-lab/EnergyFlow/pull/66",
        happened="The workflow named an environment that nobody had made; GitHub makes it, unprotected.",
        change=_missing_environment,
        said="",
        where="",
        named=(),
        words="",
    ),
    Broken(
        id="environment-misspelt",
        what="the protected environment is called pipy, the one of the workflow pypi",
        report=f"{_GH}/thaler-lab/EnergyFlow/pull/66",
        happened="The names of the environment and in the workflow differed.",
        change=_misspelt_environment,
        said="",
        where="",
        named=(),
        words="",
    ),
    Broken(
        id="environment-unprotected",
        what="the environment for PyPI lets every branch in",
        report=f"{_GH}/diazoxide/charter/issues/834",
        happened="The environment was there so that a rule could hang on it, and none did.",
        change=_policies("pypi"),
        said="",
        where="",
        named=(),
        words="",
    ),
    Broken(
        id="reviewer-oneself",
        what="the only reviewer is who releases, and may not review oneself",
        report=f"{_GH}/eugenelim/agent-ready-repo/pull/931",
        happened="A publication waited for the approval of the one person who could not give it.",
        change=_only_oneself,
        said="waits for a review",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="secret-missing",
        what="the environment for PyPI has no token",
        report=f"{_GH}/SALib/SALib/issues/535",
        happened="The release ran to its last step, and there was no token to upload with.",
        change=_without_secret,
        auth="token",
        said="",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="secret-of-repository",
        what="the token is a secret of the repository, so that every workflow can read it",
        report=f"{_GH}/facebookresearch/gni/pull/9",
        happened="A project moved its token into an environment, so that not every job could take it.",
        change=_secret_of_repository,
        auth="token",
        said="",
        where="",
        named=(),
        words="",
    ),
    Broken(
        id="token-old",
        what="the token is more than a year old, and has expired",
        report=f"{_GH}/scikit-hep/pylhe/issues/46",
        happened="A release was refused with 403, and only somebody else could make a new token.",
        change=_expired,
        auth="token",
        said="expired",
        where="publish",
        named=(),
        words="",
    ),
    Broken(
        id="token-left",
        what="a token is left from the time before trusted publishing",
        report=f"{_GH}/pymc-devs/pytensor/issues/1306",
        happened="A token that nothing used any more was found in the secrets; one like it was what attackers used "
        "for the second wave of ultralytics releases.",
        change=_token_left,
        said="",
        where="",
        named=(),
        words="",
    ),
    Broken(
        id="check-renamed",
        what="the required check is called otherwise by now",
        report=f"{_GH}/michaeldcanady/servicenow-sdk-go/pull/806",
        happened="A job was renamed, and what waited for the old name waited for ever.",
        change=_check_renamed,
        said="",
        where="gate",
        named=(),
        words="",
    ),
    Broken(
        id="matrix-moved",
        what="the required check names a version of Python that the matrix has no more",
        report=f"{_GH}/linkml/linkml/issues/3179",
        happened="Python 3.9 left the matrix, and nothing could be merged until its check was no longer asked for.",
        change=_matrix_moved,
        said="",
        where="gate",
        named=(),
        words="",
    ),
    Broken(
        id="ci-on-pull-requests",
        what="CI runs for pull requests alone, so that no commit of the branch has a result",
        report=f"{_GH}/willdady/platypus/pull/732",
        happened="Nothing had ever verified the main branch itself, from which was released.",
        change=_pull_requests_only,
        said="",
        where="gate",
        named=(),
        words="",
    ),
    Broken(
        id="ci-with-paths",
        what="CI heeds the paths of a change, and the commit of a release changes only the changelog",
        report=f"{_GH}/decoderesearch/SAELens/pull/69",
        happened="A change of the README kept CI from running, and with it the release.",
        change=_paths,
        said="",
        where="gate",
        named=(),
        words="",
    ),
    Broken(
        id="ci-cancelled",
        what="each push to the default branch cancels the CI of the one before",
        report=f"{_GH}/borb-sh/quillmark/issues/1811",
        happened="Half of the runs on main ended cancelled, and a gate that asks for success stayed shut.",
        change=_cancelled,
        said="cancelled",
        where="gate",
        named=(),
        words="",
    ),
    Broken(
        id="ci-disabled",
        what="GitHub disabled the CI after two months without a commit",
        report=f"{_GH}/OpenImaging/miqa/pull/662",
        happened="Because of its schedule GitHub disabled the whole workflow, pushes and pull requests included.",
        change=_ci_disabled,
        said="",
        where="gate",
        named=(),
        words="",
    ),
    Broken(
        id="ci-of-master",
        what="CI waits for pushes to master, and the branch is called main",
        report=f"{_GH}/dandavison/delta/pull/2196",
        happened="After the branch was renamed, pushes to it started no CI for a long time.",
        change=_ci_of_master,
        said="",
        where="gate",
        named=(),
        words="",
    ),
    Broken(
        id="default-branch-renamed",
        what="the default branch was renamed on GitHub, and the workflow waits for the old one",
        report=f"{_GH}/JelleZijlstra/pycroscope/pull/18",
        happened="Since the rename, workflows for pushes to the default branch had never run.",
        change=_default_branch_renamed,
        said="",
        where="",
        named=(),
        words="",
    ),
    Broken(
        id="workflow-disabled",
        what="the publishing workflow is disabled",
        report="https://docs.github.com/en/actions/how-tos/manage-workflow-runs/disable-and-enable-workflows",
        happened="GitHub describes it: a disabled workflow starts for nothing, and nothing says so at the push.",
        change=_disabled,
        said="publish.yml is disabled",
        where="plan",
        named=(),
        words="",
    ),
    Broken(
        id="actions-disabled",
        what="GitHub Actions is switched off for the repository",
        report=f"{_GH}/ncipollo/release-action/issues/201",
        happened="The maintainer of an action guesses that Actions is disabled where nothing else explains a failure.",
        change=_actions_off,
        said="GitHub Actions is disabled",
        where="plan",
        named=(),
        words="",
    ),
    Broken(
        id="actions-local-only",
        what="only actions of the owner's own may run",
        report=f"{_GH}/Metastem/Wikiless/issues/149",
        happened="No workflow could start: not even GitHub's own checkout was allowed.",
        change=_own_actions_only,
        said="because all actions must be from a repository owned by owner",
        where="plan",
        named=(),
        words="",
    ),
    Broken(
        id="actions-selected",
        what="the list of allowed actions lacks the one that uploads",
        report=f"{_GH}/scaleapi/scale-agentex/pull/324",
        happened="The release workflow failed at startup, without a log, for an action that was not on the list.",
        change=_selected_actions,
        said="The action pypa/gh-action-pypi-publish@",
        where="plan",
        named=(),
        words="",
    ),
    Broken(
        id="actions-by-tag",
        what="actions must be pinned to a commit, and the CI names one by its tag",
        report=f"{_GH}/tailscale/tailscale/issues/17710",
        happened="CI of a release branch failed at startup once the organisation asked for commits.",
        change=_tags_in_ci,
        said="",
        where="gate",
        named=(),
        words="",
    ),
    Broken(
        id="other-tags",
        what="the workflow waits for other tags than the project makes",
        report=f"{_GH}/slac-lcls/lcls2/pull/118",
        happened="The tags had no v, the filter wanted one, and the workflow silently never started.",
        change=_other_tags,
        said="fits none of the `tags`",
        where="plan",
        named=(),
        words="",
    ),
    Broken(
        id="two-push-keys",
        what="the workflow has two push keys, and GitHub refuses the file",
        report=f"{_GH}/kgdunn/process-improve/pull/120",
        happened="GitHub refused a workflow because a trigger was defined twice.",
        change=_two_pushes,
        said="push",
        where="plan",
        named=(),
        words="",
    ),
    Broken(
        id="skip-ci",
        what="the commit of the release asks GitHub to skip CI",
        report=f"{_GH}/Smart-AI-Memory/attune-ai/pull/1070",
        happened="The push of the tag succeeded and started nothing: the message of the commit had [skip ci].",
        change=_skip_ci,
        said="[skip ci]",
        where="plan",
        named=(),
        words="",
    ),
    Broken(
        id="tagged-by-workflow",
        what="a workflow pushes the tag with its own token, which starts no other workflow",
        report=f"{_GH}/littlebearapps/untether/issues/376",
        happened="Every release was tagged by a workflow, and had to be started by hand.",
        change=_tagged_by_workflow,
        said="",
        where="",
        named=(),
        words="",
    ),
    Broken(
        id="actions-lock",
        what="the lock of actions lists the workflow, and not all that it uses",
        report=f"{_GH}/github/gh-actions-lock/issues/121",
        happened="An entry lost its actions, and the workflow failed.",
        change=_lock_without,
        said="",
        where="",
        named=(),
        words="",
    ),
    Broken(
        id="lock-missing",
        what="the lock from which the workflow installs tagship is not in the repository",
        report=f"{_GH}/actions/checkout/issues/1448",
        happened="",
        change=_locks_ignored,
        said="",
        where="",
        named=(),
        words="",
    ),
    Broken(
        id="tags-forbidden",
        what="a ruleset lets nobody make a tag",
        report=f"{_GH}/googleapis/release-please-action/issues/1194",
        happened="The release was ready, and GitHub refused to create its tag.",
        change=_nobody_tags,
        said="Cannot create ref due to creations being restricted",
        where="push",
        named=(),
        words="",
    ),
    Broken(
        id="rule-with-stale-check",
        what="the rules of the default branch ask for a check that nothing reports",
        report=f"{_GH}/borgbase/vorta/pull/2518",
        happened="Names of a matrix stayed in the protection of the branch, and each bump blocked itself.",
        change=_stale_check,
        said="",
        where="",
        named=(),
        words="",
    ),
    Broken(
        id="assets-after-release",
        what="releases are immutable, and a workflow attaches files to them afterwards",
        report=f"{_GH}/libredb/libredb-studio/issues/154",
        happened="Every file that was to follow the release was refused, and the release stayed empty for good.",
        change=_later_assets,
        said="",
        where="",
        named=(),
        words="",
    ),
)
