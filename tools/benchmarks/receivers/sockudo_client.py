"""sockudo-python, which speaks Pusher's protocol if configured for it."""

import asyncio

from sockudo_python import SockudoClient, SockudoOptions

from .measurement import Measurement


async def main() -> None:
    """Receive through sockudo-python."""
    measurement = Measurement.of_arguments()
    total, left = 0, measurement.warm

    def on_event(data: dict[str, int], _: object) -> None:
        nonlocal total, left
        total += data["n"]
        left -= 1
        if not left:
            left = measurement.phase_over(total)

    options = SockudoOptions(
        cluster="local",
        protocol_version=1,
        force_tls=False,
        ws_host="127.0.0.1",
        ws_port=measurement.port,
    )
    client = SockudoClient("bench", options)
    channel = client.subscribe(measurement.channel)
    channel.bind("measured", on_event)
    channel.bind("pusher:subscription_succeeded", lambda *_: measurement.ready())
    await client.connect()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
