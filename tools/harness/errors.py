"""What can go wrong between the driver and Home Assistant."""

from collections.abc import Mapping


class NotReadyError(Exception):
    """Home Assistant ended, or did not get ready in time; the text ends with its last log lines."""


class RestError(Exception):
    """Home Assistant answered a request with an error status."""

    def __init__(self, request: str, status: int, body: str) -> None:
        super().__init__(f"{request}: {status} {body[:500]}")
        self.status = status
        self.body = body


class CallError(Exception):
    """Home Assistant refused a websocket command; `translation_key` is None where it gives none."""

    def __init__(self, command: str, error: Mapping[str, object]) -> None:
        super().__init__(f"{command}: {error['message']}")
        self.code = error["code"]
        self.message = error["message"]
        self.translation_key = error.get("translation_key")


class FlowRefusedError(Exception):
    """A flow did not get where it should; the text is what it answered instead."""
