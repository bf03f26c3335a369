"""A share sends what its settings select: the listed entities and those with a label."""

from dataclasses import asdict

from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import label_registry as lr

from custom_components.pusher_channels.hub.share import ShareSettings, fits_into_one_message
from tools.devserver import DevServer

from ..conftest import SetUp, app_entry
from .shares import CHANNEL, DATA, brief, open_page, pass_time, share_subentry

LAMP = "light.lamp"
FRIDGE = "sensor.fridge"


async def test_labels_are_followed(hass: HomeAssistant, server: DevServer, set_up: SetUp) -> None:
    registry = er.async_get(hass)
    label = lr.async_get(hass).async_create("Shared").label_id
    for number in (1, 2):
        registry.async_get_or_create(
            "sensor", "test", str(number), suggested_object_id=f"s{number}"
        )
        hass.states.async_set(f"sensor.s{number}", str(number))
    registry.async_update_entity("sensor.s1", labels={label})
    await set_up(app_entry(server, share_subentry(labels=[label])))
    page = await open_page(hass, server)
    assert page.states == {"sensor.s1": "1"}

    registry.async_update_entity("sensor.s2", labels={label})
    await pass_time(hass, 10)
    assert brief(page.take()) == [(False, {"sensor.s2": "2"})]

    registry.async_update_entity("sensor.s1", labels=set())
    hass.states.async_set("sensor.s1", "no longer shared")
    await pass_time(hass, 10)
    assert brief(page.take()) == [(False, {"sensor.s1": None})]

    lr.async_get(hass).async_delete(label)
    await pass_time(hass, 10)
    assert brief(page.take()) == [(False, {"sensor.s2": None})]


async def test_label_of_a_device_shares_its_main_entities(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entry = app_entry(server, "orders", share_subentry(labels=["shop"]))
    hass.config.components.add("test")
    await set_up(entry)
    page = await open_page(hass, server)
    assert page.states == {}

    devices = dr.async_get(hass)
    [device] = [
        it
        for it in dr.async_entries_for_config_entry(devices, entry.entry_id)
        if it.config_subentry_id == "id-orders"
    ]
    devices.async_update_device(device.id, labels={"shop"})
    await pass_time(hass, 10)

    page.take()
    assert set(page.states) == {"event.orders"}


async def test_label_of_an_area_is_followed(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    entities, areas = er.async_get(hass), ar.async_get(hass)
    area = areas.async_create("Kitchen")
    entities.async_get_or_create("sensor", "test", "1", suggested_object_id="fridge")
    entities.async_update_entity(FRIDGE, area_id=area.id)
    hass.states.async_set(FRIDGE, "4")
    await set_up(app_entry(server, share_subentry(LAMP, labels=["shared"])))
    page = await open_page(hass, server, 10)

    areas.async_update(area.id, labels={"shared"})
    await pass_time(hass, 1)

    assert brief(page.take()) == [(False, {FRIDGE: "4"})]


async def test_own_entities_are_never_shared(
    hass: HomeAssistant, server: DevServer, set_up: SetUp
) -> None:
    own = ["sensor.home_messages_sent", "switch.home_sharing"]
    hass.states.async_set(LAMP, "off")
    await set_up(app_entry(server, share_subentry(LAMP, *own)))
    page = await open_page(hass, server, 10)
    await pass_time(hass, 10)
    page.take()

    assert page.states == {LAMP: "off"}
    assert len(server.published) == 1


def test_settings_that_were_left_out_have_defaults() -> None:
    expected = ShareSettings(CHANNEL, "states", (), (), (), 10, public=False)
    assert ShareSettings.of({"channel": CHANNEL}) == expected
    assert ShareSettings.of(DATA) == expected
    chosen = ShareSettings("home", "news", (LAMP,), ("shared",), ("battery",), 2, public=True)
    assert ShareSettings.of(asdict(chosen)) == chosen


async def test_entities_by_label_count_for_what_fits_into_one_message(hass: HomeAssistant) -> None:
    registry = er.async_get(hass)
    for number in range(60):
        entity = registry.async_get_or_create("sensor", "test", str(number))
        registry.async_update_entity(entity.entity_id, labels={"shared"})
        hass.states.async_set(entity.entity_id, "x" * 50)
    hass.states.async_set(FRIDGE, "4")
    listed = {"channel": "private-cache-home", "entities": ["sensor.absent", FRIDGE]}

    assert fits_into_one_message(hass, ShareSettings.of(listed))
    assert not fits_into_one_message(hass, ShareSettings.of(listed | {"labels": ["shared"]}))
