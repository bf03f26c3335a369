"""The state of an entity."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class State:
    """The state of an entity at one moment."""

    entity_id: str
    state: str
    attributes: Mapping[str, Any]

    @classmethod
    def read(cls, state: Mapping[str, Any]) -> Self:
        """Take it from what Home Assistant sends."""
        return cls(state["entity_id"], state["state"], state["attributes"])
