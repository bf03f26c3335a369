"""Each error of a form and each reason to end a dialog is shown in the browser."""

import ast
from pathlib import Path

from tools.browser.wording import texts

OF_HOME_ASSISTANT = "Home Assistant 2026.11 has its own texts; ours are for 2026.9 and 2026.10."
NOT_SHOWN = {
    "config.abort.reauth_successful": OF_HOME_ASSISTANT,
    "config.abort.reconfigure_successful": OF_HOME_ASSISTANT,
    "config_subentries.channel.abort.reconfigure_successful": OF_HOME_ASSISTANT,
    "config_subentries.share.abort.reconfigure_successful": OF_HOME_ASSISTANT,
}
REASONS = {
    path
    for path in texts()
    if path.startswith(("config.", "config_subentries.", "options."))
    and {"error", "abort"} & set(path.split(".")[:-1])
}


def test_each_error_and_each_end_of_a_flow_is_shown() -> None:
    assert len(REASONS) > 30
    assert {reason for reason in REASONS if reason not in _named()} == NOT_SHOWN.keys()


def _named() -> set[str]:
    """Return all that stands in quotes in the other tests."""
    return {
        node.value
        for file in Path(__file__).parent.glob("test_*.py")
        if file != Path(__file__)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
