"""Who wants an event of which name."""

import pytest

from custom_components.pusher_channels.client.messages import Event, Json
from custom_components.pusher_channels.client.routes import MAX_REMEMBERED_NAMES, Routes


class Ear:
    """A listener that names itself to each event it hears."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, event: Event) -> None:
        """Write the name down in the event's data, which is a list."""
        heard = event.data
        assert isinstance(heard, list)
        heard.append(self.name)


def names(routes: Routes, event: str) -> Json:
    """Return who hears an event of that name, in order."""
    sent = Event({"event": event, "data": "[]"})
    routes.of(event)(sent)
    return sent.data


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("shipped", "shipped", "Shipped"),
        ("order.*", "order.shipped", "orders"),
        ("order.?", "order.1", "order.10"),
        ("*", "", None),
        (r"App\Events\OrderShipped", r"App\Events\OrderShipped", "App/Events/OrderShipped"),
        ("client-[ab]", "client-b", "client-c"),
    ],
)
def test_a_name_or_a_glob_decides(pattern: str, matching: str, other: str | None) -> None:
    routes = Routes()
    routes.add(Ear("ear"), (pattern,))

    assert names(routes, matching) == ["ear"]
    assert other is None or names(routes, other) == []


def test_without_patterns_every_event_is_wanted_and_with_several_any_of_them() -> None:
    routes = Routes()
    routes.add(Ear("all"), ())
    routes.add(Ear("some"), ("a", "b*"))

    assert [names(routes, event) for event in ("a", "bc", "c")] == [
        ["all", "some"],
        ["all", "some"],
        ["all"],
    ]


@pytest.mark.parametrize("name", ["__class__", "__init__", "constructor", "toString", "\x00", "😀"])
def test_case_22_names_that_mean_something_to_a_language_are_just_names(name: str) -> None:
    routes = Routes()
    routes.add(Ear("ear"), (name,))

    assert names(routes, name) == ["ear"]
    assert names(routes, f"{name}x") == []


def test_a_parents_listeners_come_after_ones_own_once_it_is_forgotten() -> None:
    everywhere = Routes()
    routes = Routes(everywhere)
    remove = everywhere.add(Ear("everywhere"), ("a",))
    routes.add(Ear("here"), ())
    assert names(routes, "a") == ["here", "everywhere"]

    remove()
    routes.forget()

    assert names(routes, "a") == ["here"]


def test_who_came_or_left_counts_from_the_next_event_on() -> None:
    routes = Routes()
    remove = routes.add(Ear("first"), ())
    assert names(routes, "a") == ["first"]

    routes.add(Ear("second"), ())
    assert names(routes, "a") == ["first", "second"]
    remove()
    remove()
    assert names(routes, "a") == ["second"]


def test_a_server_that_invents_names_without_end_fills_no_memory() -> None:
    routes = Routes()
    routes.add(Ear("ear"), ("*1",))

    for number in range(3 * MAX_REMEMBERED_NAMES):
        assert names(routes, f"event-{number}1") == ["ear"]

    assert 0 < len(routes.known) <= MAX_REMEMBERED_NAMES
    assert list(routes.known)[-1] == f"event-{number}1"


def test_names_of_no_decent_length_are_heard_but_not_kept() -> None:
    routes = Routes()
    routes.add(Ear("ear"), ())

    assert names(routes, "a" * 201) == ["ear"]
    assert names(routes, "b" * 200) == ["ear"]

    assert list(routes.known) == ["b" * 200]
