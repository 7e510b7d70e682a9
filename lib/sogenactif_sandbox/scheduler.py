"""Delayed work, in threads."""

import threading
from collections.abc import Callable


class Scheduler:
    """Run work after a delay, each piece in its own thread, until ``close`` cancels what hasn't begun."""

    def __init__(self) -> None:
        self._timers: list[threading.Timer] = []
        self._closed = False
        self._lock = threading.Lock()

    def run(self, seconds: float, work: Callable[[], None]) -> None:
        """Run some work after a number of seconds."""
        timer = threading.Timer(seconds, work)
        timer.daemon = True
        with self._lock:
            if self._closed:
                return
            self._timers = [running for running in self._timers if running.is_alive()]
            self._timers.append(timer)
            timer.start()

    def close(self) -> None:
        """Cancel the work that hasn't begun, and wait for the rest."""
        with self._lock:
            self._closed = True
        for timer in self._timers:
            timer.cancel()
            timer.join()
