"""The fields of the forms: how the frontend shows them, and what they take."""

from typing import Any

import pytest
import voluptuous as vol

from custom_components.pusher_channels.flows.forms import (
    fields_selector,
    select_or_type,
    strip_blanks,
    whole_number,
)


def test_whole_number_is_a_box_with_limits_and_a_unit() -> None:
    field = whole_number(1, 120, "s")
    shown = {"min": 1, "max": 120, "mode": "box"}
    assert field.validators[0].config.items() >= (shown | {"unit_of_measurement": "s"}).items()
    for number in (1.0, 120):
        assert field(number) == number
        assert isinstance(field(number), int)
    for other in (0, 121, "many", None):
        with pytest.raises(vol.Invalid):
            field(other)
    assert "unit_of_measurement" not in whole_number(0, 10).validators[0].config


@pytest.mark.parametrize("secret", [False, True])
def test_field_of_names_and_values_hides_a_secret_value_and_does_not_require_it(
    secret: bool,
) -> None:
    field = fields_selector("request_field", secret=secret)
    shown: Any = field.config
    name, value = shown["fields"]["name"], shown["fields"]["value"]
    assert (name["required"], value["required"]) == (True, not secret)
    assert list(name["selector"]) == list(value["selector"]) == ["text"]
    assert name["selector"]["text"].get("type") is None
    assert value["selector"]["text"].get("type") == ("password" if secret else None)
    assert (shown["multiple"], shown["label_field"]) == (True, "name")
    assert shown["translation_key"] == "request_field"
    assert field([{"name": "a", "value": "b"}]) == [{"name": "a", "value": "b"}]


def test_field_with_suggestions_is_a_list_that_takes_other_text() -> None:
    field = select_or_type({"ada": "Ada (ada)"}, multiple=True)
    shown = {
        "options": [{"value": "ada", "label": "Ada (ada)"}],
        "mode": "dropdown",
        "multiple": True,
        "custom_value": True,
    }
    assert field.config.items() >= shown.items()
    assert field(["ada", "other"]) == ["ada", "other"]
    assert select_or_type({"ada": "Ada"})("other") == "other"
    assert select_or_type({}, multiple=True)(["other"]) == ["other"]
    assert select_or_type({})("other") == "other"


@pytest.mark.parametrize(
    ("entered", "read"),
    [
        (" a b\n", "a b"),
        ([" a ", " ", None, [], {}, "", 0, False], ["a", 0, False]),
        ({"a": " b ", "c": "\t", "d": None, "e": 0, "f": [" "]}, {"a": "b", "e": 0}),
        ([{"name": " a ", "value": ""}, {"name": " "}], [{"name": "a"}]),
        (5, 5),
        (None, None),
    ],
)
def test_blanks_are_removed_at_every_level(entered: Any, read: Any) -> None:
    assert strip_blanks(entered) == read
