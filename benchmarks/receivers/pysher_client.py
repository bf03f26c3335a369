"""Pysher, with its logging as it comes."""

import json
import threading

import pysher

from .measure import Measurement


def main() -> None:
    """Receive through Pysher."""
    measurement = Measurement.of_arguments()
    done = threading.Event()
    measurement.total = 0

    def heard(text: str) -> None:
        measurement.total += json.loads(text)["n"]
        measurement.left -= 1
        if not measurement.left:
            measurement.phase_over()
            if measurement.finished:
                done.set()

    client = pysher.Pusher("bench", custom_host="127.0.0.1", port=measurement.port, secure=False)

    def connected(_: str) -> None:
        channel = client.subscribe(measurement.channel)
        channel.bind("measured", heard)
        channel.bind("pusher_internal:subscription_succeeded", lambda _: measurement.ready())

    client.connection.bind("pusher:connection_established", connected)
    client.connect()
    done.wait()
    client.disconnect()


if __name__ == "__main__":
    main()
