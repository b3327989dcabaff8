"""The fields of a record as they are documented: name, type, default and meaning, read from its source."""

import ast
import inspect
import json
import textwrap
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, kw_only=True)
class Row:
    """One field."""

    name: str
    kind: str
    default: str
    words: str


def fields_of(struct: type[msgspec.Struct]) -> tuple[Row, ...]:
    """The fields of a record, in their order."""
    meanings = _meanings(struct)
    schema = msgspec.json.schema(struct)
    properties = schema["$defs"][struct.__name__]["properties"]
    return tuple(
        Row(
            name=field.encode_name,
            kind=_kind(properties[field.encode_name]),
            default="required" if field.required else _default(properties[field.encode_name]),
            words=properties[field.encode_name].get("description") or meanings.get(field.name, ""),
        )
        for field in msgspec.structs.fields(struct)
    )


def _meanings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The text below each attribute of a class."""
    body = ast.parse(textwrap.dedent(inspect.getsource(struct))).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[ast.unparse(field.target)] = inspect.cleandoc(str(below.value.value)).replace("\n", " ")
    return found


def _default(schema: dict[str, object]) -> str:
    default = schema.get("default")
    return f"`{json.dumps(default)}`" if default or default is False or default == 0 else ""


def _kind(schema: dict[str, object]) -> str:
    """A JSON schema in a few words: `string or null`, `list of string`."""
    match schema:
        case {"anyOf": list(choices)}:
            return " or ".join(dict.fromkeys(_kind(choice) for choice in choices))
        case {"$ref": str(name)}:
            return name.rpartition("/")[2]
        case {"enum": list(values)}:
            return " or ".join(json.dumps(value) for value in values)
        case {"type": "array", "prefixItems": list(items)}:
            return f"[{', '.join(_kind(item) for item in items)}]"
        case {"type": "array", "items": dict(items)}:
            return f"list of {_kind(items)}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"table of {_kind(values)}"
        case {"type": str(name)}:
            return name
        case {} if not {*schema} - {"description", "default"}:
            return "anything"
        case _:
            raise ValueError(f"no words for {schema}")
