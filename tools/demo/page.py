"""Serves the page that shows the states which Home Assistant shares."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tools.devserver import DevServer

from .stage import SHARED_CHANNEL

_PAGE = Path(__file__).with_name("page.html")


@asynccontextmanager
async def serve(server: DevServer) -> AsyncGenerator[str]:
    """Serve the page on a free port, and authorize it for the shared channel; yield its address."""

    async def show(_: web.Request) -> web.Response:
        socket = f"{server.url.replace('http', 'ws', 1)}/app/{server.app.key}?protocol=7&client=page&version=1.0.0"
        settings = json.dumps({"socket": socket, "channel": SHARED_CHANNEL})
        text = _PAGE.read_text().replace("SETTINGS", settings, 1)
        return web.Response(text=text, content_type="text/html")

    async def authorize(request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("channel_name") != SHARED_CHANNEL:
            raise web.HTTPForbidden
        answer = server.pusher().authenticate(SHARED_CHANNEL, str(form["socket_id"]))
        return web.json_response(answer)

    application = web.Application()
    application.add_routes([web.get("/", show), web.post("/auth", authorize)])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, server.host, 0).start()
        yield f"http://{server.host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
