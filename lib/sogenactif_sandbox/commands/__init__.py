"""Commands that the sandbox adds to ``bin/sogenactif``, with their modules."""

COMMANDS = {
    "preview": ("show a page of the payment server, with any template", "sogenactif_sandbox.commands.preview")
}
