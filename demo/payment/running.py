"""A WSGI application that listens on 127.0.0.1 for as long as a test needs it, and stops cleanly."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from waitress.server import create_server

from demo.payment.automatic import PORTS
from sogenactif.http import Application


@contextmanager
def serving(application: Application, threads: int = 8) -> Iterator[str]:
    """Serve an application within a block; gives its address, ``http://127.0.0.1:8123``.

    The port is one that automatic responses may be sent to, so that a shop can be served so too.
    When the block ends nothing of it is left: no thread, no socket.
    """
    dispatchers: dict[int, Any] = {}
    server = _listen(application, dispatchers, threads)
    everything: list[Any] = []

    def stop() -> None:  # in the server's own thread, which ends when there is nothing to wait for
        everything.extend(dispatchers.values())
        dispatchers.clear()

    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.trigger.pull_trigger(stop)
        thread.join()
        server.task_dispatcher.shutdown()
        for dispatcher in everything:
            dispatcher.close()


def _listen(application: Application, dispatchers: dict[int, Any], threads: int) -> Any:
    candidates = random.sample(range(8100, PORTS.stop), 50)
    for port in candidates:
        try:
            return create_server(application, map=dispatchers, host="127.0.0.1", port=port, threads=threads)
        except OSError:
            dispatchers.clear()
    raise OSError(f"no free port among {len(candidates)}")
