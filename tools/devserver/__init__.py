"""A small Pusher-compatible server for the demo and for tests, held to the official `pusher` library."""

from . import frames
from .app import App
from .auth_settings import AuthEndpoints
from .connection import Attempt, Connection
from .faults import Faults
from .journal import AuthRequest, Published, Received
from .profile import PROFILES, Profile
from .server import DevServer

__all__ = [
    "PROFILES",
    "App",
    "Attempt",
    "AuthEndpoints",
    "AuthRequest",
    "Connection",
    "DevServer",
    "Faults",
    "Profile",
    "Published",
    "Received",
    "frames",
]
