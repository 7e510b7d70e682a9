"""Parts of install.sh that are written in Python."""
