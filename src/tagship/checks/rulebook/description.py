"""The rule that the long description must render: warehouse/forklift/legacy.py:900-931, utils/readme.py."""

from collections.abc import Iterator
from email.message import EmailMessage

from tagship.checks.rulebook.upload import Rule, Upload


def renders(description: str, content_type: str) -> bool:
    """Whether PyPI can show a description; the type as in the metadata, with its parameters, empty for the default."""
    message = EmailMessage()
    message["content-type"] = content_type or "text/x-rst"
    kind = message.get_content_type()
    if kind == "text/markdown":
        from readme_renderer import markdown

        return markdown.render(description) is not None
    if kind == "text/x-rst":
        from readme_renderer import rst

        return rst.render(description) is not None
    return True


def _description(upload: Upload) -> Iterator[str]:
    metadata = upload.metadata
    if metadata is None or not metadata.description:
        return
    given = metadata.description_content_type or ""
    if not renders(metadata.description, given):
        what = f"for '{given}'" if given else "in the default format of reStructuredText"
        page = upload.help("description-content-type")
        yield f"The description failed to render {what}. See {page} for more information."


RULES = (Rule(id="description", source="forklift/legacy.py:900", find=_description),)
