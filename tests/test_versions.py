"""Tags are read strictly, spelt as the project spells them, and what comes next sorts where it must."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from tagship.versions import (
    TagRefused,
    TagScheme,
    TagVersion,
    detect_scheme,
    development,
    next_patch,
    parse_tag,
    released,
    tag_for,
)

SCHEMES = {
    "default": TagScheme(),
    "bare": TagScheme(prefix="", known=True),
    "package": TagScheme(prefix="core/v", known=True),
    "semver": TagScheme(known=True, before="-", between="."),
    "calendar": TagScheme(known=True, widths=(0, 2, 2)),
}

numbers = st.lists(st.integers(0, 3000), min_size=1, max_size=5)
pre = st.one_of(st.just(""), st.builds("{}{}".format, st.sampled_from(["a", "b", "rc"]), st.integers(0, 99)))
post = st.one_of(st.just(""), st.builds(".post{}".format, st.integers(0, 99)))
epoch = st.sampled_from(["", "", "1!"])
public = st.builds(lambda e, n, a, p: Version(e + ".".join(map(str, n)) + a + p), epoch, numbers, pre, post)
schemes = st.sampled_from(list(SCHEMES.values()))


@pytest.mark.requirement("A6", "B4")
@pytest.mark.parametrize(
    ("scheme", "tag", "version"),
    [
        ("default", "v1.2.3", "1.2.3"),
        ("default", "v1.2.3rc1", "1.2.3rc1"),
        ("default", "v1.0", "1.0"),
        ("default", "v1.0.post1", "1.0.post1"),
        ("default", "v1!2.0", "1!2.0"),
        ("bare", "1.2.3", "1.2.3"),
        ("package", "core/v1.2.3b2", "1.2.3b2"),
        ("semver", "v1.0.0-alpha.1", "1.0.0a1"),
        ("semver", "v1.0.0-a.1", "1.0.0a1"),
        ("semver", "v1.0.0a1", "1.0.0a1"),
        ("calendar", "v2024.04.01", "2024.4.1"),
        ("calendar", "v2024.4.1", "2024.4.1"),
        ("calendar", "v2024.11.03.02", "2024.11.3.2"),
    ],
)
def test_tag_accepted(scheme: str, tag: str, version: str) -> None:
    """A tag with the project's prefix and a public version in an accepted spelling names that version."""
    assert parse_tag(tag, SCHEMES[scheme]) == TagVersion(tag=tag, version=Version(version))


@pytest.mark.requirement("A6", "B4")
@pytest.mark.parametrize(
    ("scheme", "tag", "why", "suggestions"),
    [
        ("default", "v0.0.1-test", "'0.0.1-test' is not a PEP 440 version", ("v0.0.1", "v0.0.1rc1")),
        ("default", "v1.2.3-evil", "'1.2.3-evil' is not a PEP 440 version", ("v1.2.3", "v1.2.3rc1")),
        ("semver", "v0.0.1-test", "'0.0.1-test' is not a PEP 440 version", ("v0.0.1", "v0.0.1-rc.1")),
        ("default", "v01.2.3", "'01.2.3' is not how the version 1.2.3 is spelt", ("v1.2.3",)),
        ("calendar", "v02024.4.1", "'02024.4.1' is not how the version 2024.4.1 is spelt", ("v2024.04.01",)),
        ("default", "v1.2.3+local", "'1.2.3+local' has a local part, which package indexes refuse", ("v1.2.3",)),
        (
            "default",
            "v1.2.3.dev4",
            "'1.2.3.dev4' is a development version, which is not made from a tag",
            ("v1.2.3",),
        ),
        ("default", "vfoo.bar.baz", "'foo.bar.baz' is not a PEP 440 version", ()),
        ("default", "v", "'' is not a PEP 440 version", ()),
        ("default", "", "it does not begin with 'v', as this project's tags do", ()),
        ("default", "1.2.3", "it does not begin with 'v', as this project's tags do", ("v1.2.3",)),
        ("default", "V1.2.3", "it does not begin with 'v', as this project's tags do", ("v1.2.3",)),
        ("bare", "v1.2.3", "'v1.2.3' is not how the version 1.2.3 is spelt", ("1.2.3",)),
        ("default", "v1.2.3-rc.1", "'1.2.3-rc.1' is not how the version 1.2.3rc1 is spelt", ("v1.2.3rc1",)),
        ("default", "v2024.04.01", "'2024.04.01' is not how the version 2024.4.1 is spelt", ("v2024.4.1",)),
        ("default", "v1.2.3\n", "'1.2.3\\n' is not how the version 1.2.3 is spelt", ("v1.2.3",)),
        ("default", "v１.2.3", "'１.2.3' is not a PEP 440 version", ()),
        ("default", "v1.2;rm -rf x", "'1.2;rm -rf x' is not a PEP 440 version", ("v1.2", "v1.2rc1")),
        ("default", "v1.2$(id)", "'1.2$(id)' is not a PEP 440 version", ("v1.2", "v1.2rc1")),
    ],
)
def test_tag_refused(scheme: str, tag: str, why: str, suggestions: tuple[str, ...]) -> None:
    """Every other tag is refused with the reason and, where one can be made, the right spelling."""
    assert parse_tag(tag, SCHEMES[scheme]) == TagRefused(tag=tag, why=why, suggestions=suggestions)


