"""Changes of channels and of the connection are fired on the bus, as in the contract."""

from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tools.devserver import DevServer, frames

from ..actions import connected_guest
from ..bus_events import capture_bus_events
from ..conftest import SetUp, app_entry, signed_in_entry, until
from ..home_assistant import skip

ME = "home-assistant-12345678"


async def set_up_unjoined(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)


async def test_subscription_is_fired(hass: HomeAssistant, server: DevServer, set_up: SetUp) -> None:
    entry = app_entry(server, "orders")
    bus = capture_bus_events(hass, entry, "subscription_succeeded")
    await set_up(entry)

    assert bus.fired("subscription_succeeded", of="orders") == [{"channel": "orders"}]


async def test_subscription_of_a_presence_channel_has_count_own_id_and_members(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "presence-room")
    bus = capture_bus_events(hass, entry, "subscription_succeeded")
    async with connected_guest(server) as guest:
        await guest.join("presence-room", {"user_id": "bob"})
        await set_up(entry)

    assert bus.fired("subscription_succeeded", of="presence-room") == [
        {"channel": "presence-room", "count": 2, "me": ME, "members": ["bob", ME]}
    ]


async def test_subscription_is_fired_again_after_each_reconnect(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    bus = capture_bus_events(hass, entry, "subscription_succeeded")
    await set_up(entry)

    await server.close_all(4200)
    await until(lambda: bus.count("subscription_succeeded") == 2)


async def test_refused_subscription_is_fired_with_the_servers_message(
    hass: HomeAssistant, server: DevServer
) -> None:
    answer = frames.subscription_error("orders", "Not for you", 403, "AuthError")
    server.faults.subscribe_answers["orders"] = answer
    entry = app_entry(server, "orders")
    bus = capture_bus_events(hass, entry, "subscription_error")

    await set_up_unjoined(hass, entry)
    await until(lambda: bus.count("subscription_error"))

    assert bus.fired("subscription_error", of="orders") == [
        {"channel": "orders", "type": "AuthError", "error": "Not for you", "status": 403}
    ]


async def test_unanswered_subscription_is_fired_as_a_timeout(
    hass: HomeAssistant, server: DevServer
) -> None:
    server.faults.unanswered_channels = {"orders"}
    entry = app_entry(server, "orders")
    bus = capture_bus_events(hass, entry, "subscription_error")

    await set_up_unjoined(hass, entry)
    await server.wait_received("pusher:subscribe")
    await skip(hass, 11)
    await until(lambda: bus.count("subscription_error"))

    (error,) = bus.fired("subscription_error", of="orders")
    assert (error["type"], error["status"]) == ("Timeout", 0)


async def test_failed_decryption_is_fired_without_data(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "private-encrypted-room")
    bus = capture_bus_events(hass, entry, "event", "decryption_failure")
    await set_up(entry)

    await server.send_raw(frames.event("private-encrypted-room", "secret", "in the clear"))
    await server.publish("private-encrypted-room", "secret", "encrypted")
    await until(lambda: bus.count("event"))

    (failure,) = bus.fired("decryption_failure", of="private-encrypted-room")
    assert failure.pop("reason")
    assert failure == {"channel": "private-encrypted-room", "event": "secret"}
    (event,) = bus.fired("event", of="private-encrypted-room")
    assert event["data"] == "encrypted"


async def test_error_of_the_server_is_fired(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    bus = capture_bus_events(hass, entry, "error")
    await set_up(entry)

    await server.send_raw(frames.error(4301, "Too fast"))
    await until(lambda: bus.count("error"))

    assert bus.fired("error") == [{"code": 4301, "message": "Too fast"}]


async def test_invalid_frame_is_fired_and_the_connection_stays(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders")
    bus = capture_bus_events(hass, entry, "error", "event")
    await set_up(entry)

    await server.send_raw("no json")
    await server.send_raw(b"\x00")
    await server.publish("orders", "shipped", 1)
    await until(lambda: bus.count("event"))

    errors = bus.fired("error")
    assert [error["code"] for error in errors] == [None, None]
    assert all(error["message"] for error in errors)


async def test_lost_connection_is_fired_as_an_error(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    bus = capture_bus_events(hass, entry, "error")
    await set_up(entry)

    await server.close_all(4201, "Pong was late")
    await until(lambda: bus.count("error"))

    assert bus.fired("error") == [{"code": 4201, "message": "Pong was late"}]


async def test_refused_sign_in_is_fired_as_an_error(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    server.faults.auth_status = 403
    entry = signed_in_entry(server)
    bus = capture_bus_events(hass, entry, "error")
    await set_up(entry)
    await until(lambda: bus.count("error"))

    (error,) = bus.fired("error")
    assert error["code"] == 403
    assert error["message"]


async def test_sign_in_without_an_endpoint_for_users_is_an_error_without_a_code(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(
        server,
        authorization="auth_endpoint",
        auth_endpoint=server.auth_url,
        options={"sign_in": True},
    )
    bus = capture_bus_events(hass, entry, "error")
    await set_up(entry)
    await until(lambda: bus.count("error"))

    (error,) = bus.fired("error")
    assert error["code"] is None


async def test_each_state_of_the_connection_is_fired(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server)
    bus = capture_bus_events(hass, entry, "connection_state")
    await set_up(entry)

    await server.close_all(4200)
    await until(lambda: bus.count("connection_state") == 3)
    assert await hass.config_entries.async_unload(entry.entry_id)

    steps = [(it["previous"], it["state"]) for it in bus.fired("connection_state")]
    assert steps == [
        ("connecting", "connected"),
        ("connected", "reconnecting"),
        ("reconnecting", "connected"),
        ("connected", "disconnecting"),
        ("disconnecting", "disconnected"),
    ]


async def test_gap_has_its_times_and_channels(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", "private-room")
    bus = capture_bus_events(hass, entry, "gap")
    before = dt_util.utcnow()
    await set_up(entry)

    await server.close_all(4200)
    await until(lambda: bus.count("gap"))

    (gap,) = bus.fired("gap")
    since, until_ = datetime.fromisoformat(gap["since"]), datetime.fromisoformat(gap["until"])
    assert sorted(gap["channels"]) == ["orders", "private-room"]
    slack = timedelta(seconds=0.1)
    assert before - slack <= since <= until_ <= dt_util.utcnow() + slack
