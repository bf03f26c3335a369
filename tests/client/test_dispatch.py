"""Which listeners get an event, by its channel and its name."""

import pytest

from custom_components.pusher_channels.client.dispatch import (
    MAX_EVENT_NAMES,
    ChannelDispatcher,
    Dispatcher,
    EventListener,
)
from custom_components.pusher_channels.client.messages import Event, Json


def listener(name: str) -> EventListener:
    """Return a listener that appends its name to the event's data, which is a list."""

    def append(event: Event) -> None:
        assert isinstance(event.data, list)
        event.data.append(name)

    return append


def called(dispatcher: ChannelDispatcher | Dispatcher, name: str) -> Json:
    """Return the listeners that get an event of that name, in order."""
    event = Event.of({"event": name, "channel": "orders", "data": "[]"})
    dispatcher.dispatch(event)
    return event.data


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("shipped", "shipped", "Shipped"),
        ("order.*", "order.shipped", "orders"),
        ("order.?", "order.1", "order.10"),
        ("order.?", "order.1", "reorder.1"),
        ("*", "", None),
        (r"App\Events\OrderShipped", r"App\Events\OrderShipped", "App/Events/OrderShipped"),
        ("client-[ab]", "client-b", "client-c"),
        ("item[1]", "item[1]", "item[2]"),
    ],
)
def test_a_name_equals_or_matches_a_pattern(pattern: str, matching: str, other: str | None) -> None:
    dispatcher = ChannelDispatcher()
    dispatcher.bind(listener("a"), (pattern,))

    assert called(dispatcher, matching) == ["a"]
    assert other is None or called(dispatcher, other) == []


def test_without_patterns_every_event_matches_and_with_several_any_of_them() -> None:
    dispatcher = ChannelDispatcher()
    dispatcher.bind(listener("all"), ())
    dispatcher.bind(listener("some"), ("a", "b*"))

    assert [called(dispatcher, name) for name in ("a", "bc", "c")] == [
        ["all", "some"],
        ["all", "some"],
        ["all"],
    ]


@pytest.mark.parametrize("name", ["__class__", "__init__", "constructor", "toString", "\x00", "😀"])
def test_names_with_a_meaning_in_a_language_are_just_names(name: str) -> None:
    dispatcher = ChannelDispatcher()
    dispatcher.bind(listener("a"), (name,))

    assert called(dispatcher, name) == ["a"]
    assert called(dispatcher, f"{name}x") == []


def test_listeners_of_all_channels_are_called_after_the_channels_own() -> None:
    dispatcher = Dispatcher()
    channel = dispatcher.new_channel()
    dispatcher.activate("orders", channel)
    unbind = dispatcher.bind(listener("global"), ("a",))
    channel.bind(listener("own"), ())
    assert called(dispatcher, "a") == ["own", "global"]

    unbind()

    assert called(dispatcher, "a") == ["own"]


def test_a_channel_gets_events_only_while_it_is_active() -> None:
    dispatcher = Dispatcher()
    channel = dispatcher.new_channel()
    channel.bind(listener("a"), ())
    assert called(dispatcher, "x") == []

    dispatcher.activate("orders", channel)
    assert called(dispatcher, "x") == ["a"]

    dispatcher.deactivate("orders")
    assert called(dispatcher, "x") == []
    assert dispatcher.handlers == {}


def test_bound_and_unbound_listeners_count_from_the_next_event_on() -> None:
    dispatcher = ChannelDispatcher()
    unbind = dispatcher.bind(listener("first"), ())
    assert called(dispatcher, "a") == ["first"]

    dispatcher.bind(listener("second"), ())
    assert called(dispatcher, "a") == ["first", "second"]
    unbind()
    unbind()
    assert called(dispatcher, "a") == ["second"]


def test_an_interceptor_gets_all_events_until_it_is_removed() -> None:
    dispatcher = ChannelDispatcher()
    dispatcher.bind(listener("a"), ("x",))
    assert called(dispatcher, "x") == ["a"]

    dispatcher.intercept(listener("interceptor"))
    assert [called(dispatcher, name) for name in ("x", "y")] == [["interceptor"]] * 2

    dispatcher.intercept(None)
    assert [called(dispatcher, name) for name in ("x", "y")] == [["a"], []]


def test_the_number_of_kept_names_is_bounded() -> None:
    dispatcher = ChannelDispatcher()
    dispatcher.bind(listener("a"), ("*1",))

    for number in range(3 * MAX_EVENT_NAMES):
        assert called(dispatcher, f"event-{number}1") == ["a"]

    assert 0 < len(dispatcher.event_names) <= MAX_EVENT_NAMES
    assert 0 < len(dispatcher.handlers) <= MAX_EVENT_NAMES
    assert dispatcher.event_names[-1] == f"event-{number}1"


def test_events_with_long_names_are_dispatched_but_the_names_not_kept() -> None:
    dispatcher = ChannelDispatcher()
    dispatcher.bind(listener("a"), ())

    assert called(dispatcher, "a" * 201) == ["a"]
    assert called(dispatcher, "b" * 200) == ["a"]

    assert dispatcher.event_names == ("b" * 200,)
