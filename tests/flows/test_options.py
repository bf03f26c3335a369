"""Options change how an app's connection behaves."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData

from tools.devserver import DevServer

from ..conftest import APP, SetUp, app_entry
from ..flow_steps import prefilled, shown_error

DEFAULTS = {
    "activity_timeout": 120,
    "pong_timeout": 30,
    "max_reconnect_gap": 60,
    "max_reconnect_attempts": 0,
}


async def test_options_have_defaults_and_are_used_after_saving(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    hub = await set_up(entry)
    step = await hass.config_entries.options.async_init(entry.entry_id)
    assert step["step_id"] == "init"
    assert prefilled(step) == DEFAULTS

    form = {"activity_timeout": 5.0, "sign_in": True, "watchlist": [" ann ", ""]}
    step = await hass.config_entries.options.async_configure(step["flow_id"], form)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {"activity_timeout": 5, "sign_in": True, "watchlist": ["ann"]}
    await hass.async_block_till_done()
    assert entry.runtime_data is not hub
    await server.wait_received("pusher:signin")

    step = await hass.config_entries.options.async_init(entry.entry_id)
    assert prefilled(step) == DEFAULTS | entry.options


async def test_sign_in_is_not_offered_without_authorization(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, authorization="auth_none", options={"max_reconnect_gap": 5})
    await set_up(entry)
    step = await hass.config_entries.options.async_init(entry.entry_id)
    assert prefilled(step) == DEFAULTS | {"max_reconnect_gap": 5}
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(step["flow_id"], {"sign_in": True})


async def test_sign_in_can_be_turned_off_without_authorization(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, authorization="auth_none", options={"sign_in": True})
    await set_up(entry)
    step = await hass.config_entries.options.async_init(entry.entry_id)
    assert prefilled(step)["sign_in"] is True
    await hass.config_entries.options.async_configure(step["flow_id"], {"sign_in": False})
    assert entry.options["sign_in"] is False


async def test_options_that_need_the_secret_are_not_offered_without_it(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, authorization="auth_none")
    entry.add_to_hass(hass)
    data = {key: it for key, it in entry.data.items() if key != "secret"}
    hass.config_entries.async_update_entry(entry, data=data)
    assert await hass.config_entries.async_setup(entry.entry_id)
    forms: list[dict[str, Any]] = [
        {"webhook": True},
        {"auth_endpoint_view": True},
        {"auth_endpoint_origins": []},
        {"webhook_keys": []},
    ]
    for form in forms:
        step = await hass.config_entries.options.async_init(entry.entry_id)
        with pytest.raises(InvalidData):
            await hass.config_entries.options.async_configure(step["flow_id"], form)


async def test_origins_are_stored_as_browsers_send_them(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    step = await hass.config_entries.options.async_init(entry.entry_id)
    assert step["description_placeholders"] == {
        "auth_path": "/api/pusher_channels/auth/",
        "user_auth_path": "/api/pusher_channels/user-auth/",
        "entry_id": entry.entry_id,
        "origin": "https://panel.example:8443",
        "error": "",
    }
    form: dict[str, Any] = {
        "auth_endpoint_view": True,
        "auth_endpoint_origins": [" HTTPS://Panel:443/ ", "", "a"],
    }
    step = await hass.config_entries.options.async_configure(step["flow_id"], form)
    assert step["errors"] == {"base": "invalid_origin"}
    assert shown_error(step) == ""
    assert prefilled(step)["auth_endpoint_origins"] == form["auth_endpoint_origins"]

    origins = [" HTTPS://Panel:443/ ", "http://localhost:8080", "https://panel"]
    form["auth_endpoint_origins"] = origins
    step = await hass.config_entries.options.async_configure(step["flow_id"], form)
    assert entry.options == {
        "auth_endpoint_view": True,
        "auth_endpoint_origins": ["https://panel", "http://localhost:8080"],
    }


async def test_sign_in_needs_an_endpoint_for_users(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    method: dict[str, Any] = {
        "authorization": "auth_endpoint",
        "auth_endpoint": server.auth_url,
    }
    entry = app_entry(server, **method)
    await set_up(entry)
    step = await hass.config_entries.options.async_init(entry.entry_id)
    form = {"sign_in": True}
    step = await hass.config_entries.options.async_configure(step["flow_id"], form)
    assert step["errors"] == {"base": "sign_in_needs_endpoint"}
    assert prefilled(step)["sign_in"] is True

    data = entry.data | {"user_auth_endpoint": server.user_auth_url}
    hass.config_entries.async_update_entry(entry, data=data)
    step = await hass.config_entries.options.async_configure(step["flow_id"], form)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def test_watchlist_has_up_to_a_hundred_users_without_doubles(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    step = await hass.config_entries.options.async_init(entry.entry_id)
    users = [str(number) for number in range(101)]
    step = await hass.config_entries.options.async_configure(
        step["flow_id"], {"watchlist": users, "pong_timeout": 7}
    )
    assert step["errors"] == {"base": "watchlist_too_long"}
    assert prefilled(step)["watchlist"] == users
    assert prefilled(step)["pong_timeout"] == 7

    step = await hass.config_entries.options.async_configure(
        step["flow_id"], {"watchlist": [*users[1:], users[1], f" {users[2]} "]}
    )
    assert entry.options == {"watchlist": users[1:]}


@pytest.mark.parametrize(
    "form",
    [
        {"activity_timeout": 4},
        {"activity_timeout": 601},
        {"pong_timeout": 0},
        {"pong_timeout": 121},
        {"max_reconnect_gap": 0},
        {"max_reconnect_gap": 3601},
        {"max_reconnect_attempts": -1},
    ],
)
async def test_numbers_have_bounds(
    hass: HomeAssistant, server: DevServer, set_up: SetUp, form: dict[str, Any]
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    step = await hass.config_entries.options.async_init(entry.entry_id)
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(step["flow_id"], form)


async def test_secrets_of_webhook_keys_are_stored_and_never_shown_again(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    keys = [
        {"name": "older", "value": "older-secret"},
        {"name": "oldest", "value": "oldest-secret"},
    ]
    step = await hass.config_entries.options.async_init(entry.entry_id)
    await hass.config_entries.options.async_configure(step["flow_id"], {"webhook_keys": keys})
    assert entry.options == {"webhook_keys": keys}

    step = await hass.config_entries.options.async_init(entry.entry_id)
    shown = prefilled(step)["webhook_keys"]
    assert shown == [{"name": "older"}, {"name": "oldest"}]
    await hass.config_entries.options.async_configure(step["flow_id"], {"webhook_keys": shown[1:]})
    assert entry.options == {"webhook_keys": keys[1:]}
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ([{"name": "older"}], "older needs a name and a value"),
        ([{"name": "", "value": "x"}], "Each line needs a name and a value"),
        ([{"name": "older", "value": "x"}] * 2, "older is there twice"),
        ([{"name": APP.key, "value": "x"}], "The app key itself need not be entered"),
    ],
)
async def test_incomplete_webhook_key_is_refused(
    hass: HomeAssistant,
    server: DevServer,
    set_up: SetUp,
    keys: list[dict[str, str]],
    message: str,
) -> None:
    entry = app_entry(server)
    await set_up(entry)
    step = await hass.config_entries.options.async_init(entry.entry_id)
    step = await hass.config_entries.options.async_configure(
        step["flow_id"], {"webhook_keys": keys}
    )
    assert step["errors"] == {"base": "invalid_webhook_key"}
    assert shown_error(step) == message
