"""Where this copy of the kit keeps its parts: as it was unpacked, installed by ``install.sh apache``, or a bundle.

A bundle's scripts are beside its folder.
"""

import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
if os.path.exists(f"{ROOT}/install.sh"):
    KIND = "unpacked"
elif os.path.exists(f"{ROOT}/.sogenactif"):
    KIND = "installed"
else:
    KIND = "bundle"
SCRIPTS = os.path.dirname(ROOT) if KIND == "bundle" else f"{ROOT}/cgi-bin"
PATHFILE = f"{ROOT}/var/conf/pathfile" if KIND == "bundle" else f"{SCRIPTS}/pathfile"
