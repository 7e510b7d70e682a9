"""Whose a file is that root made for the programs of another user."""

import os


def give_to_folder_owner(path: str) -> None:
    """Give what root just made to the owner of its folder, whose programs go on writing it."""
    if os.geteuid() == 0:
        folder = os.stat(os.path.dirname(path))
        os.chown(path, folder.st_uid, folder.st_gid)
