"""Why a connection ended, with the server's message."""

from tools.devserver import DevServer, frames

from .app_under_test import AppUnderTest

MAINTENANCE = "Maintenance at noon (4200)"


async def test_what_a_server_reports_just_before_it_closes_is_the_reason(
    app: AppUnderTest, server: DevServer
) -> None:
    """Soketi sends its message in a pusher:error, and closes with the same code and no message."""
    await server.send_raw(frames.error(4200, "Maintenance at noon"))
    await server.close_all(4200)

    assert await app.fails() == MAINTENANCE
    await app.after_the_fault(MAINTENANCE)


async def test_what_a_server_reported_of_something_else_is_not_the_reason(
    app: AppUnderTest, server: DevServer
) -> None:
    await server.send_raw(frames.error(4301, "Rate limit"))
    await server.send_raw(frames.error(None, "Something"))
    await server.close_all(4200)

    await app.after_the_fault("The connection was closed (4200)")


async def test_a_reason_is_reported_and_logged_as_one_line_without_a_signature(
    app: AppUnderTest, server: DevServer
) -> None:
    await server.close_all(4200, "Bye\n2026 ERROR \x1b[31m" + "0123456789abcdef" * 4)

    assert await app.fails() == "Bye 2026 ERROR [31m[redacted] (4200)"
    await app.after_the_fault("Bye 2026 ERROR [31m[redacted] (4200)")