def test_remedies() -> None:
    """The remedy names the tags to use, or says what a tag looks like where none can be guessed."""
    found = [parse_tag(tag, TagScheme()) for tag in ("v0.0.1-test", "vfoo.bar.baz")]
    assert [tag.remedy for tag in found if isinstance(tag, TagRefused)] == [
        "Delete the tag and use v0.0.1 or v0.0.1rc1.",
        "Tag the commit with a prefix and a PEP 440 version, for example v1.2.3 or v1.2.3rc1.",
    ]


@pytest.mark.requirement("A1", "B4")
@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ([], TagScheme()),
        (["latest", "nightly", "v1", "$(id)-1.0"], TagScheme()),
        (["v1.1.0", "v1.0.0", "v1"], TagScheme(known=True)),
        (["1.1.0", "1.0.0", "v0.9"], TagScheme(prefix="", known=True)),
        (["v2.0", "1.0"], TagScheme(known=True)),
        (["release-1.0", "docs"], TagScheme(prefix="release-", known=True)),
        (["my2-tools-v1.0.0", "my2-tools-v0.9.0"], TagScheme(prefix="my2-tools-v", known=True)),
        (["core/v1.0", "cli/v3.0", "core/v0.9"], TagScheme(prefix="core/v", known=True)),
        (["v1.0.0-alpha.1", "v0.9.0"], TagScheme(known=True, before="-", between=".")),
        (["v1.0.0", "v1.0.0-rc1"], TagScheme(known=True, before="-")),
        (["v1.0.0rc2", "v1.0.0-rc1"], TagScheme(known=True)),
        (["v2024.12.01", "v2024.04.12"], TagScheme(known=True, widths=(0, 2, 2))),
        (["v24.04.0", "v24.10.0"], TagScheme(known=True, widths=(0, 2))),
    ],
)
def test_scheme_from_history(tags: list[str], scheme: TagScheme) -> None:
    """The majority of the recent version tags says the prefix, the newest that shows a spelling says that one."""
    assert detect_scheme(tags) == scheme


def test_scheme_of_one_package() -> None:
    """A configured prefix wins over the majority, and only its own tags say whether it is known."""
    tags = ["cli/v2.0.0-rc.1", "cli/v1.9", "core/v1.0"]
    assert [detect_scheme(tags, prefix=prefix) for prefix in ("core/v", "new-")] == [
        TagScheme(prefix="core/v", known=True),
        TagScheme(prefix="new-"),
    ]


def test_scheme_from_the_declared_version() -> None:
    """A calendar version in the project's file shows its leading zeros before there is any tag."""
    assert detect_scheme([], declared="2024.04.01") == TagScheme(widths=(0, 2, 2))


@given(public, schemes)
def test_tag_round_trip(version: Version, scheme: TagScheme) -> None:
    """The tag made for any public version is accepted and names that version."""
    tag = tag_for(version, scheme)
    assert parse_tag(tag, scheme) == TagVersion(tag=tag, version=version)


@given(st.text(), schemes)
def test_no_string_crashes(text: str, scheme: TagScheme) -> None:
    """Any text as a tag gets an answer, what a refusal suggests is accepted, and a detected prefix is shell-safe."""
    for tag in (text, scheme.prefix + text, f"{scheme.prefix}1.2{text}"):
        answer = parse_tag(tag, scheme)
        suggestions = answer.suggestions if isinstance(answer, TagRefused) else (answer.tag,)
        assert all(isinstance(parse_tag(s, scheme), TagVersion) for s in suggestions)
    prefix = detect_scheme([text, f"{text}1.0"]).prefix or "none"
    assert shlex.quote(prefix) == prefix


