"""A shop's call_autoresponse in a process that may be killed at any moment: started by test_crashes.

Arguments: the descriptor of a listening socket, the pathfile, the file where outcomes are noted.
"""

import os
import socket
import sys

from waitress.server import create_server

from sogenactif.payment import PaymentResponse
from sogenactif.web import call_autoresponse

_, descriptor, pathfile, notes = sys.argv


def record_outcome(response: PaymentResponse) -> None:
    """Note an outcome, once more each time the shop is notified."""
    with open(f"{notes}/{response['transaction_id']}", "a") as file:
        file.write(f"{response.outcome}\n")


application = call_autoresponse(record_outcome, pathfile, os.devnull)
listening = socket.socket(fileno=int(descriptor))
create_server(application, sockets=[listening], threads=4).run()
