"""The three scripts as one WSGI application, for servers that host an application: docs/hosting.md."""

import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [f"{ROOT}/lib", f"{ROOT}/lib/packages", HERE]

from sogenactif.hosting import serve_scripts

application = serve_scripts(HERE)
