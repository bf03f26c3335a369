"""A timer calls its action once, and never after the stop of Home Assistant."""

from homeassistant.core import HomeAssistant

from custom_components.pusher_channels.hub.timer import Timer

from ..home_assistant import skip


async def test_action_is_called_once_in_place_of_an_earlier_call(hass: HomeAssistant) -> None:
    calls: list[float] = []
    timer = Timer(hass, lambda: calls.append(1))

    timer.start(60)
    timer.start(120)
    await skip(hass, 60)
    assert (calls, timer.is_running) == ([], True)
    await skip(hass, 120)
    assert (calls, timer.is_running) == ([1], False)
    await skip(hass, 240)
    assert calls == [1]


async def test_stop_of_home_assistant_cancels_the_call(hass: HomeAssistant) -> None:
    calls: list[float] = []
    Timer(hass, lambda: calls.append(1)).start(60)

    await hass.async_stop(force=True)
    await skip(hass, 120)

    assert calls == []
