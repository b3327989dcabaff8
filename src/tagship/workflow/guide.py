"""What an adopter has to do once and for each release, for their own project: `PUBLISHING.md`, and what to register."""

from typing import Literal
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from packaging.utils import canonicalize_name

from tagship.model import Record
from tagship.project.discover import Project
from tagship.project.version_literals import Derived, Written
from tagship.services.addresses import GITHUB, PYPI, TESTPYPI, IndexAddresses
from tagship.workflow.variant import Variant

SECRETS = {"pypi": "PYPI_API_TOKEN", "testpypi": "TEST_PYPI_API_TOKEN"}


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
    owner, _, repository = variant.repository.partition("/")
    name = canonicalize_name(variant.project)
    if variant.auth == "token":
        secret = SECRETS[index.target.value]
        settings = f"{GITHUB}/{variant.repository}/settings/environments"
        values = (("environment", environment), ("secret", secret), ("set it at", settings))
        return Registration(index=index.name, kind="API token", values=values, url=index.tokens(name), new_url="")
    fields = {
        "owner": owner,
        "repository": repository,
        "workflow_filename": variant.file,
        "environment": environment,
    }
    return Registration(
        index=index.name,
        kind="trusted publisher",
        values=(
            ("PyPI project name", variant.project),
            ("Owner", owner),
            ("Repository name", repository),
            ("Workflow name", variant.file),
            ("Environment name", environment),
        ),
        url=f"{index.publishers(name)}?{urlencode({'provider': 'github', **fields}, quote_via=quote)}",
        new_url=index.new_publisher,
    )


def document(variant: Variant, project: Project) -> str:
    """PUBLISHING.md."""
    environment = Environment(
        loader=PackageLoader("tagship.workflow"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - Markdown; `cell` takes care of names
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    version = project.version
    scheme = project.tags.value
    required = [check.label for check in project.required_ci.value]
    return environment.get_template("PUBLISHING.md.j2").render(
        variant=variant,
        registrations=registrations(variant),
        written=f"`{version.file}`" if isinstance(version, Written) else "",
        derived=version.tool if isinstance(version, Derived) else "",
        prefix=scheme.prefix,
        required=required,
        pypi=PYPI,
        testpypi=TESTPYPI,
        github=GITHUB,
        page=f"{GITHUB}/{variant.repository}/actions/workflows/{variant.file}",
        name=canonicalize_name(variant.project),
        package="" if variant.package == "." else f" {variant.package}",
    )
