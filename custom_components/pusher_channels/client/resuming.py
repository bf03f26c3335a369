"""Sees when the event loop comes back to a coroutine."""

from collections.abc import Callable, Coroutine, Generator
from types import coroutine


@coroutine
def noting_resumes[T](
    work: Coroutine[object, None, T], note: Callable[[], None]
) -> Generator[object, None, T]:
    """Await `work`; call `note` each time that it goes on after having waited.

    What waits for a queue that is seldom empty waits far less often than it takes from it.
    """
    try:
        awaited = work.send(None)
        while True:
            try:
                yield awaited
            except BaseException as err:  # noqa: BLE001  # it is the work that gets it
                awaited = work.throw(err)
            else:
                note()
                awaited = work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
