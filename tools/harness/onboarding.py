"""The way from a fresh Home Assistant to a token that works in all its later starts."""

from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession

from .rest import Rest
from .socket import Socket


@dataclass(frozen=True, slots=True)
class Owner:
    """The user that onboarding creates."""

    name: str
    username: str
    password: str


OWNER = Owner("Demo", "demo", "demo")


async def onboard(session: ClientSession, url: str) -> str:
    """Create OWNER, finish all steps and return a long-lived access token."""
    rest = Rest(session, url)
    client_id = f"{url}/"
    created: dict[str, Any] = await rest.request(
        "POST",
        "/api/onboarding/users",
        {
            "name": OWNER.name,
            "username": OWNER.username,
            "password": OWNER.password,
            "client_id": client_id,
            "language": "en",
        },
    )
    code = {
        "grant_type": "authorization_code",
        "code": created["auth_code"],
        "client_id": client_id,
    }
    rest.token = (await rest.request("POST", "/auth/token", form=code))["access_token"]
    await rest.request("POST", "/api/onboarding/analytics")
    place = {"client_id": client_id, "redirect_uri": f"{client_id}?auth_callback=1"}
    await rest.request("POST", "/api/onboarding/integration", place)
    socket = await Socket.open(session, url, rest.token)
    try:
        token: str = await socket.call(
            "auth/long_lived_access_token", client_name="harness", lifespan=365
        )
        return token
    finally:
        await socket.close()
