"""Our door at a GitHub that says "not so fast": a read waits and asks again, a write says what to do."""

import pytest
from github_world import World

from tagship.errors import Unreachable
from tagship.services.github import GitHub
from tagship.services.http import Http, Patience
from tagship.services.secret import Secret


def door(world: World, token: str) -> GitHub:
    """Our door, for which time passes on the clock of the world."""

    def sleep(seconds: float) -> None:
        world.clock.now += seconds

    http = Http(proxy=None, ca=None, agent="tagship/test", patience=Patience(sleep=sleep))
    return GitHub(http, "ada/engine", Secret(token), api=world.url)


def test_a_read_over_a_secondary_limit_waits_and_succeeds(world: World) -> None:
    """403 with Retry-After is no missing permission: after the seconds that GitHub names the answer is there."""
    world.tag("v1", world.first)
    token = world.token()
    began = world.clock.now
    token.recent.extend((began - 25, False) for _ in range(900))
    assert door(world, token.value).tag_commit("v1") == world.first
    assert world.clock.now == began + 35


def test_a_write_over_a_secondary_limit_is_not_refused_for_good(world: World) -> None:
    """A write is not sent again; the error says when to run the command again, and not that a permission lacks."""
    world.tag("v1", world.first)
    token = world.token()
    token.recent.extend((world.clock.now - 25, True) for _ in range(80))
    with pytest.raises(Unreachable) as caught:
        door(world, token.value).create_draft("v1", {})
    assert caught.value.message.startswith("GitHub does not answer now: 403 You have exceeded a secondary rate limit.")
    assert caught.value.remedy.startswith("Wait ")
    assert world.state.releases == []


def test_the_hour_is_not_waited_for(world: World) -> None:
    """Without requests left in this hour nothing is sent again, and the error says until when to wait."""
    token = world.token()
    token.used, token.reset = token.limit, world.clock.now + 1800
    with pytest.raises(Unreachable) as caught:
        door(world, token.value).statuses(world.head)
    assert caught.value.message.startswith("GitHub does not answer now: 403 API rate limit exceeded for user ID")
    assert "x-ratelimit-reset" in caught.value.remedy
    assert token.used == token.limit + 1
