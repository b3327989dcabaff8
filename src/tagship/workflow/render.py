"""The publishing workflow, and the one that watches, as text from a variant alone: no file is read, nothing asked."""

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from tagship.services.addresses import PYPI, TESTPYPI
from tagship.workflow.pins import BY_ACTION
from tagship.workflow.variant import Variant, glob

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_WORDS = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
"""Read as something else than text by one YAML or another."""


def render(variant: Variant) -> str:
    """The file."""
    template = _environment().get_template("publish.yml.j2")
    return template.render(variant=variant, pins=BY_ACTION, jobs=jobs(variant), pypi=PYPI, testpypi=TESTPYPI)


def render_watch(variant: Variant) -> str:
    """The workflow that looks after the releases."""
    return _environment().get_template("release-watch.yml.j2").render(variant=variant, pins=BY_ACTION)


def jobs(variant: Variant) -> tuple[str, ...]:
    """The jobs in their order, but for the summary, which needs them all."""
    return (
        *(("ci",) if variant.ci else ()),
        "wait-for-ci",
        *(("build-sdist", "build-wheels") if variant.wheels else ()),
        "pre-publish-validation",
        "publish-testpypi",
        "publish-pypi",
        "verify",
        "create-github-release",
    )


def plain(text: str) -> str:
    """Text as a YAML scalar that every reader takes for that text: in quotes where it has to be."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def evaluated(text: str) -> str:
    """The same where GitHub evaluates `${{ }}`: the text is not taken for an expression."""
    return plain(text.replace("${{", "${{ '$' }}{{"))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tagship.workflow"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - YAML is not HTML; `plain` quotes
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    environment.filters |= {"plain": plain, "evaluated": evaluated, "glob": glob}
    return environment
