"""Callbacks that cannot break each other."""

import pytest

from custom_components.pusher_channels.client.listeners import Listeners


def test_listeners_are_called_in_order_until_they_are_removed() -> None:
    received: list[tuple[str, int]] = []
    listeners: Listeners[int] = Listeners()
    leave = listeners.add(lambda value: received.append(("first", value)))
    listeners.add(lambda value: received.append(("second", value)))

    listeners.notify(1)
    leave()
    leave()
    listeners.notify(2)

    assert received == [("first", 1), ("second", 1), ("second", 2)]


def test_the_same_callback_added_twice_is_called_twice_and_removed_once() -> None:
    received: list[int] = []
    listeners: Listeners[int] = Listeners()
    leave = listeners.add(received.append)
    listeners.add(received.append)

    listeners.notify(1)
    leave()
    listeners.notify(2)

    assert received == [1, 1, 2]


def test_a_listener_that_raises_is_logged_and_the_others_are_called(
    caplog: pytest.LogCaptureFixture,
) -> None:
    received: list[int] = []
    listeners: Listeners[int] = Listeners()
    listeners.add(set[int]().remove)
    listeners.add(received.append)

    listeners.notify(7)

    assert received == [7]
    assert caplog.messages == ["A listener of int failed"]
    assert caplog.records[0].exc_info is not None


def test_listeners_changed_during_a_notification_count_from_the_next_one_on() -> None:
    received: list[str] = []
    listeners: Listeners[int] = Listeners()

    def swap(_: int) -> None:
        leave()
        listeners.add(lambda _: received.append("new"))

    listeners.add(swap)
    leave = listeners.add(lambda _: received.append("old"))

    listeners.notify(1)
    assert received == ["old"]
    listeners.notify(2)
    assert received == ["old", "new"]
