"""PyPI's refusals, as far as they depend on one upload alone.

`RULES` has every rule in the order in which the upload service applies them. The embedded index answers with the
first refusal, `tagship check` shows all: `refusals` is lazy. Between the three parts the service asks about its own
state (does the project exist, may this token upload, is the file there already); those rules are the index's.
"""

from collections.abc import Iterator, Sequence

from tagship.checks.rulebook import archive, description, filename, form, metadata, sdist, wheel
from tagship.checks.rulebook.fields import Form, form_of
from tagship.checks.rulebook.upload import Limits, Refusal, Rule, Upload

REQUEST_RULES: tuple[Rule, ...] = (*form.PROTOCOL_RULES, *metadata.RULES, *form.PRESENCE_RULES)
"""Before the project is looked up."""
FILE_RULES: tuple[Rule, ...] = (*description.RULES, *filename.RULES)
"""After the permission is checked, before duplicates are looked for."""
CONTENT_RULES: tuple[Rule, ...] = (*archive.RULES, *sdist.RULES, *wheel.RULES)
"""For files that are new."""
RULES = (*REQUEST_RULES, *FILE_RULES, *CONTENT_RULES)

__all__ = [
    "CONTENT_RULES",
    "FILE_RULES",
    "REQUEST_RULES",
    "RULES",
    "Form",
    "Limits",
    "Refusal",
    "Rule",
    "Upload",
    "form_of",
    "refusals",
]


def refusals(upload: Upload, rules: Sequence[Rule] = RULES) -> Iterator[Refusal]:
    """Everything the upload service would refuse, in its order: the first one is what PyPI answers."""
    for rule in rules:
        for reason in rule.find(upload):
            yield Refusal(reason=reason, rule=rule.id)
