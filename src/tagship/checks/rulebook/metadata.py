"""Rules about core metadata: what packaging refuses, and what PyPI refuses beyond it.

warehouse/forklift/metadata.py and legacy.py:701-739. PyPI answers with the first problem of the most important
field; the rule yields all of them in that order.
"""

import re
from collections.abc import Iterator
from email.utils import parseaddr

from packaging.metadata import Metadata
from packaging.requirements import InvalidRequirement, Requirement
from trove_classifiers import classifiers, deprecated_classifiers

from tagship.checks.rulebook.fields import METADATA_FIELDS
from tagship.checks.rulebook.upload import Rule, Upload
from tagship.services.addresses import CORE_METADATA

_METADATA_VERSIONS = frozenset({"1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"})
_LOCAL_VERSIONS = "https://packaging.python.org/en/latest/specifications/version-specifiers/#local-version-identifiers"
_IMPORTANT = ("metadata-version", "name", "version")
_DYNAMIC = frozenset(METADATA_FIELDS) - {"metadata-version", "name", "version", "dynamic"}
_WEB_ADDRESS = re.compile(r"https?:(//[^\\/?#]*)?[^\[\]#]*(#.*)?", re.IGNORECASE | re.DOTALL)
_RESERVED_DOMAINS = ("arpa", "invalid", "local", "localhost", "onion", "test")

Problem = tuple[str, str]
"""Field, as the metadata file spells it in lower case, and what is wrong."""


def _metadata(upload: Upload) -> Iterator[str]:
    parsed = upload.parsed
    if isinstance(parsed, Metadata):
        problems = list(_beyond_packaging(parsed))
    else:
        problems = [(error.field, str(error)) for error in parsed]
    local = any(field == "version" and "use of local versions" in text for field, text in problems)
    for field, text in sorted(problems, key=lambda problem: _importance(problem[0])):
        page = _LOCAL_VERSIONS if local and field == "version" else CORE_METADATA
        yield f"{text}{'' if text.endswith('.') else '.'} See {page} for more information."


def _importance(field: str) -> tuple[int, str]:
    return (_IMPORTANT.index(field), "") if field in _IMPORTANT else (len(_IMPORTANT), field)


def _beyond_packaging(metadata: Metadata) -> Iterator[Problem]:
    if metadata.metadata_version not in _METADATA_VERSIONS:
        yield "metadata-version", f"{metadata.metadata_version!r} is not a valid metadata version"
    if metadata.version.local:
        yield "version", f"The use of local versions in '{metadata.version}' is not allowed."
    if metadata.summary and len(metadata.summary) > 512:
        yield "summary", "'summary' field must be 512 characters or less."
    yield from _people(metadata)
    yield from _classifiers(metadata)
    yield from _urls(metadata)
    yield from _requirements(metadata)
    for field in metadata.dynamic or ():
        if field not in _DYNAMIC:
            yield "dynamic", f"Dynamic field {field!r} is not a valid dynamic field."
    if metadata.license and metadata.license_expression:
        yield (
            "license",
            "License is deprecated when License-Expression is present. Only License-Expression should be present.",
        )


def _people(metadata: Metadata) -> Iterator[Problem]:
    for field, value in (("author-email", metadata.author_email), ("maintainer-email", metadata.maintainer_email)):
        _, address = parseaddr(value or "")
        if address and (problem := _email_problem(address)):
            yield field, f"{address!r} is not a valid email address: {problem}"


def _email_problem(address: str) -> str:
    """What email-validator says, for the mistakes people make; its full grammar is not ours to rebuild."""
    user, at, domain = address.rpartition("@")
    if not at:
        return "An email address must have an @-sign."
    if not user:
        return "There must be something before the @-sign."
    if not domain:
        return "There must be something after the @-sign."
    if ".." in address:
        return "An email address cannot have two periods in a row."
    if "." not in domain:
        return "The part after the @-sign is not valid. It should have a period."
    if domain.rpartition(".")[2].lower() in _RESERVED_DOMAINS:
        return "The part after the @-sign is a special-use or reserved name that cannot be used with email."
    return ""


def _classifiers(metadata: Metadata) -> Iterator[Problem]:
    given = set(metadata.classifiers or ())
    for classifier in sorted(given - classifiers - deprecated_classifiers.keys()):
        yield "classifier", f"{classifier!r} is not a valid classifier."
    for classifier in sorted(given & deprecated_classifiers.keys()):
        instead = deprecated_classifiers[classifier]
        advice = f", use one of {instead} instead" if instead else ""
        yield "classifier", f"The classifier {classifier!r} has been deprecated{advice}."


def _urls(metadata: Metadata) -> Iterator[Problem]:
    for field, url in (("home-page", metadata.home_page), ("download-url", metadata.download_url)):
        if url is not None and not is_web_address(url):
            yield field, f"{url!r} is not a valid url."
    for label, url in (metadata.project_urls or {}).items():
        if not label:
            yield "project-url", "Must have a label"
        elif len(label) > 32:
            yield "project-url", f"{label!r} must be 32 characters or less."
        elif not url:
            yield "project-url", "Must have a URL"
        elif not is_web_address(url):
            yield "project-url", f"{url!r} is not a valid url"


def is_web_address(text: str) -> bool:
    """Whether PyPI takes it for an address; most odd characters are escaped before it looks."""
    return _WEB_ADDRESS.fullmatch(text) is not None


def _requirements(metadata: Metadata) -> Iterator[Problem]:
    for field, values in (("provides-dist", metadata.provides_dist), ("obsoletes-dist", metadata.obsoletes_dist)):
        for text in values or ():
            try:
                direct = Requirement(text).url is not None
            except InvalidRequirement as error:
                yield field, f"{text!r} is invalid: {error}"
            else:
                if direct:
                    yield field, f"Can't have direct dependency: {text!r}"
    for requirement in metadata.requires_dist or ():
        if requirement.url is not None:
            yield "requires-dist", f"Can't have direct dependency: {requirement}"


RULES = (Rule(id="metadata", source="forklift/metadata.py, legacy.py:701", find=_metadata),)
