"""How the embedded upload endpoint says what it says: status lines, bodies, redirects, forms of any size."""

from pathlib import Path

import pytest
from embedded import Here
from made_dists import good_wheel

MORE = "for more information."


def test_redirect_without_slash(here: Here) -> None:
    """A POST to /legacy is sent on to /legacy/ as a POST."""
    answer = here.post("https://upload.pypi.org/legacy", headers={"Accept": "text/html"})
    assert (answer.status, answer.headers["Location"]) == (
        "308 An upload was attempted to /legacy but the expected upload URL is /legacy/ (with a trailing slash)",
        "/legacy/",
    )


BAD_NAME = (
    "'<b>' is an invalid value for Name. Error: Start and end with a letter or numeral containing only ASCII numeric "
    "and '.', '_' and '-'. See https://packaging.python.org/specifications/core-metadata for more information."
)
EXPLANATION = "The server could not comply with the request since it is either malformed or otherwise incorrect."


@pytest.mark.parametrize(
    ("accept", "kind", "body"),
    [
        (
            "*/*",
            "text/html; charset=UTF-8",
            f"<html>\n <head>\n  <title>400 {BAD_NAME}</title>\n </head>\n <body>\n  <h1>400 {BAD_NAME}</h1>\n"
            f"  {EXPLANATION}<br/><br/>\n"
            f"{BAD_NAME.replace('<', '&lt;').replace('>', '&gt;').replace(chr(39), '&#39;')}\n\n\n </body>\n</html>",
        ),
        (
            "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7",
            "application/json",
            f'{{"message": "{EXPLANATION}\\n\\n\\n{BAD_NAME}\\n\\n", '
            f'"code": "400 {BAD_NAME}", "title": "Bad Request"}}',
        ),
        ("text/plain", "text/plain; charset=UTF-8", f"400 {BAD_NAME}\n\n{EXPLANATION}\n\n\n{BAD_NAME}\n\n"),
    ],
)
def test_bodies(here: Here, tmp_path: Path, accept: str, kind: str, body: str) -> None:
    """The body repeats the reason, as HTML, JSON or text by what the client accepts."""
    answer = here.upload(good_wheel(tmp_path), name="<b>", accept=accept)
    assert (answer.content_type, answer.text) == (kind, body)


def test_success_body(here: Here, tmp_path: Path) -> None:
    """A success is pyramid's page of 106 bytes."""
    page = here.upload(good_wheel(tmp_path)).text
    assert page == (
        "<html>\n <head>\n  <title>200 OK</title>\n </head>\n <body>\n  <h1>200 OK</h1>\n  <br/><br/>\n\n\n\n </body>\n"
        "</html>"
    )


def test_reason_is_latin_1(here: Here, tmp_path: Path) -> None:
    """Characters that a status line cannot carry become question marks."""
    status = here.upload(good_wheel(tmp_path), classifiers=["Klingon :: tlhIngan → Hol é"]).status
    start = "400 'Klingon :: tlhIngan ? Hol é' is not a valid classifier."
    assert status == f"{start} See https://packaging.python.org/specifications/core-metadata {MORE}"


def test_large_forms(here: Here, tmp_path: Path) -> None:
    """A description of half a megabyte and two thousand dependencies are no problem."""
    needs = [f"made-up-{number}" for number in range(2000)]
    answers = [
        here.upload(good_wheel(tmp_path), description="x" * 505_000, description_content_type="text/plain"),
        here.upload(good_wheel(tmp_path, version="1.1"), requires_dist=needs),
    ]
    assert [answer.status for answer in answers] == ["200 OK", "200 OK"]
    described, needy = (here.get(f"/pypi/swp/{version}/json").json["info"] for version in ("1.0", "1.1"))
    assert (len(described["description"]), needy["requires_dist"]) == (505_000, needs)
