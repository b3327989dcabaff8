"""Uploads of files on disk, and the words that refusals share."""

from pathlib import Path

from tagship.checks.rulebook import Upload, form_of, refusals
from tagship.services.addresses import PYPI

CORE = "See https://packaging.python.org/specifications/core-metadata for more information."
INVALID = "Invalid distribution file."
PEP_527 = "See https://www.python.org/dev/peps/pep-0527 for more information."
POLICY = "See https://pypi.org/policy/acceptable-use-policy/ for more information."
ARCHIVES = "See https://docs.pypi.org/archives for more information"
WHEEL = "swp-1.0-py3-none-any.whl"
NOT_A_WHEEL = "Wheel 'swp-1.0-py3-none-any.whl'"


def upload_of(path: Path, filename: str | None = None, **fields: str | tuple[str, ...] | None) -> Upload:
    """The upload of a file as twine would send it, with other fields; None removes one."""
    form = dict(form_of(path))
    for name, value in fields.items():
        form[name] = () if value is None else (value,) if isinstance(value, str) else value
    return Upload(form=form, index=PYPI, path=path, filename=filename or path.name)


def reasons(upload: Upload) -> list[str]:
    """All reasons, in order."""
    return [refusal.reason for refusal in refusals(upload)]
