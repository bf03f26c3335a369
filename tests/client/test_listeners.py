"""Callbacks that cannot break each other."""

import pytest

from custom_components.pusher_channels.client.listeners import Listeners


def test_everyone_hears_in_order_until_they_leave() -> None:
    heard: list[tuple[str, int]] = []
    listeners: Listeners[int] = Listeners()
    leave = listeners.add(lambda value: heard.append(("first", value)))
    listeners.add(lambda value: heard.append(("second", value)))

    listeners.notify(1)
    leave()
    leave()
    listeners.notify(2)

    assert heard == [("first", 1), ("second", 1), ("second", 2)]


def test_the_same_callback_twice_hears_twice_and_leaves_once() -> None:
    heard: list[int] = []
    listeners: Listeners[int] = Listeners()
    leave = listeners.add(heard.append)
    listeners.add(heard.append)

    listeners.notify(1)
    leave()
    listeners.notify(2)

    assert heard == [1, 1, 2]


def test_a_listener_that_raises_is_logged_and_the_others_hear(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[int] = []
    listeners: Listeners[int] = Listeners()
    listeners.add(set[int]().remove)
    listeners.add(heard.append)

    listeners.notify(7)

    assert heard == [7]
    assert caplog.messages == ["A listener of int failed"]
    assert caplog.records[0].exc_info is not None


def test_who_comes_or_goes_while_a_value_is_told_changes_only_the_next_one() -> None:
    heard: list[str] = []
    listeners: Listeners[int] = Listeners()

    def swap(_: int) -> None:
        leave()
        listeners.add(lambda _: heard.append("new"))

    listeners.add(swap)
    leave = listeners.add(lambda _: heard.append("old"))

    listeners.notify(1)
    assert heard == ["old"]
    listeners.notify(2)
    assert heard == ["old", "new"]
