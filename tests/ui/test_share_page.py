"""The guide's page of 40 lines, with pusher-js in Chromium, shows the states of a real Home Assistant."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Page

from tools.browser.frontend import Frontend
from tools.devserver import App, DevServer
from tools.harness import HomeAssistant

from .panel import GUIDE, guides_page, make_user, served

HOME = App(app_id="1010", key="your-key", secret="canary-of-the-home")
SHARE_GUIDE = GUIDE.with_name("share-entities.md")
CHANNEL = "private-home"
COUNT = 200
MAX_LINES = 40
SECONDS_TO_BE_RIGHT = 2
SECONDS_OF_A_NEW_SNAPSHOT = 6
READ_TABLE = """
    [...document.querySelectorAll("tr")].map((row) => [row.id, row.cells[1].textContent])
"""


@pytest.fixture
async def home_server() -> AsyncGenerator[DevServer]:
    """Run the server of the shared home's app."""
    async with DevServer([HOME]) as running:
        yield running


@pytest.fixture
async def entry_id(hass: HomeAssistant, home_server: DevServer) -> AsyncGenerator[str]:
    """Share 200 entities."""
    await asyncio.gather(*(set_state(hass, number, 0) for number in range(COUNT)))
    await hass.post("/api/states/sensor.safe", {"state": "canary-unshared"})
    place = {"host": home_server.host, "port": home_server.port, "use_tls": False}
    form = {"app_key": HOME.key, "server": place}
    entry_id = await hass.add_app(form, "auth_secret", secret=HOME.secret, app_id=HOME.app_id)
    steps = await hass.start_share_flow(entry_id)
    entities = [entity(number) for number in range(COUNT)]
    await steps.submit(entities=entities, channel=CHANNEL, interval=1)
    steps.created()
    yield entry_id
    await hass.delete(f"/api/config/config_entries/entry/{entry_id}")


def entity(number: int) -> str:
    return f"sensor.shared_{number}"


async def set_state(hass: HomeAssistant, number: int, value: int) -> None:
    attributes = {"unit_of_measurement": "W", "secret": "canary-attribute"}
    data = {"state": str(value), "attributes": attributes}
    await hass.post(f"/api/states/{entity(number)}", data)


async def allow(hass: HomeAssistant, entry_id: str, origin: str) -> None:
    """Let pages of an origin be authorized."""
    steps = await hass.start_options_flow(entry_id)
    await steps.submit(auth_endpoint_view=True, auth_endpoint_origins=[origin])
    steps.created()


async def is_right(page: Page, states: dict[str, str], seconds: float) -> None:
    """Wait until the page shows these states; fail when that takes longer."""
    deadline = time.monotonic() + seconds
    while dict(await page.evaluate(READ_TABLE)) != states:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_page_that_opens_late_is_right_at_once_and_stays_so(
    frontend: Frontend, hass: HomeAssistant, home_server: DevServer, entry_id: str
) -> None:
    text = SHARE_GUIDE.read_text().partition("```html\n")[2].partition("```")[0]
    assert text.count("\n") <= MAX_LINES
    _, token = await make_user(hass, "shared")
    place = f'cluster: "", wsHost: "{home_server.host}", wsPort: {home_server.port}'
    html = guides_page(
        SHARE_GUIDE,
        homeAssistant=json.dumps(hass.url),
        entry=json.dumps(entry_id),
        cluster=f'{place}, forceTLS: false, enabledTransports: ["ws"]',
    )
    browser = frontend.page.context.browser
    assert browser is not None
    states = {entity(number): "0" for number in range(COUNT)}

    async with served(html) as origin:
        await allow(hass, entry_id, origin)
        await home_server.wait_subscribed(CHANNEL, timeout=60)
        for number in range(0, COUNT, 7):
            await set_state(hass, number, 1)
            states[entity(number)] = "1"
        await asyncio.sleep(SECONDS_OF_A_NEW_SNAPSHOT)

        pages = []
        for seconds in (SECONDS_TO_BE_RIGHT, SECONDS_OF_A_NEW_SNAPSHOT):
            page = await browser.new_page()
            pages.append(page)
            await page.add_init_script(f"localStorage.panelToken = {json.dumps(token)}")
            await page.goto(f"{origin}/panel.html")
            await home_server.wait_subscribed(CHANNEL, len(pages) + 1, timeout=60)
            await is_right(page, states, seconds)

        await set_state(hass, 3, 5)
        await hass.delete(f"/api/states/{entity(4)}")
        del states[entity(4)]
        states[entity(3)] = "5"
        for page in pages:
            await is_right(page, states, SECONDS_TO_BE_RIGHT)

        home_server.faults.api_status = 503
        await set_state(hass, 3, 6)
        await set_state(hass, 3, 7)
        await asyncio.sleep(SECONDS_TO_BE_RIGHT)
        home_server.faults.reset()
        states[entity(3)] = "7"
        for page in pages:
            await is_right(page, states, SECONDS_TO_BE_RIGHT)
            await page.close()

    assert all("canary" not in event.data for event in home_server.published)
