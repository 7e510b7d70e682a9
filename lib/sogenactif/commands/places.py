"""The folders of this copy of the kit: as it was unpacked, installed by ``install.sh apache``, a bundle
or a Python package (``pip install``).

A bundle's scripts are beside its folder. A package has neither scripts nor a configuration: its pathfile is
the one in the current directory unless an option names another.
"""

import os

from sogenactif.files import PACKAGE
from sogenactif.files import ROOT as ROOT

if ROOT == PACKAGE:
    KIND = "package"
elif os.path.exists(f"{ROOT}/install.sh"):
    KIND = "unpacked"
elif os.path.exists(f"{ROOT}/.sogenactif"):
    KIND = "installed"
else:
    KIND = "bundle"
SCRIPTS = {"bundle": os.path.dirname(ROOT), "package": "."}.get(KIND, f"{ROOT}/cgi-bin")
PATHFILE = f"{ROOT}/var/conf/pathfile" if KIND == "bundle" else f"{SCRIPTS}/pathfile"
