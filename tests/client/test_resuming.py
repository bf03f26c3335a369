"""Who is told that a coroutine goes on after it has waited."""

import asyncio
from collections.abc import Coroutine

import pytest

from custom_components.pusher_channels.client.resuming import noting_resumes


async def test_only_what_really_waited_is_noted_before_it_goes_on() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    noted: list[int] = []

    async def take(count: int) -> list[tuple[int, int]]:
        return [(await queue.get(), len(noted)) for _ in range(count)]

    queue.put_nowait(1)
    queue.put_nowait(2)
    taking = asyncio.create_task(noting_resumes_of(take(5), noted))
    await asyncio.sleep(0)
    queue.put_nowait(3)
    queue.put_nowait(4)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    queue.put_nowait(5)

    assert await taking == [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2)]


async def test_a_timeout_and_what_the_work_makes_of_it_are_the_works_own() -> None:
    noted: list[int] = []

    async def patient() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "ended by itself"
        return "never"

    taking = asyncio.create_task(noting_resumes_of(patient(), noted))
    await asyncio.sleep(0)
    taking.cancel()

    assert await taking == "ended by itself"
    assert noted == []


async def test_an_error_comes_through() -> None:
    async def breaks() -> None:
        await asyncio.sleep(0)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await noting_resumes(breaks(), lambda: None)


async def noting_resumes_of[T](work: Coroutine[object, None, T], noted: list[int]) -> T:
    """Await the work in a task of its own; each resume is one more in the list."""
    return await noting_resumes(work, lambda: noted.append(1))
