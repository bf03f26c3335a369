"""The load server: the dev server in a process of its own, which floods on request.

Prints its port, then reads lines from standard input: `flood CHANNEL SIZE COUNT GAP`, the size being
about that of the event's data in bytes, the gap the milliseconds between events (0: as fast as they
are read). An event's data is `{"n": 1, "pad": "..."}`. Ends with its standard input.
"""

import asyncio
import sys
from typing import Final

from devserver import App, DevServer

MASTER_KEY: Final = "T1RrNU9UazVPVGs1T1RrNU9UazVPVGs1T1RrNU9UazU="
BENCH_APP: Final = App(key="bench", secret="bench-secret", master_key=MASTER_KEY)
EVENT: Final = "measured"


def payload(size: int) -> dict[str, object]:
    """Return an event's data of about that many bytes of JSON."""
    return {"n": 1, "pad": "x" * max(size - len('{"n":1,"pad":""}'), 0)}


async def serve() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    async with DevServer(apps=[BENCH_APP]) as server:
        print(server.port, flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            _, channel, size, count, gap = line.split()
            data = payload(int(size))
            if float(gap) == 0:
                await server.flood(channel, EVENT, data, int(count))
                continue
            for _ in range(int(count)):
                await server.publish(channel, EVENT, data)
                await asyncio.sleep(float(gap) / 1000)


if __name__ == "__main__":
    asyncio.run(serve())
