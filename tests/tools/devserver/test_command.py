"""`python -m devserver`."""

import builtins
import os
import queue
import runpy
import signal
import socket
import sys
import threading

import pytest
from pusher import Pusher


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_prints_its_address_and_each_event_and_ends_quietly(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    lines: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(builtins, "print", lambda line, flush: lines.put(line))
    monkeypatch.setattr(
        sys, "argv", ["devserver", "--port", "0", "--path", "/ws", "--app-id", "7", "--key", "k"]
    )
    lines_read: list[str] = []

    def use() -> None:
        lines_read.extend(lines.get(timeout=10) for _ in range(3))
        port = int(
            lines_read[0].removeprefix("Listening on http://127.0.0.1:").removesuffix("/ws/app/k")
        )
        Pusher("7", "k", "demo-secret", ssl=False, host="127.0.0.1", port=port).trigger(
            "news", "order", {"id": 7}
        )
        lines_read.append(lines.get(timeout=10))
        os.kill(os.getpid(), number)

    user = threading.Thread(target=use)
    user.start()
    runpy.run_module("tools.devserver", run_name="__main__")
    user.join()
    assert lines_read[1] == "app id 7, key k, secret demo-secret, master key none"
    assert lines_read[2].endswith("/pusher/user-auth")
    assert lines_read[3] == 'news order {"id": 7}'
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("option", "message"),
    [("--port", "address already in use"), ("--master-key", "must be valid base64")],
)
def test_command_reports_a_fault_in_one_line(
    monkeypatch: pytest.MonkeyPatch, option: str, message: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        value = str(taken.getsockname()[1]) if option == "--port" else "?"
        monkeypatch.setattr(sys, "argv", ["devserver", "--port", "0", option, value])
        with pytest.raises(SystemExit, match=f"^devserver: .*{message}"):
            runpy.run_module("tools.devserver", run_name="__main__")
