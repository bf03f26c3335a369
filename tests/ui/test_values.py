"""A value of a channel's events gets onto a dashboard, and what is wrong is shown at its field."""

import re

from playwright.async_api import Locator, ViewportSize, expect

from tools.browser.apps import SHOP, Apps
from tools.browser.frontend import INTEGRATION, Frontend
from tools.browser.pictures import Pictures
from tools.devserver import DevServer
from tools.harness import HomeAssistant

MOST_CLICKS = 12
ORDER = {
    "id": 42,
    "total": 34.5,
    "customer": {"name": "Ada"},
    "items": [{"name": "Bread", "price": 2.5}],
    "paid": True,
    "door": {"open": True},
    "done": 64,
    "orders": {"today": 118},
}
VALUES: list[tuple[dict[str, str], dict[str, object]]] = [
    (
        {"platform": "sensor", "name": "Total", "value": "total"},
        {
            "device_class": "monetary",
            "unit_of_measurement": "EUR",
            "suggested_display_precision": 2,
        },
    ),
    (
        {"platform": "binary_sensor", "name": "Shop door", "value": "door.open"},
        {"device_class": "door"},
    ),
    (
        {"platform": "sensor", "name": "Orders today", "value": "orders.today"},
        {"state_class": "total_increasing"},
    ),
    (
        {"platform": "sensor", "name": "Backup", "value": "done"},
        {"unit_of_measurement": "%"},
    ),
]
CARDS = [
    {"type": "heading", "heading": "orders"},
    {"type": "tile", "entity": "sensor.orders_total", "name": "Total"},
    {"type": "tile", "entity": "binary_sensor.orders_shop_door", "name": "Shop door"},
    {"type": "tile", "entity": "sensor.orders_orders_today", "name": "Orders today"},
    {"type": "gauge", "entity": "sensor.orders_backup", "name": "Backup"},
]
DASHBOARD = "shop-total"
EMPTY_VIEW = {"title": "Shop", "type": "sections", "sections": [{"type": "grid", "cards": []}]}


