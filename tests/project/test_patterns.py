"""GitHub's filter patterns, by the examples of its own documentation and against another way of matching."""

import fnmatch
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagship.project.patterns import is_valid, matches

DOCUMENTED = (
    ("feature/*", "feature/my-branch feature/your-branch", "feature/a/b feature"),
    ("feature/**", "feature/beta-a/my-branch feature/your-branch feature/mona/the/octocat", "main"),
    ("main", "main", "main2 maintenance"),
    ("releases/mona-the-octocat", "releases/mona-the-octocat", "releases"),
    ("*", "main releases", "all/the/branches"),
    ("**", "all/the/branches every/tag main", ""),
    ("*feature", "mona-feature feature ver-10-feature", "feature/x"),
    ("v2*", "v2 v2.0 v2.9", "v1 xv2"),
    ("v[12].[0-9]+.[0-9]+", "v1.10.1 v2.0.0", "v3.0.0 v1.0 v1.a.0"),
    ("*.jsx?", "page.js page.jsx", "page.jsxx page.ts js/page.js"),
    ("*.js", "app.js index.js", "js/index.js"),
    ("**.js", "index.js js/index.js src/js/app.js", "index.jsx"),
    ("docs/*", "docs/README.md docs/file.txt", "docs/mona/octocat.txt"),
    ("docs/**", "docs/README.md docs/mona/octocat.txt", "README.md"),
    ("docs/**/*.md", "docs/README.md docs/mona/hello-world.md docs/a/markdown/file.md", "docs/file.txt"),
    ("**/docs/**", "docs/hello.md dir/docs/my-file.txt space/docs/plan/space.doc", "mydocs/hello.md"),
    ("**/README.md", "README.md js/README.md", "XREADME.md"),
    ("**/*src/**", "a/src/app.js my-src/code/js/app.js", "srcs/app.js"),
    ("**/*-post.md", "my-post.md path/their-post.md", "my-post.txt"),
    ("**/migrate-*.sql", "migrate-10909.sql db/migrate-v1.0.sql db/sept/migrate-v1.sql", "migrate.sql"),
)
"""Pattern, what fits it, what does not: the first two columns are those of the cheat sheet."""


@pytest.mark.parametrize(("pattern", "fitting", "others"), DOCUMENTED, ids=[row[0] for row in DOCUMENTED])
def test_the_documented_examples(pattern: str, fitting: str, others: str) -> None:
    """Every example of GitHub's cheat sheet fits its pattern, and names beside it do not."""
    names = fitting.split() + others.split()
    assert [name for name in names if matches(name, [pattern])] == fitting.split()


@pytest.mark.parametrize(
    ("patterns", "fitting", "others"),
    [
        ("*.md !README.md", "hello.md docs.md", "README.md docs/hello.md"),
        ("*.md !README.md README*", "hello.md README.md README.doc", "page.js"),
        ("* !main", "dev", "main"),
        ("!main *", "dev main", ""),
        ("!main", "", "main dev"),
        ("", "", "main"),
        ("[z-a] *", "", "main z"),
    ],
)
def test_the_last_pattern_that_fits_decides(patterns: str, fitting: str, others: str) -> None:
    """`!` takes out what earlier patterns let in; on their own, such patterns let nothing in."""
    names = fitting.split() + others.split()
    assert [name for name in names if matches(name, patterns.split())] == fitting.split()


@pytest.mark.parametrize(
    ("pattern", "good"),
    [("v*", True), ("!v*", True), (r"\*", True), ("[a-z0-9]+", True), ("a**/?", True)]
    + [(bad, False) for bad in ("", "!", "+", "?a", "a++", "a?+", "[z-a]", "[]", "[ab", "a[")],
)
def test_what_is_no_pattern(pattern: str, good: bool) -> None:
    """A pattern that repeats nothing, or whose class is empty, open or backwards, is none."""
    assert is_valid(pattern) is good


@pytest.mark.parametrize(
    ("pattern", "name"), [(r"\*", "*"), (r"a\+", "a+"), (".", "."), ("[.^]", "^"), ("(a|b)$", "(a|b)$")]
)
def test_other_characters_are_themselves(pattern: str, name: str) -> None:
    """What has a meaning elsewhere has none here, and a backslash takes the meaning away."""
    assert matches(name, [pattern])
    assert not matches("a", [pattern])


@pytest.mark.parametrize(
    "pattern", ["a?" * 100 + "b", "a+" * 100 + "b", "**" * 100 + "b", "**/" * 100 + "b", "*?" * 50 + "b"]
)
def test_matching_takes_no_time(pattern: str) -> None:
    """A pattern that brings other matchers to their knees is done at once."""
    began = time.process_time()
    assert not matches("a" * 250, [pattern])
    assert time.process_time() - began < 2


@given(st.text("ab/*?[]-.", max_size=8), st.text("ab/-.", max_size=8))
def test_single_stars_and_characters_are_those_of_the_shell(pattern: str, name: str) -> None:
    """Where a pattern has single stars and plain characters only, it fits, folder by folder, what a shell's would."""
    plain = "x" + re.sub(r"\*+", "*", re.sub(r"[\[\]?]", "", pattern))
    name = "x" + name
    folders, names = plain.split("/"), name.split("/")
    expected = len(folders) == len(names) and all(map(fnmatch.fnmatchcase, names, folders))
    assert matches(name, [plain]) is expected


@given(st.text("ab/*?+[]-!\\.", max_size=12), st.text("ab/.", max_size=12))
def test_any_text_can_be_asked(pattern: str, name: str) -> None:
    """No text makes the matcher fail; what is no pattern fits nothing."""
    assert matches(name, [pattern]) in ({True, False} if is_valid(pattern) else {False})
