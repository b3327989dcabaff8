"""Poetry's own notation for versions, turned into the standard one."""

from packaging.version import InvalidVersion, Version

from tagship.project.pyproject import Table


def requirements(dependencies: Table) -> tuple[str, ...]:
    """A table of Poetry dependencies as PEP 508 requirements, `python` left out.

    Those from a path, an address or a repository keep their name only; alternatives (`||`) keep no bounds.
    """
    found = []
    for name, value in dependencies.items():
        if name.lower() == "python":
            continue
        wanted = next((v for v in value if isinstance(v, dict)), {}) if isinstance(value, list) else value
        more = wanted if isinstance(wanted, dict) else {"version": wanted}
        extras = more.get("extras")
        suffix = f"[{','.join(str(e) for e in extras)}]" if isinstance(extras, list) else ""
        version, markers = more.get("version"), more.get("markers")
        bounds = specifier(version) if isinstance(version, str) else ""
        found.append(f"{name}{suffix}{bounds}" + (f"; {markers}" if isinstance(markers, str) else ""))
    return tuple(found)


def specifier(constraint: str) -> str:
    """A Poetry constraint as a PEP 440 specifier; empty where it has no bound that can be written so.

    `^1.2` is `>=1.2,<2`, `~1.2` is `>=1.2,<1.3`, `1.2.*` is `==1.2.*`, `1.2.3` is `==1.2.3`
    (https://python-poetry.org/docs/dependency-specification/).
    """
    if "|" in constraint:
        return ""
    pieces = constraint.replace(",", " ").split()
    joined: list[str] = []
    for piece in pieces:  # `>= 3.8` is written with a space by some
        if joined and joined[-1] in {">=", "<=", ">", "<", "==", "!=", "^", "~"}:
            joined[-1] += piece
        else:
            joined.append(piece)
    return ",".join(filter(None, map(_bound, joined)))


def _bound(piece: str) -> str:
    if piece in {"*", ""}:
        return ""
    if piece.startswith((">", "<", "!=", "==", "~=")):
        return piece
    if piece.startswith("="):
        return f"={piece}"
    if piece[0] not in "^~":
        return f"=={piece}"
    try:
        release = list(Version(piece[1:].strip()).release)
    except InvalidVersion:
        return ""
    if piece[0] == "^":
        keep = next((i for i, part in enumerate(release) if part), len(release) - 1) + 1
    else:
        keep = min(2, len(release))
    upper = [*release[: keep - 1], release[keep - 1] + 1]
    return f">={piece[1:].strip()},<{'.'.join(map(str, upper))}"
