"""Drives a real Home Assistant process from outside, as a user's browser would: HTTP and websocket only.

Knows nothing of this project's own code except the public contract of its flows.
"""

from .errors import CallError, FlowRefusedError, NotReadyError, RestError
from .events import Event, Events
from .flow import Flow
from .home_assistant import HomeAssistant
from .onboarding import OWNER
from .ports import free_port, is_free
from .state import State

__all__ = [
    "OWNER",
    "CallError",
    "Event",
    "Events",
    "Flow",
    "FlowRefusedError",
    "HomeAssistant",
    "NotReadyError",
    "RestError",
    "State",
    "free_port",
    "is_free",
]
