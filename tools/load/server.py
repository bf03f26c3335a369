"""The load server: speaks as much of the protocol as clients need to listen, and floods on request.

    python -m tools.load.server [--activity-timeout SECONDS]

Prints its port, then reads commands from standard input, and ends with it:

    flood CHANNEL SIZE COUNT GAP   events of about SIZE bytes a frame, GAP milliseconds apart
                                   (0: as fast as they are read, many to a write)
    stamp CHANNEL COUNT GAP        events with the nanosecond of the monotonic clock, taken just before the write
    churn CHANNEL COUNT            members coming and going
    members COUNT                  members of presence channels that are subscribed to from now on
    close CODE                     close all connections

Sockets block, and each connection has a thread, so that the server costs far less than any receiver.
"""

import argparse
import base64
import hashlib
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import BinaryIO, Final

from tools.devserver import App
from tools.devserver.frames import established, pong
from tools.devserver.official import Official

from . import frames
from .frames import CLOSE, PING, PONG, TEXT, text_frame, websocket_frame

MASTER_KEY: Final = "T1RrNU9UazVPVGs1T1RrNU9UazVPVGs1T1RrNU9UazU="
BENCH_APP: Final = App(key="bench", secret="bench-secret", master_key=MASTER_KEY)
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Peer:
    """One client."""

    def __init__(self, accepted: socket.socket, server: Server) -> None:
        self._socket = accepted
        self._server = server
        self._lock = threading.Lock()
        self.channels: set[str] = set()

    def send(self, data: bytes) -> None:
        """Write all data; drop it if the client has disconnected."""
        try:
            with self._lock:
                self._socket.sendall(data)
        except OSError:
            self.channels.clear()

    def run(self) -> None:
        """Serve the client until it disconnects."""
        reader = self._socket.makefile("rb")
        try:
            self._shake_hands(reader)
            while self._handle(*_read_frame(reader)):
                pass
        except EOFError, OSError:
            pass
        finally:
            self._server.peers.discard(self)
            self._socket.close()

    def _shake_hands(self, reader: BinaryIO) -> None:
        headers: dict[bytes, bytes] = {}
        while (line := reader.readline().strip()) or not headers:
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        key = hashlib.sha1(headers[b"sec-websocket-key"] + GUID).digest()
        self.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(key) + b"\r\n\r\n"
        )
        number = id(self)
        self.send(text_frame(established(f"{number}.{number}", self._server.activity_timeout)))

    def _handle(self, opcode: int, payload: bytes) -> bool:
        """Answer a frame; return whether to go on."""
        if opcode == CLOSE:
            self.send(websocket_frame(payload[:2], CLOSE))
            return False
        if opcode == PING:
            self.send(websocket_frame(payload, PONG))
        elif opcode == TEXT:
            message = json.loads(payload)
            match message["event"]:
                case "pusher:subscribe":
                    channel = message["data"]["channel"]
                    self.channels.add(channel)
                    self.send(frames.subscribed(channel, self._server.members))
                case "pusher:ping":
                    self.send(text_frame(pong()))
                case _:
                    pass
        return True


class Server:
    """Accepts clients, and runs commands for all of them."""

    def __init__(self, activity_timeout: float) -> None:
        self.activity_timeout = activity_timeout
        self.members = 1
        self.peers: set[Peer] = set()
        self._official = Official(BENCH_APP)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._commands: dict[str, Callable[..., None]] = {
            "flood": self._flood,
            "stamp": self._stamp,
            "churn": self._churn,
            "members": self._set_members,
            "close": self._close,
        }

    def accept(self) -> None:
        """Take clients in, for ever."""
        while True:
            accepted, _ = self._listener.accept()
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(accepted, self)
            self.peers.add(peer)
            threading.Thread(target=peer.run, daemon=True).start()

    def obey(self, line: str) -> None:
        """Carry a command out."""
        command, *arguments = line.split()
        self._commands[command](*arguments)

    def _on(self, channel: str) -> list[Peer]:
        return [peer for peer in list(self.peers) if channel in peer.channels]

    def _flood(self, channel: str, size: str, count: str, gap: str) -> None:
        events = frames.events(self._official, channel, int(size))
        if not float(gap):
            self._pour(channel, events, int(count))
            return
        for number in range(int(count)):
            time.sleep(float(gap) / 1000)
            for peer in self._on(channel):
                peer.send(events[number % len(events)])

    def _pour(self, channel: str, some: Sequence[bytes], count: int) -> None:
        whole, rest = divmod(count, len(some))
        writes = frames.writes(tuple(some))
        for peer in self._on(channel):
            for _ in range(whole):
                for data in writes:
                    peer.send(data)
            peer.send(b"".join(some[:rest]))

    def _stamp(self, channel: str, count: str, gap: str) -> None:
        peers = self._on(channel)
        for _ in range(int(count)):
            time.sleep(float(gap) / 1000)
            for peer in peers:
                peer.send(frames.stamped(channel, time.monotonic_ns()))

    def _churn(self, channel: str, count: str) -> None:
        self._pour(channel, frames.comings_and_goings(channel), int(count))

    def _set_members(self, count: str) -> None:
        self.members = int(count)

    def _close(self, code: str) -> None:
        for peer in list(self.peers):
            peer.send(websocket_frame(struct.pack("!H", int(code)), CLOSE))


def _read_frame(reader: BinaryIO) -> tuple[int, bytes]:
    """Return the opcode and the payload of a client's next frame, which is masked and whole."""
    first, size = _read(reader, 2)
    size &= 0x7F
    if size == 126:
        size = int.from_bytes(_read(reader, 2))
    elif size == 127:
        size = int.from_bytes(_read(reader, 8))
    mask = int.from_bytes(_read(reader, 4) * (size // 4 + 1)) >> 8 * (4 - size % 4)
    payload = int.from_bytes(_read(reader, size)) ^ mask
    return first & 0x0F, payload.to_bytes(size)


def _read(reader: BinaryIO, size: int) -> bytes:
    data = reader.read(size)
    if len(data) < size:
        raise EOFError
    return data


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activity-timeout", type=float, default=120)
    server = Server(parser.parse_args().activity_timeout)
    threading.Thread(target=server.accept, daemon=True).start()
    print(server.port, flush=True)
    for line in sys.stdin:
        server.obey(line)


if __name__ == "__main__":
    main()
