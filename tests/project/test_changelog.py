"""The section of a changelog about one version."""

import pytest

from tagship.project.changelog import find

pytestmark = pytest.mark.requirement("B5")

KEEP_A_CHANGELOG = """\
# Changelog

## [Unreleased]

- Not yet.

## [1.10.0] - 2026-02-03

### Added

- A month.

```text
## [1.0.0] is no heading in here
```

## [1.1.0] - 2026-01-02

- A week.

## 1.0.0rc1

[1.1.0]: https://example.invalid/1.1.0
"""
PLAIN = """\
1.0.1 was never released.

2026-02-03\tsample 1.1.0
\t* One, which is a dot release after 1.0.9
\t  and goes on.

v1.0.0 (January 2nd, 2026)
* Two.
"""
HISTORY = """\
History
=======

1.1.0 (2026-01-02)
------------------

* A week.

1.0.0
-----

* A day.
"""
OVERLINED = """\
=====
1.1.0
=====
A week.

=====
1.0.0
=====
A day.
"""


FLAT = "## Fixed\n\n- A day.\n\n## Added\n\n- An hour."
"""Parts with headings of the version's own level, seen in a release of python-dotenv."""


BEFORE = """\
## 2.0 a new beginning

- It.

## 2.0.preview2

- Two.

## 2.0 beta 1

- Beta 1.

## 2.0-alpha.2

- Alpha 2.

## 2.0alpha1

- Alpha 1.
"""
"""Pre-releases as people spell them: in words, with hyphens, and with blanks, as six does."""


@pytest.mark.parametrize(
    ("text", "version", "section"),
    [
        (KEEP_A_CHANGELOG, "1.1.0", "- A week."),
        (KEEP_A_CHANGELOG, "1.1", "- A week."),
        (
            KEEP_A_CHANGELOG,
            "1.10.0",
            "### Added\n\n- A month.\n\n```text\n## [1.0.0] is no heading in here\n```",
        ),
        (KEEP_A_CHANGELOG, "1.0.0rc1", "[1.1.0]: https://example.invalid/1.1.0"),
        (KEEP_A_CHANGELOG, "1.0.0", None),
        (KEEP_A_CHANGELOG, "2.0.0", None),
        (HISTORY, "1.1.0", "* A week."),
        (HISTORY, "1.0.0", "* A day."),
        (PLAIN, "1.1.0", "* One, which is a dot release after 1.0.9\n  and goes on."),
        (PLAIN, "1.0.0", "* Two."),
        (PLAIN, "1.0.1", None),
        (
            "## [Unreleased](https://x.invalid/compare/1.0.0...HEAD)\n\n## [1.0.0](https://x.invalid)\n\n- a",
            "1.0.0",
            "- a",
        ),
        ("## 1.0\n\n### Fixes since 1.0rc1\n\n- a\n\n## 1.0rc1\n\n- b\n", "1.0rc1", "- b"),
        (OVERLINED, "1.1.0", "A week."),
        (OVERLINED, "1.0.0", "A day."),
        ("", "1.0.0", None),
        ("## 1.0.0\n\n## Fixed\n\n- A day.\n\n## Added\n\n- An hour.\n\n## 0.9.0\n\n- Old.\n", "1.0.0", FLAT),
        ("## 1.0.0\n\n## 0.9.0\n\n- Old.\n", "1.0.0", None),
        *(
            (BEFORE, version, what)
            for version, what in (("2.0b1", "- Beta 1."), ("2.0rc2", "- Two."), ("2.0", "- It."))
        ),
        *((BEFORE, version, what) for version, what in (("2.0a1", "- Alpha 1."), ("2.0a2", "- Alpha 2."))),
    ],
)
def test_the_section_of_a_version(text: str, version: str, section: str | None) -> None:
    """The section reaches to the next heading of its kind; a version without one, or with an empty one, has none."""
    assert find(text, version) == section
