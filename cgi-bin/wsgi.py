"""The three scripts as one WSGI application, for servers that host an application: docs/hosting.md."""

import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [f"{ROOT}/lib", f"{ROOT}/lib/packages", HERE]

import call_autoresponse
import call_request
import call_response

from sogenactif.web import dispatch

application = dispatch(
    call_request=call_request.application,
    call_response=call_response.application,
    call_autoresponse=call_autoresponse.application,
)
