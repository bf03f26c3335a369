"""The demo's dashboard, made of Home Assistant's own cards: each section shows what one part does."""

from typing import Final

from .home import AUTOMATION, LAMP, POWER
from .stage import ALERTS, LOBBY, ORDERS, TITLE, VAULT, WEATHER, Channel, Stage

PATH: Final = "pusher-channels"

type Card = dict[str, object]

_WIDE: Final = {"columns": 12}
_MINUTES_SHOWN: Final = 6


async def lay(stage: Stage, page: str) -> None:
    """Make the dashboard, with a button to the page, and let the user start on it."""
    hass = stage.hass
    await hass.call(
        "lovelace/dashboards/create",
        url_path=PATH,
        title=TITLE,
        icon="mdi:transit-connection-variant",
    )
    config = await _config(stage, page)
    await hass.call("lovelace/config/save", url_path=PATH, config=config)
    await hass.call("frontend/set_user_data", key="core", value={"default_panel": PATH})


async def _config(stage: Stage, page: str) -> Card:
    view = {"title": TITLE, "path": "demo", "type": "sections", "max_columns": 3}
    sections = [
        await _orders(stage),
        await _values(stage),
        await _lobby(stage),
        await _home(stage, page),
        await _channels(stage),
        await _connection(stage),
    ]
    return {"views": [{**view, "sections": sections}]}


async def _orders(stage: Stage) -> Card:
    event = await stage.entity(ORDERS, "event")
    data = f"state_attr('{event}', 'data')"
    latest = (
        f"{{% set order = {data} %}}{{% if order %}}**Order {{{{ order.id }}}}** for "
        "{{ order.customer }}, {{ order.total }} €{% endif %}"
    )
    order = {"id": 1, "customer": "you", "total": 99.5}
    return _section(
        _heading("Events", "mdi:package-variant-closed"),
        _text("The latest event of a channel is an entity; its data is in the attributes."),
        await _latest(stage, ORDERS, "mdi:package-variant-closed", "blue"),
        {"type": "markdown", "content": latest, "grid_options": _WIDE},
        _button("Ship an order", "mdi:truck-delivery", ORDERS, "order.shipped", order),
        _button("Send an alert", "mdi:bell-plus", ALERTS, "alert", {"text": "Sent by hand"}),
    )


async def _values(stage: Stage) -> Card:
    temperature = await stage.value(WEATHER, "Temperature")
    return _section(
        _heading("Values", "mdi:counter"),
        _text("A value of an event becomes a sensor, with unit and history."),
        _tile(temperature, "Temperature", color="amber"),
        _tile(await stage.value(WEATHER, "Humidity"), "Humidity", color="blue"),
        _graph(3, **{temperature: "Temperature"}),
        _tile(await stage.value(ORDERS, "Total"), "Order total", color="green"),
        _tile(await stage.value(ALERTS, "Back door"), "Back door", color="red"),
    )


async def _lobby(stage: Stage) -> Card:
    members = await stage.entity(LOBBY, "members")
    ada, grace = await stage.entity(LOBBY, "member_ada"), await stage.entity(LOBBY, "member_grace")
    return _section(
        _heading("Presence", "mdi:account-group"),
        _text("Who is on a presence channel, and sensors for the members that matter."),
        _tile(members, "In the lobby", color="blue", grid_options=_WIDE),
        _tile(ada, "Ada", color="green"),
        _tile(grace, "Grace", color="green"),
        _graph(3, **{members: "In the lobby"}),
    )


async def _home(stage: Stage, page: str) -> Card:
    return _section(
        _heading("Automation and share", "mdi:home-automation"),
        _text("A shipped order toggles the lamp. A web page shows lamp and power, live."),
        _tile(AUTOMATION, "Automation", color="blue", state_content="last_triggered"),
        _tile(LAMP, "Shop lamp", color="amber"),
        _tile(POWER, "House power", color="orange"),
        _tile(await stage.share_entity("sharing"), "Sharing", color="green"),
        {
            "type": "button",
            "name": "Open the page",
            "icon": "mdi:open-in-new",
            "icon_height": "28px",
            "tap_action": {"action": "url", "url_path": page},
            "grid_options": {"columns": 12, "rows": 2},
        },
    )


async def _channels(stage: Stage) -> Card:
    return _section(
        _heading("Private channels", "mdi:shield-lock"),
        _text("Only authorized clients subscribe them; encrypted data is decrypted here."),
        await _latest(stage, ALERTS, "mdi:bell-ring", "red"),
        await _latest(stage, VAULT, "mdi:lock", "purple"),
    )


async def _connection(stage: Stage) -> Card:
    logbook = {
        "type": "logbook",
        "hours_to_show": 1,
        "target": {
            "entity_id": [
                await stage.entity(ORDERS, "event"),
                await stage.entity(ALERTS, "event"),
                await stage.entity(LOBBY, "member_ada"),
                await stage.entity(LOBBY, "member_grace"),
            ]
        },
        "grid_options": {"columns": 12, "rows": 4},
    }
    return _section(
        _heading("Connection", "mdi:lan-connect"),
        _text("One connection for all channels. It reconnects by itself."),
        _tile(await stage.app_entity("connection_state"), "State", color="green"),
        _tile(await stage.app_entity("connection"), "Connected", color="green"),
        logbook,
    )


async def _latest(stage: Stage, channel: Channel, icon: str, color: str) -> Card:
    entity = await stage.entity(channel, "event")
    return _tile(
        entity,
        channel.title,
        icon=icon,
        color=color,
        state_content=["event", "last_changed"],
        grid_options=_WIDE,
    )


def _section(*cards: Card) -> Card:
    return {"type": "grid", "cards": cards}


def _heading(heading: str, icon: str) -> Card:
    return {"type": "heading", "heading": heading, "icon": icon}


def _text(text: str) -> Card:
    return {"type": "markdown", "content": text, "text_only": True, "grid_options": _WIDE}


def _tile(entity: str, name: str, **more: object) -> Card:
    return {"type": "tile", "entity": entity, "name": name, **more}


def _graph(rows: int, **names: str) -> Card:
    """Return the history of entities; the keys are their ids."""
    return {
        "type": "history-graph",
        "hours_to_show": _MINUTES_SHOWN / 60,
        "entities": [{"entity": entity, "name": name} for entity, name in names.items()],
        "grid_options": {"columns": 12, "rows": rows},
    }


def _button(name: str, icon: str, channel: Channel, event: str, data: object) -> Card:
    action = {
        "action": "perform-action",
        "perform_action": "pusher_channels.trigger",
        "data": {"channel": channel.name, "event": event, "data": data},
    }
    return {
        "type": "button",
        "name": name,
        "icon": icon,
        "tap_action": action,
        "icon_height": "28px",
        "grid_options": {"columns": 6, "rows": 2},
    }
