"""The commands that the sandbox adds to ``bin/sogenactif``: what each does, and its module."""

COMMANDS = {
    "preview": ("show a page of the payment server, with any template", "sogenactif_sandbox.commands.preview")
}
