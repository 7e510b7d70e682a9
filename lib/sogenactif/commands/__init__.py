"""The commands of ``bin/sogenactif``, a module each."""
