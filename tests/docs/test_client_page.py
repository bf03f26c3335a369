"""The client's page: its wheel installs without Home Assistant, and its example runs."""

import asyncio
import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from custom_components.pusher_channels import client
from tools.devserver import DevServer

from . import CHECKOUT, COMPONENT
from .pages import block_after

PAGE = "docs/client.md"
UV = Path(sys.executable).with_name("uv")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """Build the wheel."""
    command = [CHECKOUT / "scripts/wheel", tmp_path]
    built = subprocess.run(command, check=True, capture_output=True, text=True)
    return Path(built.stdout.strip())


@pytest.fixture
def python(wheel: Path, tmp_path: Path) -> Path:
    """Install the wheel into an empty environment, with the oldest packages that it allows; return its Python."""
    environment = tmp_path / "environment"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    python = environment / "bin/python"
    oldest = [requirement.replace(">=", "==") for requirement in _requirements(wheel)]
    subprocess.run(
        [UV, "pip", "install", "--quiet", "--python", python, wheel, *oldest], check=True
    )
    return python


def _requirements(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    return metadata.get_all("Requires-Dist", [])


@pytest.mark.slow
def test_wheel_has_the_client_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if "dist-info" not in name}
    sources = {file.name for file in (COMPONENT / "client").glob("*.py")}
    assert packed == {f"pusher_channels_client/{name}" for name in {*sources, "py.typed"}}
    assert wheel.name.startswith(f"pusher_channels_client-{client.CLIENT_VERSION}-")


@pytest.mark.slow
async def test_example_runs_without_home_assistant(
    socket_enabled: None, python: Path, tmp_path: Path
) -> None:
    example = tmp_path / "example.py"
    async with DevServer() as server:
        example.write_text(block_after(PAGE, "## Example").text.replace("6001", str(server.port)))
        process = await asyncio.create_subprocess_exec(
            python, example, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert output.decode() == block_after(PAGE, "It prints:").text
    assert not list(python.parents[1].glob("lib/*/site-packages/homeassistant*"))


def test_page_names_what_the_client_exports() -> None:
    page = (CHECKOUT / PAGE).read_text()
    code = set(re.findall(r"[A-Za-z_]\w+", " ".join(re.findall(r"`[^`\n]+`", page))))
    members = {
        client.PusherClient: "connect disconnect wait_connected subscribe unsubscribe bind listen "
        "trigger sign_in state socket_id last_error channels last_received next_attempt missed_since "
        "complete_until expect_gaps",
        client.UserSession: "online bind",
        client.Channel: "name kind bind listen is_subscribed state error subscription_count wait_subscribed",
        client.PresenceChannel: "members count me",
        client.Event: "channel name data user_id cached",
        client.HttpApi: "trigger trigger_batch send_to_user terminate_user_connections channels channel users",
    }
    for owner, names in members.items():
        for name in names.split():
            assert name in code, name
            assert name in dir(owner) or name in getattr(owner, "__slots__", ()), name
    named = {
        name
        for name in code
        if name[0].isupper() and name not in {"None", "True", "False", "VERSION"}
    }
    assert named <= set(client.__all__), named - set(client.__all__)
