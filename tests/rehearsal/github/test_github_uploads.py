"""Where the files of a release are sent: to the GitHub that was asked, whichever it is, and nowhere else."""

import msgspec
import pytest
from github_world import World

from tagship.errors import Refused
from tagship.services.github import GitHub
from tagship.services.http import Http
from tagship.services.secret import Secret

WHEEL = b"PK made-up wheel"


def door(world: World, prefix: str, token: str) -> GitHub:
    """Our door to the served GitHub under a prefix."""
    http = Http(proxy=None, ca=None, agent="test")
    return GitHub(http, "ada/engine", Secret(token), api=f"{world.url}{prefix}")


@pytest.mark.parametrize("prefix", ["", "/api/v3"], ids=["one host for all", "an enterprise server"])
def test_files_go_where_the_release_says(prefix: str, world: World) -> None:
    """On an enterprise server, files are sent to that server, and not to github.com with its token."""
    world.tag("v1.0.0", world.first)
    github = door(world, prefix, world.token().value)
    made = github.create_draft("v1.0.0", {})
    asset = github.upload(made, "a+b.whl", WHEEL)
    again = github.release("v1.0.0")
    assert again is not None
    assert (asset.state, again.assets) == ("uploaded", (asset,))
    paths = {"": "/repos", "/api/v3": "/api/uploads/repos"}
    assert made.upload_url == f"{world.url}{paths[prefix]}/ada/engine/releases/{made.id}/assets{{?name,label}}"


@pytest.mark.parametrize(
    ("api", "address"),
    [
        ("", "http://uploads.github.com/repos/ada/engine/releases/1/assets{?name,label}"),
        ("", "https://{host}/repos/ada/engine/releases/1/assets"),
        ("", "http://{host}.example.invalid/assets"),
        ("", "http://{host}@example.invalid/assets"),
        ("", ""),
        ("https://api.github.com", "https://uploads.example.invalid/assets"),
        ("https://api.github.com", "http://uploads.github.com/assets"),
        ("https://api.github.com", "https://uploads.github.com.example.invalid/assets"),
    ],
)
def test_files_and_token_go_to_no_other_server(api: str, address: str, world: World) -> None:
    """A release that names another server's address for its files, or a bare one, gets neither file nor token."""
    world.tag("v1.0.0", world.first)
    token = world.token().value
    made = door(world, "", token).create_draft("v1.0.0", {})
    address = address.replace("{host}", world.url.removeprefix("http://"))
    root = api or world.url
    github = GitHub(Http(proxy=None, ca=None, agent="test"), "ada/engine", Secret(token), api=root)
    with pytest.raises(Refused) as caught:
        github.upload(msgspec.structs.replace(made, upload_url=address), "a.whl", WHEEL)
    shown = address.partition("{")[0] or "no address"
    said = f"Nothing was sent: {shown} for the files of a release is not of {root}/repos/ada/engine"
    assert (caught.value.message, caught.value.where) == (said, made.html_url)
