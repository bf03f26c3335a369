"""Raises repair issues for shares that cannot be sent, and clears them once they can."""

from enum import StrEnum

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN


class ShareProblem(StrEnum):
    """What is wrong; an issue's id is the problem and the ids of entry and subentry."""

    REFUSED = "share_refused"
    TOO_LARGE = "share_too_large"


@callback
def set_problem(
    hass: HomeAssistant,
    entry: ConfigEntry,
    subentry_id: str,
    problem: ShareProblem | None,
    **placeholders: str,
) -> None:
    """Raise the issue of a problem and clear that of any other; None clears all.

    The server's text is left out, since the frontend would render it as Markdown.
    """
    for other in ShareProblem:
        if other is not problem:
            ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, subentry_id, other))
    if problem is not None:
        ir.async_create_issue(
            hass,
            DOMAIN,
            _issue_id(entry, subentry_id, problem),
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key=problem.value,
            translation_placeholders=placeholders,
        )


def _issue_id(entry: ConfigEntry, subentry_id: str, problem: ShareProblem) -> str:
    return f"{problem.value}_{entry.entry_id}_{subentry_id}"
