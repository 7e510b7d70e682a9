"""Work that is done some seconds later."""

import threading
from collections.abc import Callable


class Scheduler:
    """Runs work in threads of its own; ``close`` gives up what hasn't begun, and ends."""

    def __init__(self) -> None:
        self._timers: list[threading.Timer] = []
        self._closed = False
        self._lock = threading.Lock()

    def run(self, seconds: float, work: Callable[[], None]) -> None:
        """Do some work after so many seconds."""
        timer = threading.Timer(seconds, work)
        timer.daemon = True
        with self._lock:
            if self._closed:
                return
            self._timers = [running for running in self._timers if running.is_alive()]
            self._timers.append(timer)
            timer.start()

    def close(self) -> None:
        """Forget what waits, and wait for what runs."""
        with self._lock:
            self._closed = True
        for timer in self._timers:
            timer.cancel()
            timer.join()
