"""Every sentence that the commands print, a module a language."""
