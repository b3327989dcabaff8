"""What breaks a right set-up, on the embedded services and in the repository, and how a release goes there.

The names are those of `broken.toml`.
"""

from collections.abc import Callable, Mapping

from tagship.rehearsal.github.state import Policy, Rule, Ruleset, SecretDates
from tagship.rehearsal.index import Lifecycle, Publisher, Token
from tagship.rehearsal.index import Project as Listed
from tagship.workflow.events import Happened
from tests.made_dists import good_wheel
from tests.setup.worlds import CHECK, Said, SetUp, vouch

PUBLISH = ".github/workflows/publish.yml"
CI = ".github/workflows/ci.yml"
MAIN = "refs/heads/main"
_GH = "https://github.com"


def _released(made: SetUp) -> Said:
    return made.release()


def _pushed(made: SetUp) -> Said:
    return made.release(ref=MAIN)


def _tagged_by_token(made: SetUp) -> Said:
    """The workflow pushes the tag: GitHub starts what its token may start."""
    return made.starts("publish.yml", Happened(name="push", ref="refs/tags/v1.0.0", by_token=True))


def _then_assets(made: SetUp) -> Said:
    """The release is made by the publishing workflow, and what waits for it is asked."""
    said = made.release()
    happened = Happened(name="release", ref="refs/tags/v1.0.0", action="published", by_token=True)
    return said if said.where else made.starts("assets.yml", happened)


def _bumped(made: SetUp) -> Said:
    """The commit of the release is pushed to the default branch, as the last step before its tag."""
    made.write("CHANGELOG.md", "# Changelog\n\n## 1.0.0\n\n- Released.\n", push=False)
    return made.push("refs/heads/main") or made.release()


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
    made.github.former.add(made.github.full_name)
    made.github.name = "samples"


def _transferred(made: SetUp) -> None:
    made.github.former.add(made.github.full_name)
    made.github.owner = "community"


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


def _private(made: SetUp) -> None:
    made.github.private = made.github.free = True


CHANGES: Mapping[str, Callable[[SetUp], None]] = {
    "publisher-missing": _never_registered,
    "publisher-other-name": _other_name,
    "publisher-other-workflow": lambda made: _registered(made, workflow="pypi-publish.yml"),
    "workflow-renamed": _renamed_file,
    "publisher-other-environment": lambda made: _registered(made, environment="release"),
    "job-without-environment": _no_environment,
    "publisher-of-testpypi": _testpypi_forgotten,
    "repository-renamed": _renamed_repository,
    "repository-transferred": _transferred,
    "owner-in-capitals": _owner_in_capitals,
    "id-token": _no_identity,
    "never-a-publisher": _by_hand,
    "name-taken": _taken,
    "name-squatted": _squatted,
    "name-similar": _similar,
    "project-archived": _lifecycle(Lifecycle.ARCHIVED),
    "project-quarantined": _lifecycle(Lifecycle.QUARANTINED),
    "environment-lets-no-tag-in": _policies("pypi", ("branch", "main")),
    "environment-tags-as-branches": _policies("pypi", ("branch", "v*")),
    "environment-protected-branches": _protected_only,
    "environment-for-testpypi": _policies("testpypi", ("tag", "v*")),
    "environment-missing": _missing_environment,
    "environment-misspelt": _misspelt_environment,
    "environment-unprotected": _policies("pypi"),
    "reviewer-oneself": _only_oneself,
    "secret-missing": _without_secret,
    "secret-of-repository": _secret_of_repository,
    "token-old": _expired,
    "token-left": _token_left,
    "check-renamed": _check_renamed,
    "matrix-moved": _matrix_moved,
    "ci-on-pull-requests": _pull_requests_only,
    "ci-with-paths": _paths,
    "ci-cancelled": _cancelled,
    "ci-disabled": _ci_disabled,
    "ci-of-master": _ci_of_master,
    "default-branch-renamed": _default_branch_renamed,
    "workflow-disabled": _disabled,
    "actions-disabled": _actions_off,
    "actions-local-only": _own_actions_only,
    "actions-selected": _selected_actions,
    "actions-by-tag": _tags_in_ci,
    "other-tags": _other_tags,
    "two-push-keys": _two_pushes,
    "skip-ci": _skip_ci,
    "tagged-by-workflow": _tagged_by_workflow,
    "actions-lock": _lock_without,
    "lock-missing": _locks_ignored,
    "tags-forbidden": _nobody_tags,
    "rule-with-stale-check": _stale_check,
    "assets-after-release": _later_assets,
    "private-without-plan": _private,
}
"""What breaks a right set-up, by the id of the broken one."""
RELEASES: Mapping[str, Callable[[SetUp], Said]] = {
    "tag": _released,
    "branch": _pushed,
    "commit": _bumped,
    "by-token": _tagged_by_token,
    "then-assets": _then_assets,
}
"""How the first release goes."""
