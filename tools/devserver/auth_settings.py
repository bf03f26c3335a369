"""How the authorizing endpoints decide."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .journal import AuthRequest

type UserObject = Mapping[str, object]


@dataclass(slots=True, kw_only=True)
class AuthEndpoints:
    """Settings of /pusher/auth and /pusher/user-auth, changeable at any time.

    A request that lacks one of `required_headers` (name to value), or asks for one of `forbidden_channels`, is
    answered `unauthorized_status`. `member` is the user object for presence channels (None: the answer has no
    channel_data, as for signed-in users), `user` the one for signing in; either may be a function of the request.
    """

    required_headers: dict[str, str] = field(default_factory=dict)
    unauthorized_status: int = 403
    forbidden_channels: set[str] = field(default_factory=set)
    member: UserObject | Callable[[AuthRequest], UserObject] | None = field(
        default_factory=lambda: {"user_id": "demo", "user_info": {"name": "Demo"}}
    )
    user: UserObject | Callable[[AuthRequest], UserObject] = field(
        default_factory=lambda: {"id": "demo"}
    )

    def allows(self, request: AuthRequest) -> bool:
        """Whether the request has what it needs."""
        sent = request.headers
        known = all(sent.get(name) == value for name, value in self.required_headers.items())
        return known and request.channel_name not in self.forbidden_channels

    def member_for(self, request: AuthRequest) -> UserObject | None:
        """The user object for a presence channel."""
        return self.member(request) if callable(self.member) else self.member

    def user_for(self, request: AuthRequest) -> UserObject:
        """The user object for signing in."""
        return self.user(request) if callable(self.user) else self.user
