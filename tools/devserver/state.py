"""What the endpoints of one server share."""

import asyncio
from collections.abc import Sequence

from .app import App
from .auth_settings import AuthEndpoints
from .broker import Broker
from .faults import Faults
from .journal import Journal
from .profile import Profile


class State:
    """The brokers, the faults, the journal, and whether the server is frozen."""

    def __init__(
        self,
        apps: Sequence[App],
        profile: Profile,
        activity_timeout: float | str,
        auth: AuthEndpoints,
        journal: Journal,
    ) -> None:
        self.profile = profile
        self.activity_timeout = activity_timeout
        self.auth = auth
        self.journal = journal
        self.faults = Faults()
        self.brokers = [Broker(app, profile, self.faults, journal) for app in apps]
        self.thawed = asyncio.Event()
        self.thawed.set()

    def broker(self, app: App | None) -> Broker:
        """The broker of an app; None means the first one."""
        return (
            self.brokers[0]
            if app is None
            else next(broker for broker in self.brokers if broker.app == app)
        )

    def broker_by_key(self, key: str) -> Broker | None:
        """The broker of the app with that key."""
        return next((broker for broker in self.brokers if broker.app.key == key), None)

    def broker_by_id(self, app_id: str) -> Broker | None:
        """The broker of the app with that id."""
        return next((broker for broker in self.brokers if broker.app.app_id == app_id), None)

    def broker_of(self, socket_id: str) -> Broker:
        """The broker that has the connection, else the first."""
        return next(
            (broker for broker in self.brokers if socket_id in broker.connections), self.brokers[0]
        )
