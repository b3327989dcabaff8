"""The pages for an adopter's people, with the values of their own project, and what the indexes have to be told."""

import posixpath
import shlex
from collections.abc import Collection
from functools import cache
from typing import Literal
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from packaging.utils import canonicalize_name

from tagship.model import Record
from tagship.project.discover import Project
from tagship.project.version_literals import Derived, Written
from tagship.services.addresses import GITHUB, GITHUB_MANUAL, PYPI, TESTPYPI, IndexAddresses
from tagship.workflow.variant import Variant

SECRETS = {"pypi": "PYPI_API_TOKEN", "testpypi": "TEST_PYPI_API_TOKEN"}
READER = "TAGSHIP_READER_TOKEN"
"""A secret, where there is one: the token with which the weekly look reads what the job's own may not."""


class Registration(Record, frozen=True, kw_only=True):
    """What one index has to be told, once."""

    index: str
    """As people call it."""
    kind: Literal["trusted publisher", "API token"]
    values: tuple[tuple[str, str], ...]
    """Label and value, as the form calls them; for a token, where it goes on GitHub."""
    url: str
    """The form for a project that is on the index, filled in."""
    new_url: str
    """The form for a project that is not; empty for tokens."""


def registrations(variant: Variant) -> tuple[Registration, ...]:
    """What PyPI and TestPyPI have to be told, in that order."""
    return _registration(variant, PYPI, variant.pypi), _registration(variant, TESTPYPI, variant.testpypi)


def _registration(variant: Variant, index: IndexAddresses, environment: str) -> Registration:
    if variant.auth == "token":
        secret = SECRETS[index.target.value]
        name = canonicalize_name(variant.project)
        settings = f"{GITHUB}/{variant.repository}/settings/environments"
        values = (("environment", environment), ("secret", secret), ("set it at", settings))
        return Registration(index=index.name, kind="API token", values=values, url=index.tokens(name), new_url="")
    return trusted(index, variant.project, variant.repository, variant.file, environment)


def trusted(index: IndexAddresses, project: str, slug: str, file: str, environment: str) -> Registration:
    """What an index has to be told of a trusted publisher.

    Args:
        project: its name, as it spells it.
        slug: `owner/name` of the repository.
        file: name of the workflow's file.
        environment: empty for a job without.
    """
    owner, _, repository = slug.partition("/")
    fields = {
        "provider": "github",
        "owner": owner,
        "repository": repository,
        "workflow_filename": file,
        "environment": environment,
    }
    return Registration(
        index=index.name,
        kind="trusted publisher",
        values=(
            ("PyPI project name", project),
            ("Owner", owner),
            ("Repository name", repository),
            ("Workflow name", file),
            ("Environment name", environment),
        ),
        url=f"{index.publishers(canonicalize_name(project))}?{urlencode(fields, quote_via=quote)}",
        new_url=index.new_publisher,
    )


class Place(Record, frozen=True, kw_only=True):
    """Where the pages of a project lie, from the root of the repository, with slashes."""

    publishing: str
    """The folder of PUBLISHING.md; `.` for the root."""
    pages: str
    """The folder of the others."""


def document(name: str, project: Project, variant: Variant, place: Place, extras: Collection[str]) -> str:
    """One page.

    Args:
        name: of its file: `PUBLISHING.md`.
        extras: what else of tagship is in the repository, as the options of `init` call it.
    """
    others = [package.name or package.path for package in project.packages]
    branch, *further = project.release_branches.value or (variant.default_branch,)
    return _template(name).render(
        variant=variant,
        registrations=registrations(variant),
        written=f"`{project.version.file}`" if isinstance(project.version, Written) else "",
        derived=project.version.tool if isinstance(project.version, Derived) else "",
        prefix=project.tags.value.prefix,
        required=[check.label for check in project.required_ci.value],
        branches=(branch, *further),
        others=others,
        pypi=PYPI,
        testpypi=TESTPYPI,
        github=GITHUB,
        manual=GITHUB_MANUAL,
        page=f"{GITHUB}/{variant.repository}/actions/workflows/{variant.file}",
        name=canonicalize_name(variant.project),
        path="" if variant.package == "." else f" {shlex.quote(variant.package)}",
        package="" if variant.package == "." else f" --package {shlex.quote(variant.package)}",
        up=_way(place.publishing, "."),
        pages=_way(place.publishing, place.pages),
        back=_way(place.pages, place.publishing),
        watch=variant.watch,
        extras=extras,
    )


def _way(begin: str, end: str) -> str:
    """The relative path from one folder to another, with its final slash; empty for the same one."""
    return "" if begin == end else f"{posixpath.relpath(end, begin)}/"


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("tagship.workflow"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - Markdown
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(f"{name}.j2")
