"""A changelog's section as GitHub shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tagship.project.markdown import complete, from_rst, unwrapped

pytestmark = pytest.mark.requirement("B5")

RST = """\
.. _v2_0:

Now with dates, see :ref:`the guide <guide>` and `the calendar <https://example.invalid/c>`__.

Bug fixes
~~~~~~~~~

- ``load(:issue:`1`)`` keeps order, as :meth:`~sample.Reader.load` and :class:`Reader` do
  (:issue:`12`, :pr:`13`) -- by :user:`ada`; see `Wiki`_ and :pep:`639`. The
  :ref:`other <way>`.

  .. code-block:: python
     :caption: how

     load()

     dump()

.. warning:: Read this.

   - And this.

.. versionadded:: 2.0

=====
Other
=====

As follows::

    $ sample

----
"""
MARKDOWN = """\
Now with dates, see the guide and [the calendar](https://example.invalid/c).

### Bug fixes

- ``load(:issue:`1`)`` keeps order, as `load` and `Reader` do (#12, #13) -- by @ada; see Wiki and PEP 639. The other.

  ```python
  load()

  dump()
  ```

**Warning:** Read this.

- And this.

**Version added:** 2.0

### Other

As follows:

    $ sample"""


def test_restructuredtext() -> None:
    """Titles, links, roles, code and admonitions become Markdown's, labels and the last line go, and code is code."""
    assert from_rst(RST) == MARKDOWN


def test_what_is_markdown_already_stays() -> None:
    """A text of Markdown, and one that was rewritten before, come out as they went in."""
    assert from_rst(MARKDOWN) == MARKDOWN
    fenced = "- As follows:\n\n```\nload()\n------\n:ref:`x`\n```\n\n- More."
    assert from_rst(fenced) == fenced
    plain = "### Fixed\n\n- `a` and **b** [c](https://example.invalid) (#1)\n\n| x | y |\n| --- | --- |\n| 1 | 2 |"
    assert from_rst(plain) == plain
    assert complete(plain, plain) == plain


def test_a_section_of_markdown_stands_alone() -> None:
    """The targets of its reference links come along from the end of the file, those of others do not; roles go."""
    section = "- Dates ([#7], [by Ada][ada]) {pr}`8`, [x](y)\n\n---\n"
    end = "[#7]: https://example.invalid/7\n[ADA]: https://example.invalid/ada\n[1.0]: https://example.invalid/1\n"
    assert complete(section, f"# Changes\n\n## 1.0\n\n{section}\n## 0.9\n\n{end}") == (
        "- Dates ([#7], [by Ada][ada]) #8, [x](y)\n\n"
        "[#7]: https://example.invalid/7\n[ADA]: https://example.invalid/ada"
    )


def test_nothing_but_targets_of_links_is_nothing() -> None:
    """The last section of a changelog, below which the links of all others stand, is empty where it says nothing."""
    links = "[1.1.0]: https://example.invalid/1.1.0\n"
    assert complete(links, f"## 1.1.0\n\n- A day.\n\n## 1.0.0\n\n{links}") == ""


WRAPPED = """\
Now with dates
in *every
calendar*, and `code
of` some length.

- The week
  begins
on Monday.
  - Or on
    Sunday.

  > It is
  > said > so,
  again.

> [!NOTE]
> Read
> this.

- Broken{2}
  by two spaces, or\\
  by one mark, and
  not here.

1. ```
   load()
   dump()
   ```

### Code

    indented
    code

| x | y |
| --- | --- |
| 1 | 2 |

:::{note}
As MyST
has it.
:::

<details>
<summary>More</summary>

of the
same
</details>

<!-- not
shown -->
A title
=======
""".replace("{2}", "  ")
UNWRAPPED = """\
Now with dates in *every calendar*, and `code of` some length.

- The week begins on Monday.
  - Or on Sunday.

  > It is said > so, again.

> [!NOTE]
> Read this.

- Broken{2}
  by two spaces, or\\
  by one mark, and not here.

1. ```
   load()
   dump()
   ```

### Code

    indented
    code

| x | y |
| --- | --- |
| 1 | 2 |

:::{note}
As MyST has it.
:::

<details>
<summary>More</summary>

of the same
</details>

<!-- not
shown -->
A title
=======
""".replace("{2}", "  ")


def test_wrapped_lines_become_one() -> None:
    """Of a paragraph, wherever it stands, GitHub gets one line; breaks on purpose, code, tables and alerts stay."""
    assert unwrapped(WRAPPED) == UNWRAPPED
    assert unwrapped(UNWRAPPED) == UNWRAPPED
    endless = "a\n" * 63_000
    assert unwrapped(endless) == endless  # no release has room for it
    section = "- The week\n  begins on [Monday].\n"
    assert complete(section, f"{section}\n[Monday]: https://example.invalid\n") == (
        "- The week begins on [Monday].\n\n[Monday]: https://example.invalid"
    )


@given(st.lists(st.sampled_from(["a", "*b", "c*", "> d", "- e", "    f", "1. g", "", "`h", "i`", "# j"]), max_size=12))
def test_what_is_said_stays_the_same(lines: list[str]) -> None:
    """Whatever is written, read as Markdown it says after that what it said before, line ends aside."""
    text = "\n".join(lines)
    before, after = (" ".join(MarkdownIt().render(part).split()) for part in (text, unwrapped(text)))
    assert after == before


def test_what_only_looks_like_a_role() -> None:
    """Braces or colons at an end of text between backticks begin no role with what stands behind it."""
    text = "- Added `{version}` to what the `write` and\n  `as {name}`s steps know, not {issue}`7`."
    said = "- Added `{version}` to what the `write` and `as {name}`s steps know, not #7."
    assert complete(text, "") == said
    assert from_rst("See `a:b:`, `c` and :class:`D`.") == "See `a:b:`, `c` and `D`."


def test_titles_between_lines() -> None:
    """A title between two lines, set in or not, is a heading."""
    assert from_rst("*****\n New\n*****\n\n- a\n\n===\nOld\n===\n\n- b\n") == "### New\n\n- a\n\n### Old\n\n- b"
