"""A config, options or subentry flow, as the frontend runs it."""

from typing import Any, Self

from .errors import FlowRefusedError
from .rest import Rest

CONFIG = "/api/config/config_entries/flow"
OPTIONS = "/api/config/config_entries/options/flow"
SUBENTRY = "/api/config/config_entries/subentries/flow"

_NEXT = {"config_flow": CONFIG, "options_flow": OPTIONS, "config_subentries_flow": SUBENTRY}


class Flow:
    """A flow that has started; `result` is its latest answer: a form, a menu, an abort or the created entry."""

    def __init__(self, rest: Rest, path: str, result: dict[str, Any]) -> None:
        self._rest = rest
        self._path = f"{path}/{result['flow_id']}"
        self.result = result

    @classmethod
    async def start(
        cls, rest: Rest, path: str, handler: str | list[str], **context: object
    ) -> Self:
        """Start a flow of a domain, an entry (options) or an entry and a subentry type."""
        return cls(rest, path, await rest.request("POST", path, {"handler": handler, **context}))

    @classmethod
    async def resume(cls, rest: Rest, path: str, flow_id: str) -> Self:
        """Open the dialog of a flow that Home Assistant has started."""
        return cls(rest, path, await rest.request("GET", f"{path}/{flow_id}"))

    async def submit(self, **data: object) -> dict[str, Any]:
        """Fill in the form that it shows, and return what it answers."""
        self.result = await self._rest.request("POST", self._path, data)
        return self.result

    async def choose(self, option: str) -> dict[str, Any]:
        """Choose from the menu that it shows, and return what it answers."""
        return await self.submit(next_step_id=option)

    async def abandon(self) -> None:
        """Close its dialog."""
        await self._rest.request("DELETE", self._path)

    async def close_next(self) -> None:
        """Close the dialog that Home Assistant opens once this one is done, if it does."""
        if next_flow := self.result.get("next_flow"):
            kind, flow_id = next_flow
            await self._rest.request("DELETE", f"{_NEXT[kind]}/{flow_id}")

    def created(self) -> dict[str, Any]:
        """Return its last answer. Raises FlowRefusedError when that is not a created entry."""
        if self.result["type"] != "create_entry":
            shown = {key: self.result.get(key) for key in ("type", "step_id", "errors", "reason")}
            raise FlowRefusedError(f"The flow answered {shown} instead of creating an entry.")
        return self.result
