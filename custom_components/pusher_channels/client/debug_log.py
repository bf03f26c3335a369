"""Writes frames to the debug log."""

import logging

from orjson import JSONDecodeError, loads

from .protocol import shown_name

_LOGGER = logging.getLogger(__name__)


def log_frame(direction: str, frame: str | bytes) -> None:
    """Log name, channel and size of a frame; never its data."""
    event: object = None
    channel: object = None
    try:
        fields = loads(frame)
        event = fields.get("event")
        channel = fields.get("channel")
        if channel is None and isinstance(fields.get("data"), dict):
            channel = fields["data"].get("channel")
    except AttributeError, JSONDecodeError:
        pass
    _LOGGER.debug(
        "%s %s on %s (%d bytes)",
        direction,
        shown_name(str(event)),
        shown_name(str(channel)),
        len(frame),
    )
