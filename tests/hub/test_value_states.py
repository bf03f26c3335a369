"""Data becomes a state of the kind that platform and class ask for."""

from datetime import UTC, date, datetime

import pytest
from homeassistant.core import HomeAssistant

from custom_components.pusher_channels.hub.value_states import (
    CONVERTERS,
    UnusableDataError,
    ValueKind,
    ValueState,
)


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (None, None),
        ("text", "text"),
        ("", ""),
        ("x" * 255, "x" * 255),
        (5, 5),
        (2.50, 2.5),
        (True, "true"),
        (False, "false"),
        ("007", "007"),
    ],
)
def test_text(data: object, state: ValueState) -> None:
    assert CONVERTERS[ValueKind.TEXT](data) == state


@pytest.mark.parametrize("data", ["x" * 256, {}, [], {"a": 1}, ["a"]])
def test_what_is_no_text(data: object) -> None:
    needed = "too long" if isinstance(data, str) else "choose something inside of it"
    with pytest.raises(UnusableDataError, match=rf"^it is .*{needed}$"):
        CONVERTERS[ValueKind.TEXT](data)


def test_text_that_no_database_can_store_is_no_text() -> None:
    with pytest.raises(UnusableDataError, match=r"^it has a null character$"):
        CONVERTERS[ValueKind.TEXT]("a\0b")


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (None, None),
        (5, 5),
        (-0.5, -0.5),
        ("12.50", 12.5),
        (" 7 ", 7),
        ("0" * 254 + "7", 7),
        ("1e3", 1000.0),
        ("007", 7),
        (2**64 - 1, 2**64 - 1),
    ],
)
def test_number(data: object, state: ValueState) -> None:
    assert CONVERTERS[ValueKind.NUMBER](data) == state


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (str(2**53), 2**53),
        (str(2**53 + 1), 2.0**53),
        ("-" + "9" * 20, -1e20),
        ("1" + "0" * 254, 1e254),
    ],
)
def test_an_integer_that_json_cannot_hold_is_a_float(data: str, state: ValueState) -> None:
    """Home Assistant stores no states at all while one of them has an integer over 64 bits."""
    number = CONVERTERS[ValueKind.NUMBER](data)
    assert number == state
    assert type(number) is type(state)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "text",
        "1_000",
        "1,5",
        "nan",
        "inf",
        float("nan"),
        "-Infinity",
        float("inf"),
        True,
        False,
        {},
        [1],
        "1" * 256,
        "9" * 5000,
    ],
)
def test_what_is_no_number(data: object) -> None:
    with pytest.raises(UnusableDataError, match=r"^it is not a number$"):
        CONVERTERS[ValueKind.NUMBER](data)


NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (None, None),
        ("2026-11-25T12:00:00Z", NOON),
        ("2026-11-25 13:00:00+01:00", NOON),
        ("2026-11-25T12:00:00.500000+00:00", NOON.replace(microsecond=500_000)),
        ("2026-11-25T21:00:00", NOON),
        ("2026-11-25", datetime(2026, 11, 24, 15, 0, tzinfo=UTC)),
        (" 2026-11-25T12:00:00Z\n", NOON),
        (NOON, NOON),
        (f"{int(NOON.timestamp())}.5", NOON.replace(microsecond=500_000)),
        (NOON.timestamp(), NOON),
        (int(NOON.timestamp()), NOON),
        (str(int(NOON.timestamp())), NOON),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
async def test_time_without_a_zone_is_home_assistants(
    hass: HomeAssistant, data: object, state: ValueState
) -> None:
    await hass.config.async_set_time_zone("Asia/Tokyo")
    assert CONVERTERS[ValueKind.TIMESTAMP](data) == state


@pytest.mark.parametrize(
    "data",
    [
        "",
        "soon",
        "2026-13-01T00:00:00",
        "12:00",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00",
        1e20,
        float("nan"),
        True,
        {},
        [2026, 11, 25],
        "1" * 300,
    ],
)
async def test_what_is_no_time(hass: HomeAssistant, data: object) -> None:
    await hass.config.async_set_time_zone("Asia/Tokyo")
    with pytest.raises(UnusableDataError, match=r"^it is neither a time .* nor Unix seconds$"):
        CONVERTERS[ValueKind.TIMESTAMP](data)
    with pytest.raises(UnusableDataError, match=r"^it is neither a date .* nor Unix seconds$"):
        CONVERTERS[ValueKind.DATE](data)


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (None, None),
        ("2026-11-25", date(2026, 11, 25)),
        (" 2026-11-25 ", date(2026, 11, 25)),
        ("2026-1-5", date(2026, 1, 5)),
        ("0001-01-01", date(1, 1, 1)),
        (date(2026, 11, 25), date(2026, 11, 25)),
        (datetime(2026, 11, 25, 16, 0, tzinfo=UTC), date(2026, 11, 26)),
        (str(int(NOON.timestamp())), date(2026, 11, 25)),
        ("2026-11-25T16:00:00Z", date(2026, 11, 26)),
        ("2026-11-25T16:00:00", date(2026, 11, 25)),
        (NOON.timestamp(), date(2026, 11, 25)),
    ],
)
async def test_date_is_the_one_where_home_assistant_is(
    hass: HomeAssistant, data: object, state: ValueState
) -> None:
    await hass.config.async_set_time_zone("Asia/Tokyo")
    assert CONVERTERS[ValueKind.DATE](data) == state


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (True, True),
        ("on", True),
        ("Yes", True),
        ("enable", True),
        ("1", True),
        (1, True),
        (0.5, True),
        (False, False),
        ("OFF", False),
        (" no ", False),
        (0, False),
    ],
)
def test_binary(data: object, state: ValueState) -> None:
    assert CONVERTERS[ValueKind.BINARY](data) is state


@pytest.mark.parametrize("data", [None, "", "open", "2", [], {}, [True]])
def test_what_is_neither_on_nor_off(data: object) -> None:
    with pytest.raises(UnusableDataError, match=r"^it is neither on or off nor true or false$"):
        CONVERTERS[ValueKind.BINARY](data)
