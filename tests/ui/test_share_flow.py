"""Entities are shared in the browser; each error has a text that helps."""

from tools.browser.apps import Apps
from tools.browser.frontend import INTEGRATION, Frontend
from tools.devserver import DevServer
from tools.harness import HomeAssistant

ENTITIES = [f"sensor.shared_{number}" for number in range(10)]


async def add_share(hass: HomeAssistant, entry_id: str) -> None:
    for entity_id in ENTITIES:
        data = {"state": "1", "attributes": {"note": "x" * 1_000}}
        await hass.post(f"/api/states/{entity_id}", data)
    steps = await hass.start_share_flow(entry_id)
    await steps.submit(entities=ENTITIES, channel="private-home", attributes=["note"])
    steps.created()


async def start_change(frontend: Frontend) -> None:
    await frontend.open(INTEGRATION)
    await frontend.page.get_by_role("button", name="Change shared entities").click()
    await frontend.shows("Change the shared entities")


async def test_share_needs_a_selection(frontend: Frontend, apps: Apps) -> None:
    await apps.add()
    await frontend.open(INTEGRATION)
    await frontend.page.get_by_role("button", name="Add shared entities", exact=True).click()
    await frontend.shows("Share entities")
    await frontend.sees("at most 8640 messages a day", frontend.dialog)
    await frontend.fill("Channel", "private-home")
    await frontend.press("Submit")
    await frontend.shows_error("config_subentries.share.error.nothing_selected")
    await frontend.close()


async def test_share_cannot_be_sent(
    frontend: Frontend, server: DevServer, hass: HomeAssistant, apps: Apps
) -> None:
    entry_id = await apps.add()
    await apps.add_channel(entry_id, "share_private-other_states")
    await add_share(hass, entry_id)
    await start_change(frontend)
    for channel, error in (
        ("not a name", "config_subentries.share.error.invalid_channel_name"),
        ("home", "config_subentries.share.error.public_channel"),
        ("private-encrypted-home", "config_subentries.share.error.needs_master_key"),
        ("private-cache-home", "config_subentries.share.error.too_many_for_cache"),
    ):
        await frontend.fill("Channel", channel)
        await frontend.press("Submit")
        await frontend.shows_error(error)
    await frontend.fill("Channel", "private-other")
    await frontend.fill("Event", "client-states")
    await frontend.press("Submit")
    await frontend.shows_error("config_subentries.share.error.invalid_event_name")
    await frontend.fill("Event", ".states")
    await frontend.press("Submit")
    await frontend.shows_error("config_subentries.share.error.echo_event_name", "Enter states")
    async with frontend.with_error("config_subentries.share.error.cannot_publish"):
        await frontend.press("Submit")
        await frontend.shows_error("config_subentries.share.error.cannot_publish")
    await frontend.fill("Event", "states")
    await frontend.press("Submit")
    await frontend.shows_abort("config_subentries.share.abort.already_configured")


async def test_share_is_changed_while_the_app_is_loaded(
    frontend: Frontend, server: DevServer, hass: HomeAssistant, apps: Apps
) -> None:
    entry_id = await apps.add()
    await add_share(hass, entry_id)
    await start_change(frontend)
    await frontend.fill("Channel", "private-house")
    await frontend.press("Submit")
    await frontend.ends_with("Reconfiguration was successful", "Close")
    await server.wait_subscribed("private-house", timeout=60)

    await start_change(frontend)
    await hass.call("config_entries/disable", entry_id=entry_id, disabled_by="user")
    await frontend.press("Submit")
    await frontend.shows_abort("config_subentries.share.abort.entry_not_loaded")


async def test_dialog_of_a_removed_share_ends(
    frontend: Frontend, hass: HomeAssistant, apps: Apps
) -> None:
    entry_id = await apps.add()
    await add_share(hass, entry_id)
    await start_change(frontend)
    await hass.remove_subentries(entry_id)
    await frontend.press("Submit")
    await frontend.shows_abort("config_subentries.share.abort.removed")
