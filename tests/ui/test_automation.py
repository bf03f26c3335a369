"""The triggers are found in the automation editor, and an automation made there fires."""

from playwright.async_api import expect

from tools.browser.apps import Apps
from tools.browser.frontend import Frontend
from tools.browser.pictures import Pictures
from tools.devserver import DevServer
from tools.harness import HomeAssistant

DESCRIPTION = "Triggers when one or more channels receive an event."


async def test_automation_with_our_trigger_fires(
    frontend: Frontend,
    server: DevServer,
    hass: HomeAssistant,
    apps: Apps,
    pictures: Pictures,
) -> None:
    entry_id = await apps.add()
    await apps.add_channel(entry_id, "orders")
    page = frontend.page
    await frontend.open("/config/automation/edit/new")
    await page.get_by_role("button", name="Add trigger").click()
    picker = page.locator("add-automation-element-dialog")
    await picker.get_by_role("textbox").fill("channel")
    for name in (
        "Channel event received",
        "Channel member joined",
        "Channel member left",
    ):
        await frontend.sees(name, picker)
    await frontend.check_texts(picker)
    await picker.get_by_role("button", name=f"Channel event received {DESCRIPTION}").dispatch_event(
        "click"
    )

    editor = page.locator("ha-automation-sidebar")
    await frontend.sees(DESCRIPTION, editor)
    for field, value in (("Channels", "orders"), ("Events", "order.*")):
        row = editor.locator("ha-settings-row").filter(has_text=field)
        await row.get_by_role("checkbox").check(force=True)
        await row.get_by_role("button", name="Add").click()
        await row.get_by_role("textbox").fill(value)
    await frontend.check_texts(editor)
    await pictures.take(page, "automation")

    async with hass.events("automation_triggered") as triggered:
        await page.get_by_role("button", name="Save").last.click()
        dialog = page.locator("ha-dialog-automation-save")
        await dialog.get_by_role("textbox").first.fill("Order")
        await dialog.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Order").first).to_be_visible()
        await hass.wait_state("automation.order", lambda state: state.state == "on")
        await server.publish("orders", "order.shipped", {"id": 7})
        await triggered.take(lambda data: data["entity_id"] == "automation.order")