def test_huge_tag() -> None:
    """A tag with more digits than Python reads is refused like any other, shortened in the words."""
    answer = parse_tag("v" + "9" * 5000, TagScheme())
    assert isinstance(answer, TagRefused)
    assert (len(answer.why) < 400, answer.suggestions) == (True, ())


def test_releases_in_order() -> None:
    """Tags are sorted as versions, not as text, and tags that name no release are left out."""
    tags = ["v1.10.0", "v1.9.0", "v2", "v1.10.0rc1", "nightly", "v1.11.0-test", "v1!0.1"]
    assert [tag.tag for tag in released(tags, TagScheme())] == ["v1.9.0", "v1.10.0rc1", "v1.10.0", "v2", "v1!0.1"]


def test_a_tag_that_moves_stands_before_the_one_of_the_release() -> None:
    """Of two tags that name the same version, the one with more numbers is the last, in whatever order they come."""
    for tags in (("v4.2", "v4.2.0", "v4.1"), ("v4.2.0", "v4.1", "v4.2")):
        assert [tag.tag for tag in released(tags, TagScheme())] == ["v4.1", "v4.2", "v4.2.0"]


@pytest.mark.parametrize(
    ("version", "following"),
    [
        ("1.2.3", "1.2.4"),
        ("1.2", "1.2.1"),
        ("1", "1.0.1"),
        ("1.2.3.4", "1.2.3.5"),
        ("2024.04.01", "2024.4.2"),
        ("1.2.3rc1", "1.2.3"),
        ("1.2.0.dev0", "1.2.0"),
        ("1.2.3.post1", "1.2.4"),
        ("1!1.2.3", "1!1.2.4"),
        ("1.2.3+local", "1.2.4"),
    ],
)
def test_next_patch(version: str, following: str) -> None:
    """The next patch counts the last number up, and finishes a pre-release instead."""
    assert str(next_patch(Version(version))) == following


@pytest.mark.requirement("A6")
@pytest.mark.parametrize(
    ("declared", "releases", "expected"),
    [
        ("1.3.0", ["1.2.0"], "1.3.0.dev57"),
        ("1.2.0", ["1.2.0", "1.1.0"], "1.2.1.dev57"),
        ("1.2.0", [], "1.2.0.dev57"),
        ("1.3.0.dev0", ["1.2.0"], "1.3.0.dev57"),
        ("1.0.0rc1", ["0.9"], "1.0.0rc1.dev57"),
        ("1.0.0rc1", ["1.0.0rc1"], "1.0.0rc2.dev57"),
        ("1.0.0", ["1.0.0rc1"], "1.0.0rc2.dev57"),
        ("1.0.0.post1", ["1.0.0"], "1.0.0.post1.dev57"),
        ("1.0.0.post1", ["1.0.0.post1"], "1.0.1.dev57"),
        ("1.2.0", ["2.0.0"], "2.0.1.dev57"),
        ("2024.04.01", ["2024.4.1"], "2024.4.2.dev57"),
        ("3.0", ["1!1.0"], "1!1.0.1.dev57"),
        ("1.1+local", ["1.0"], "1.1.dev57"),
        (None, ["0.3.1", "0.4.0b2"], "0.4.0b3.dev57"),
        (None, [], "0.1.0.dev57"),
    ],
)
def test_development(declared: str | None, releases: list[str], expected: str) -> None:
    """A development version is based on the declared version if it is to come, else on what follows the last."""
    version = development(Version(declared) if declared else None, map(Version, releases), 57)
    assert str(version) == expected


@given(st.one_of(st.none(), public), st.lists(public, max_size=5), st.integers(0, 10**6))
def test_development_sorts_after_the_last_release(
    declared: Version | None, releases: list[Version], count: int
) -> None:
    """Whatever is declared and released, it is public, sorts after every release, and the next commit after it."""
    version = development(declared, releases, count)
    assert version.local is None
    assert version.dev == count
    assert all(version > release for release in releases)
    assert development(declared, releases, count + 1) > version
