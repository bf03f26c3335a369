"""A wall panel: the guide's page on another port, and a Home Assistant user who is no administrator."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession, web

from tools.harness import HomeAssistant, free_port
from tools.npm.packages import npm_folder

HOST = "127.0.0.1"
GUIDE = Path(__file__).parents[2] / "docs/guides/wall-panel.md"
BUNDLE = "pusher-with-encryption.min.js"
NAME = "Panel"
PASSWORD = "canary-of-the-panel"  # of a user that ends with the tests


def guides_page(guide: Path = GUIDE, **replaced: str) -> str:
    """Return a guide's page with other values for its constants, and for its cluster."""
    page = guide.read_text().partition("```html\n")[2].partition("```")[0]
    cluster = replaced.pop("cluster")
    assert page.count('cluster: "eu"') == 1
    page = page.replace('cluster: "eu"', cluster)
    for name, value in replaced.items():
        before, start, after = page.partition(f"const {name} = ")
        assert start, name
        page = f"{before}{start}{value};{after.partition(';')[2]}"
    return page


@asynccontextmanager
async def served(page: str) -> AsyncGenerator[str]:
    """Serve a page, with pusher-js beside it, at another origin; give the origin."""
    application = web.Application()

    async def panel(_: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html")

    application.router.add_get("/panel.html", panel)
    application.router.add_static("/", npm_folder() / "node_modules/pusher-js/dist/web")
    runner = web.AppRunner(application)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, HOST, port).start()
    yield f"http://{HOST}:{port}"
    await runner.cleanup()


async def make_user(hass: HomeAssistant, username: str) -> tuple[str, str]:
    """Add a panel's user; return the user's id and an access token."""
    credentials = {"username": username, "password": PASSWORD}
    made = await hass.call("config/auth/create", name=NAME, group_ids=["system-users"])
    user_id: str = made["user"]["id"]
    await hass.call("config/auth_provider/homeassistant/create", user_id=user_id, **credentials)
    client_id = f"{hass.url}/"
    flow = {"client_id": client_id, "handler": ["homeassistant", None], "redirect_uri": client_id}
    async with ClientSession(hass.url, raise_for_status=True) as session:
        async with session.post("/auth/login_flow", json=flow) as answer:
            path = f"/auth/login_flow/{(await answer.json())['flow_id']}"
        async with session.post(path, json={"client_id": client_id, **credentials}) as answer:
            code = (await answer.json())["result"]
        form = {"grant_type": "authorization_code", "code": code, "client_id": client_id}
        async with session.post("/auth/token", data=form) as answer:
            token: str = (await answer.json())["access_token"]
    return user_id, token
