"""What the guide says of the recorder is what the recorder does."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.db_schema import EventData, Events, EventTypes
from homeassistant.components.recorder.history import get_significant_states
from homeassistant.components.recorder.util import session_scope
from homeassistant.core import HomeAssistant
from homeassistant.helpers.restore_state import async_get
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from devserver import DevServer

from ..conftest import SetUp, until
from .pages import Block, blocks
from .shop import ada_in_the_lobby, shop_entry

EXCLUSIONS = [block for block in blocks("yaml") if "recorder" in parse_yaml(block.text)]
SECRET_DATA = {"id": 42, "note": "for your eyes only"}
