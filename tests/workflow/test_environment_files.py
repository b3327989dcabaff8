"""The environments as files: what `init` writes is read back as it was meant, and what is misspelt is refused."""

import pytest

from tagship.errors import ProjectError
from tagship.workflow import files
from tagship.workflow.environments import Environment, parse, render, wanted
from tagship.workflow.variant import Variant
from tests.adopting import Adopting

VARIANT = Variant(project="sample", repository="owner/sample")
PATH = ".github/environments/pypi.yml"


@pytest.mark.parametrize(
    "environment",
    [
        *wanted(VARIANT),
        *wanted(Variant(project="sample", repository="owner/sample", default_branch="ünï-🚀: #x", tags="[0-9]*.*")),
        Environment(
            name="pypi",
            branches=("release/*",),
            reviewers=("ada", "acme/release"),
            wait_timer=30,
            prevent_self_review=True,
            admins_bypass=True,
        ),
    ],
)
def test_what_is_written_is_read_back(environment: Environment) -> None:
    """A rendered file means what it was rendered from."""
    text = files.stamped(render(environment, "owner/sample"))
    assert parse(text.encode(), environment.name, environment.path) == environment


def test_each_index_gets_the_refs_that_it_needs() -> None:
    """TestPyPI takes the default branch and release tags, PyPI release tags alone."""
    testpypi, pypi = wanted(VARIANT)
    assert (testpypi.branches, testpypi.tags) == (("main",), ("v*.*.*",))
    assert (pypi.branches, pypi.tags) == ((), ("v*.*.*",))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("tags: [v*]\nreviewer: [ada]\n", 2, "unknown key: reviewer (did you mean reviewers?)"),
        ("tags: [v*]\nprevent_self_review: true\n", 2, "unknown key: prevent_self_review (did you mean prevent-self"),
        ("tags: [v*]\n\nwait-timer: soon\n", 3, "wait-timer is a number of minutes, 0 to 43200"),
        ("tags: [v*]\nwait-timer: 99999\n", 2, "wait-timer is a number of minutes"),
        ("tags: [v*]\nadmins-bypass: 'no'\n", 2, "admins-bypass is true or false"),
        ("tags: [v*]\nreviewers: {ada: true}\n", 2, "reviewers is a list of texts"),
        ("tags: [v*]\nreviewers: [a, b, c, d, e, f, g]\n", 2, "reviewers has 6 at most"),
        ("tags: [v*]\ntags: [w*]\n", 2, "the key `tags` is there already, in line 1"),
        ("tags: [1.0]\n", 1, "tags is a list of texts"),
        ("reviewers: [ada]\n", 1, "it lets in no branch and no tag"),
        ("- tags\n", 1, "it has no keys"),
        ("", 1, "it has no keys"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    """Nothing is ignored: a rule that is misspelt would protect nothing."""
    with pytest.raises(ProjectError) as caught:
        parse(text.encode(), "pypi", PATH)
    assert caught.value.message.startswith(f"the environment was not understood: {words}")
    assert caught.value.where == f"{PATH}:{line}"


def test_a_wrong_value_leads_to_the_page_that_says_what_is_right() -> None:
    """The remedy has the address of GitHub's own page about environments, whole."""
    with pytest.raises(ProjectError) as caught:
        parse(b"tags: [v*]\nwait-timer: soon\n", "pypi", PATH)
    page = "https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments"
    assert caught.value.remedy == f"See {page}"


@pytest.mark.requirement("C3")
def test_a_file_that_somebody_changed_is_theirs(adopting: Adopting) -> None:
    """`init` writes both, `sync` brings them up to date until somebody decides otherwise, and then keeps theirs."""
    there = adopting()
    assert there("init") == 0
    testpypi = there.text(".github/environments/testpypi.yml")
    there.write("pyproject.toml", there.text("pyproject.toml") + '\n[tool.tagship]\ntag = "rel-{version}"\n')
    assert there("sync", "--check") == 17
    assert "  is out of date  .github/environments/pypi.yml\n    it is out of date\n" in there.out
    assert there("sync") == 0
    assert 'tags: ["rel-*.*.*"]' in there.text(PATH)
    there.replace(PATH, "reviewers: []", "reviewers: [ada]")
    theirs = there.text(PATH)
    there.replace("pyproject.toml", "rel-", "r-")
    assert there("sync") == 0
    assert there.text(PATH) == theirs
    assert there.text(".github/environments/testpypi.yml") == testpypi.replace("v*.*.*", "r-*.*.*").replace(
        testpypi.rpartition("sha256 ")[2], there.text(".github/environments/testpypi.yml").rpartition("sha256 ")[2]
    )
