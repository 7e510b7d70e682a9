"""Serve applications over HTTP: the payment server with the logos, or any other for the duration of a block."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from waitress.server import create_server
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from sogenactif.configuration import read_pathfile
from sogenactif.files import ROOT
from sogenactif.http import Application
from sogenactif_sandbox.server import PaymentServer

LARGEST_BODY = 1024 * 1024  # the application reads less; waitress would store 1 GB for it
# Ports that an automatic response may be sent to; browsers refuse some of the lower ones (2049, 6000…).
FREE_PORTS = range(8100, 10_000)


def web_server(application: Application, **place: Any) -> Any:
    """Return waitress for an application, whose ``run`` serves it, at a ``host`` and ``port`` or given ``sockets``.

    Raises OSError.
    """
    return create_server(application, threads=16, max_request_body_size=LARGEST_BODY, **place)


def mounted(server: PaymentServer, mount: str = "/payment") -> Application:
    """Return an application with the server below ``mount``, and the project's logos below ``/logos/``."""
    logos = Flask(__name__, static_folder=f"{ROOT}/logos", static_url_path="/logos")
    return DispatcherMiddleware(logos, {mount: server})


@contextmanager
def payment_server(
    pathfile: str, database: str, listening: socket.socket | None = None, **options: Any
) -> Iterator[str]:
    """Run a payment server for a test; yield its address, ``http://127.0.0.1:8123/payment``.

    ``pathfile`` is the path of the kit's pathfile, whose certificates may name any address:
    a test posts straight to this one. ``listening`` is a socket to serve, ``options`` are those of
    ``PaymentServer``. At the end of the block everything is stopped.
    """
    server = PaymentServer(read_pathfile(pathfile), database, **options)
    try:
        with serving(mounted(server), listening=listening) as address:
            yield f"{address}/payment"
    finally:
        server.close()


@contextmanager
def serving(
    application: Application,
    port: int | None = None,
    threads: int = 8,
    listening: socket.socket | None = None,
) -> Iterator[str]:
    """Serve an application within a block; yield its address, ``http://127.0.0.1:8123``.

    Without a ``port`` or a socket that is ``listening`` a free port is taken that automatic responses may be
    sent to, so that a shop can be served too. At the end of the block everything is stopped and closed.
    """
    dispatchers: dict[int, Any] = {}
    everything: list[Any] = []
    if listening is None:
        listening = listen() if port is None else socket.create_server(("127.0.0.1", port))
    port = listening.getsockname()[1]
    server: Any = create_server(
        application,
        map=dispatchers,
        sockets=[listening],
        threads=threads,
        max_request_body_size=LARGEST_BODY,
    )

    def stop() -> None:  # in the server's own thread, which ends when there is nothing to wait for
        everything.extend(dispatchers.values())
        dispatchers.clear()

    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.trigger.pull_trigger(stop)
        thread.join()
        server.task_dispatcher.shutdown()
        for dispatcher in everything:
            dispatcher.close()


def listen() -> socket.socket:
    """Return a socket that listens on a free port of 127.0.0.1."""
    for port in random.sample(FREE_PORTS, 200):
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            continue
    raise OSError(f"no free port from {FREE_PORTS.start} to {FREE_PORTS.stop - 1}")
