"""Home Assistant's REST API."""

from typing import Any

from aiohttp import ClientSession, ClientTimeout

from .errors import RestError

_ANSWERS_WITHIN = ClientTimeout(total=60)


class Rest:
    """Requests with one access token, once there is one."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self.token = ""

    async def request(
        self, method: str, path: str, json: object = None, form: dict[str, str] | None = None
    ) -> Any:
        """Return the answer's JSON, or its text where it is none. Raises RestError for an error status."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._session.request(
            method, self._url + path, json=json, data=form, headers=headers, timeout=_ANSWERS_WITHIN
        ) as response:
            if response.status >= 400:
                raise RestError(f"{method} {path}", response.status, await response.text())
            is_json = response.content_type == "application/json"
            return await response.json() if is_json else await response.text()
