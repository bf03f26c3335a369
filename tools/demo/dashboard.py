"""The demo's dashboard, of Home Assistant's own cards."""

from .stage import ALERTS, CHANNELS, LOBBY, ORDERS, VAULT, WEATHER, Channel, Stage

PATH = "pusher-channels"

type Card = dict[str, object]


async def lay(stage: Stage) -> None:
    """Make the dashboard and let the user land on it."""
    hass = stage.hass
    await hass.call(
        "lovelace/dashboards/create",
        url_path=PATH,
        title="Pusher Channels",
        icon="mdi:transit-connection-variant",
    )
    await hass.call("lovelace/config/save", url_path=PATH, config=await _config(stage))
    await hass.call("frontend/set_user_data", key="core", value={"default_panel": PATH})


async def _config(stage: Stage) -> Card:
    view = {"title": "Pusher Channels", "path": "demo", "type": "sections", "max_columns": 2}
    sections = [await _app(stage), await _lobby(stage)]
    return {"views": [{**view, "sections": sections}]}


async def _app(stage: Stage) -> Card:
    return _section(
        _heading("Connection", "mdi:lan-connect"),
        _tile(await stage.app_entity("connection_state"), "State", color="green"),
        _tile(await stage.app_entity("connection"), "Switch", color="green"),
        _heading("Channels", "mdi:message-flash"),
        await _channel_tile(stage, ORDERS, "Orders", "mdi:package-variant-closed", "blue"),
        await _channel_tile(stage, WEATHER, "Weather", "mdi:weather-partly-cloudy", "amber"),
        await _channel_tile(stage, ALERTS, "Alerts", "mdi:bell-ring", "red"),
        await _channel_tile(stage, VAULT, "Vault", "mdi:shield-lock", "purple"),
        _heading("Newest data", "mdi:code-json"),
        await _data(stage),
        _heading("Send", "mdi:send"),
        _button("Ship an order", "mdi:truck-delivery", ORDERS, "order.shipped", {"id": 1}),
        _button("Send an alert", "mdi:bell-plus", ALERTS, "alert", {"text": "Sent by hand"}),
    )


async def _lobby(stage: Stage) -> Card:
    members = await stage.entity(LOBBY, "members")
    graph = {
        "type": "history-graph",
        "hours_to_show": 0.1,
        "entities": [{"entity": members, "name": "Members"}],
        "grid_options": {"columns": 12, "rows": 4},
    }
    ada = await stage.entity(LOBBY, "member_ada")
    grace = await stage.entity(LOBBY, "member_grace")
    events = [await stage.entity(channel, "event") for channel in CHANNELS]
    logbook = {
        "type": "logbook",
        "hours_to_show": 1,
        "target": {"entity_id": [*events, ada, grace]},
        "grid_options": {"columns": 12, "rows": 5},
    }
    return _section(
        _heading("Lobby", "mdi:account-group"),
        _tile(members, "Members", color="blue", grid_options={"columns": 12}),
        _tile(ada, "Ada", color="green"),
        _tile(grace, "Grace", color="green"),
        graph,
        _heading("Activity", "mdi:history"),
        logbook,
    )


def _section(*cards: Card) -> Card:
    return {"type": "grid", "cards": cards}


def _heading(heading: str, icon: str) -> Card:
    return {"type": "heading", "heading": heading, "icon": icon}


def _tile(entity: str, name: str, **more: object) -> Card:
    return {"type": "tile", "entity": entity, "name": name, **more}


async def _channel_tile(stage: Stage, channel: Channel, name: str, icon: str, color: str) -> Card:
    entity = await stage.entity(channel, "event")
    return _tile(entity, name, icon=icon, color=color, state_content=["event"])


async def _data(stage: Stage) -> Card:
    rows = [await _row(stage, channel) for channel in (ORDERS, WEATHER, ALERTS, VAULT)]
    content = "\n".join(["| Channel | Data |", "|-|-|", *rows])
    return {"type": "markdown", "content": content, "grid_options": {"columns": 12}}


async def _row(stage: Stage, channel: Channel) -> str:
    entity = await stage.entity(channel, "event")
    return f"| {channel.name} | {{{{ state_attr('{entity}', 'data') | to_json }}}} |"


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
        "icon_height": "36px",
        "grid_options": {"columns": 6, "rows": 2},
    }
