"""Pysher, with its default logging."""

import json
import threading

import pysher

from .measurement import Measurement


def main() -> None:
    """Receive through Pysher, which leaves the data to be decoded."""
    measurement = Measurement.of_arguments()
    total, left = 0, measurement.warm

    def on_event(text: str) -> None:
        nonlocal total, left
        total += json.loads(text)["n"]
        left -= 1
        if not left:
            left = measurement.phase_over(total)

    client = pysher.Pusher("bench", custom_host="127.0.0.1", port=measurement.port, secure=False)

    def connected(_: str) -> None:
        channel = client.subscribe(measurement.channel)
        channel.bind("measured", on_event)
        channel.bind("pusher_internal:subscription_succeeded", lambda _: measurement.ready())

    client.connection.bind("pusher:connection_established", connected)
    client.connect()
    threading.Event().wait()


if __name__ == "__main__":
    main()
