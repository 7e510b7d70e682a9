"""What ``sogenactif check`` looks at: a module for each part of an installation, a function for each check."""
