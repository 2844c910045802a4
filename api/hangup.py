"""The signal SIGHUP as an event, on platforms that have it. Knows nothing of what it asks for.

The handler stands for the whole life of the service: unhandled, the signal ends the process.
"""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from types import FrameType

_SIGHUP = getattr(signal, "SIGHUP", None)


class _Remembering:
    """A handler that keeps in mind that the signal came."""

    came = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came = True


@contextmanager
def hangups_held() -> Iterator[None]:
    """Keep a SIGHUP that comes before somebody listens, or after, from ending the process."""
    if _SIGHUP is None or not _can_listen():
        yield
        return
    before = signal.signal(_SIGHUP, _Remembering())
    try:
        yield
    finally:
        signal.signal(_SIGHUP, signal.SIG_DFL if before is None else before)


@asynccontextmanager
async def on_hangup(act: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Act on every SIGHUP while the block runs, and on one that was held, one after the other.

    Of signals that come while it acts, one more act follows. Only the main thread of a process
    can listen; elsewhere nothing happens.
    """
    if _SIGHUP is None or not _can_listen():
        yield
        return
    came, loop = asyncio.Event(), asyncio.get_running_loop()

    async def listen() -> None:
        while True:
            await came.wait()
            came.clear()
            await act()

    before = signal.getsignal(_SIGHUP)
    loop.add_signal_handler(_SIGHUP, came.set)
    if isinstance(before, _Remembering) and before.came:
        came.set()
    listening = loop.create_task(listen())
    try:
        yield
    finally:
        loop.remove_signal_handler(_SIGHUP)
        if before is not None:  # it is None where somebody set it that is not Python
            signal.signal(_SIGHUP, before)
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


def _can_listen() -> bool:
    return threading.current_thread() is threading.main_thread()
