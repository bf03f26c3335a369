"""Paths point into data, and each place in the data has a path."""

import json

import pytest

from custom_components.pusher_channels.client import Json
from custom_components.pusher_channels.hub.value_paths import (
    Keys,
    MissingDataError,
    PathError,
    compile_path,
    find,
    list_paths,
)

ORDER: dict[str, Json] = {
    "id": 7,
    "customer": {"name": "Ada", "e.mail": "ada@example.com"},
    "items": [{"price": 2.5}, {"price": 4}],
    "paid": False,
    "note": None,
    "0": "zero",
}


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("customer.name", ("customer", "name")),
        (" customer.name ", ("customer", "name")),
        ("items[0].price", ("items", 0, "price")),
        ("[1][2]", (1, 2)),
        ('["a.b"].c', ("a.b", "c")),
        (r'a["say \"hi\""]', ("a", 'say "hi"')),
        ("$", ()),
        ("$.customer.name", ("customer", "name")),
        ("$[0]", (0,)),
        ("$ref", ("$ref",)),
        ('["$"]', ("$",)),
        ("order-id", ("order-id",)),
        ("first name", ("first name",)),
        ("größe.höhe", ("größe", "höhe")),
        ("0", ("0",)),
        ("a[999999999]", ("a", 999_999_999)),
        ("a" * 500, ("a" * 500,)),
    ],
)
def test_path_is_compiled_to_keys(path: str, keys: Keys) -> None:
    assert compile_path(path) == keys


@pytest.mark.parametrize(
    "path",
    [
        "",
        "   ",
        ".",
        ".a",
        "a.",
        "a..b",
        "a. b",
        "a .b",
        "a[",
        "a[]",
        "a[b]",
        "a[-1]",
        "a[1.5]",
        "a[0]b",
        "a]",
        '["a',
        '["a"',
        "['a']",
        r'["\x"]',
        "$$.a[",
        "$.",
        "{a}",
        "a" * 501,
        r'a["\x"]',
        "[12345678901]",
    ],
)
def test_text_that_is_not_a_path_is_refused(path: str) -> None:
    with pytest.raises(PathError) as caught:
        compile_path(path)
    assert str(caught.value) == path.strip()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", 7),
        ("customer.name", "Ada"),
        ('customer["e.mail"]', "ada@example.com"),
        ("items[1].price", 4),
        ("note", None),
        ("0", "zero"),
        ("$", ORDER),
    ],
)
def test_value_is_found(path: str, value: Json) -> None:
    assert find(ORDER, compile_path(path)) == value


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (ORDER, "total"),
        (ORDER, "customer.street.name"),
        (ORDER, "items[2].price"),
        (ORDER, "items.price"),
        (ORDER, "items.0"),
        (ORDER, "[0]"),
        (ORDER, "id.x"),
        (ORDER, "note.x"),
        ("text", "x"),
        ("text", "[0]"),
        (5, "x"),
        (None, "x"),
        (True, "[0]"),
        ([], "[0]"),
    ],
)
def test_data_without_the_path_has_no_value(data: Json, path: str) -> None:
    with pytest.raises(MissingDataError):
        find(data, compile_path(path))


def test_each_place_in_the_data_has_a_path_that_finds_it() -> None:
    data: Json = {
        **ORDER,
        "$": 1,
        "$ref": 2,
        "a b": {" c": 3, 'd"': 4, "": 5, "{{ e }}": 6, "größe.cm": 7},
        "empty": {"object": {}, "list": []},
    }
    listed = dict(list_paths(data))
    assert listed["customer.name"] == "Ada"
    assert listed['customer["e.mail"]'] == "ada@example.com"
    assert listed['a b["\\u007b\\u007b e }}"]'] == 6
    assert listed['a b["größe.cm"]'] == 7
    assert {"$ref", '["$"]', "items[1].price"} <= listed.keys()
    assert {path: find(data, compile_path(path)) for path in listed} == listed
    assert not any("{{" in path for path in listed)
    assert set(range(1, 8)) <= set(listed.values())
    assert dict(list_paths("text")) == {"$": "text"}


def test_list_of_paths_is_bounded() -> None:
    assert list(list_paths(list(range(1000)))) == [(f"[{index}]", index) for index in range(10)]
    assert list(list_paths({"a" * 500: 1, "b" * 501: 2})) == [("a" * 500, 1)]


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_paths_are_listed_down_to_20_levels(opening: str, closing: str) -> None:
    def listed(levels: int) -> int:
        return len(list(list_paths(json.loads(opening * levels + "1" + closing * levels))))

    assert (listed(20), listed(21), listed(900)) == (1, 0, 0)