class Clicks:
    """Clicks, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    async def on(self, what: Locator) -> None:
        await what.click()
        self.count += 1


async def test_value_is_on_a_dashboard_within_12_clicks(
    frontend: Frontend, server: DevServer, hass: HomeAssistant, apps: Apps, pictures: Pictures
) -> None:
    await hass.call("lovelace/dashboards/create", url_path=DASHBOARD, title="Shop", mode="storage")
    await hass.call("lovelace/config/save", url_path=DASHBOARD, config={"views": [EMPTY_VIEW]})
    await add_channel(server, hass, apps)
    await frontend.open(INTEGRATION)
    click, page, dialog = Clicks(), frontend.page, frontend.dialog

    await click.on(page.get_by_role("button", name="Change channel"))
    await click.on(dialog.get_by_text("Add a value", exact=True))
    await frontend.shows("Show a value")
    await click.on(value_field(frontend))
    total = page.get_by_role("option", name="total: 34.5")
    await expect(total).to_be_visible()
    await pictures.take(page, "value-paths")
    await click.on(total)
    await click.on(dialog.get_by_role("button", name="Next"))
    await frontend.shows("Sensor")
    await frontend.sees("The latest event gives: 34.5", dialog)
    await pictures.take(page, "value-sensor")
    await click.on(dialog.get_by_role("button", name="Submit"))
    await frontend.sees("Reconfiguration was successful", dialog)
    await click.on(dialog.get_by_role("button", name="Close").last)

    await click.on(frontend.entry.get_by_text("Public channel"))
    await frontend.sees_device("Total", "34.5")
    await click.on(page.get_by_role("button", name="Add to…"))
    await click.on(page.get_by_role("button", name="Add to a dashboard"))
    await click.on(page.get_by_role("button", name="Next").last)
    await click.on(page.get_by_role("button", name="Save").last)
    await frontend.sees("Added to Shop")

    assert click.count <= MOST_CLICKS
    await frontend.open(f"/{DASHBOARD}")
    await frontend.sees("34.5", page.locator("hui-tile-card", has_text="Total"))


async def test_dashboard_of_values(
    frontend: Frontend, server: DevServer, hass: HomeAssistant, apps: Apps, pictures: Pictures
) -> None:
    entry_id, subentry_id = await add_channel(server, hass, apps)
    for form, details in VALUES:
        await add_value(hass, entry_id, subentry_id, form, details)
    view = {"title": "Shop", "type": "sections", "sections": [{"type": "grid", "cards": CARDS}]}
    await hass.call(
        "lovelace/dashboards/create", url_path="shop-values", title="Values", mode="storage"
    )
    await hass.call("lovelace/config/save", url_path="shop-values", config={"views": [view]})
    await frontend.page.goto("about:blank")  # without the message of the test before
    await frontend.open("/shop-values")
    for name, state in (("Total", "34.50"), ("Shop door", "Open"), ("Orders today", "118")):
        await frontend.sees(state, frontend.page.locator("hui-tile-card", has_text=name))
    await frontend.sees("64", frontend.page.locator("hui-gauge-card"))
    await frontend.size(ViewportSize(width=560, height=520))
    await pictures.take(frontend.page, "value-dashboard")


async def test_each_error_of_a_value_is_shown(
    frontend: Frontend, server: DevServer, hass: HomeAssistant, apps: Apps
) -> None:
    entry_id, subentry_id = await add_channel(server, hass, apps)
    form = {"platform": "sensor", "name": "Total", "value": "total"}
    await add_value(hass, entry_id, subentry_id, form, {})
    await start(frontend)

    await frontend.press("Next")
    await frontend.shows_error("config_subentries.channel.error.invalid_path")
    await enter(frontend, "{{ data | nope }}")
    await frontend.fill("Name", "Sum")
    await frontend.press("Next")
    await frontend.shows_error("config_subentries.channel.error.invalid_template", "nope")
    await enter(frontend, "customer.name")
    await frontend.fill("Name", "x" * 101)
    await frontend.press("Next")
    await frontend.shows_error("config_subentries.channel.error.invalid_name")
    await frontend.fill("Name", "Total")
    await frontend.press("Next")
    await frontend.shows_error("config_subentries.channel.error.name_taken")
    await frontend.fill("Name", "Sum")
    await frontend.press("Next")
    await frontend.shows("Sensor")
    await choose(frontend, "Device class", "Temperature")
    await frontend.press("Submit")
    await frontend.shows_error("config_subentries.channel.error.invalid_unit", "K, °C, °F")


async def test_channel_with_too_many_values_is_refused(
    frontend: Frontend, server: DevServer, hass: HomeAssistant, apps: Apps
) -> None:
    entry_id, subentry_id = await add_channel(server, hass, apps)
    for number in range(100):
        form = {"platform": "sensor", "name": f"Value {number}", "value": "id"}
        await add_value(hass, entry_id, subentry_id, form, {})
    await frontend.open(INTEGRATION)
    await frontend.page.get_by_role("button", name="Change channel").click()
    await frontend.choose("Add a value")
    await frontend.shows_abort("config_subentries.channel.abort.too_many_values")


async def test_dialog_of_a_removed_channel_ends(
    frontend: Frontend, server: DevServer, hass: HomeAssistant, apps: Apps
) -> None:
    entry_id, _ = await add_channel(server, hass, apps)
    await start(frontend)
    await hass.remove_subentries(entry_id)
    await frontend.press("Next")
    await frontend.shows_abort("config_subentries.channel.abort.removed")


async def add_channel(server: DevServer, hass: HomeAssistant, apps: Apps) -> tuple[str, str]:
    """Add a channel that has had an event; return the ids of the entry and of the subentry."""
    entry_id = await apps.add()
    subentry_id = await apps.add_channel(entry_id, "orders")
    event = await hass.entity_id(f"{entry_id}_{subentry_id}_event")
    async with hass.events("pusher_channels_event") as events:
        await server.publish("orders", "created", ORDER, app=SHOP)
        await events.take()
    await hass.wait_state(event, lambda state: state.attributes.get("event") == "created")
    return entry_id, subentry_id


async def add_value(
    hass: HomeAssistant,
    entry_id: str,
    subentry_id: str,
    form: dict[str, str],
    details: dict[str, object],
) -> None:
    """Add a value without the browser."""
    steps = await hass.start_channel_flow(entry_id, subentry_id=subentry_id)
    await steps.choose("add_value")
    await steps.submit(**form)
    await steps.submit(**details)


async def start(frontend: Frontend) -> None:
    """Open the form of a new value."""
    await frontend.open(INTEGRATION)
    await frontend.page.get_by_role("button", name="Change channel").click()
    await frontend.choose("Add a value")
    await frontend.shows("Show a value")


def value_field(frontend: Frontend) -> Locator:
    return frontend.dialog.locator("ha-selector-select").first.get_by_role("button").first


async def enter(frontend: Frontend, value: str) -> None:
    """Type a value that is not in the list."""
    await value_field(frontend).click()
    await frontend.page.get_by_placeholder("Search | Add custom item").fill(value)
    await frontend.page.keyboard.press("Enter")
    await expect(value_field(frontend)).to_contain_text(value)


async def choose(frontend: Frontend, field: str, option: str) -> None:
    """Choose from a list in the dialog."""
    await frontend.dialog.get_by_role("button", name=re.compile(rf"^{field}")).click()
    await frontend.page.get_by_placeholder("Search").last.fill(option)
    await frontend.page.get_by_role("option", name=option).first.click()
