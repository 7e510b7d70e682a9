"""Commands that the sandbox adds to ``bin/sogenactif``, with their modules."""

COMMANDS = {
    "sandbox": (
        "serve a payment server for tests",
        "sogenactif_sandbox.commands.sandbox",
    ),
    "trigger": ("post a sealed automatic response to a shop", "sogenactif_sandbox.commands.trigger"),
    "audit": (
        "attack a shop's automatic response",
        "sogenactif_sandbox.commands.audit",
    ),
    "preview": (
        "show a page of the payment server, with any template",
        "sogenactif_sandbox.commands.preview",
    ),
}
