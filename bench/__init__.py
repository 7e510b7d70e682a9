"""Measurements of the kit beside the least that the same machine has to do anyway; docs/speed.md."""
