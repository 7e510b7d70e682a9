"""What ``sogenactif check`` says in English: what it saw, and what to do where anything is to be done."""

ENGLISH: dict[str, tuple[str, str]] = {
    # Words around the findings
    "level_ok": ("ok", ""),
    "level_warning": ("warning", ""),
    "level_fault": ("FAULT", ""),
    "place": ("{file}, line {line}: {saw}", ""),
    "place_file": ("{file}: {saw}", ""),
    "summary": ("Faults: {faults}. Warnings: {warnings}. All well: {well}.", ""),
    "skipped": ("Not looked at: {names}.", ""),
    "skipped_url": ("--url http://your.shop looks at the web server too.", ""),
    "check_pathfile": ("Pathfile", ""),
    "check_parameters": ("Parameters", ""),
    "check_paths": ("Paths", ""),
    "check_debug": ("Debug mode", ""),
    "check_certificates": ("Certificates", ""),
    "check_requests": ("A request, sealed", ""),
    "check_addresses": ("Addresses", ""),
    "check_logos": ("Logos", ""),
    "check_ledger": ("Ledger", ""),
    "check_journal": ("Journal", ""),
    "check_secrets": ("Secrets", ""),
    "check_clock": ("Clock", ""),
    "check_python": ("Python", ""),
    "check_scripts": ("Web server", ""),
    "check_served_logos": ("Logos on the web", ""),
    "check_payment": ("A payment", ""),
    # Any check
    "crashed": ("the check itself failed ({error})", "Report it, with this line."),
    "not_allowed": ("you may not look at it", "Run the check as root, or as the web server's user."),
    "no_answer": ("{url} does not answer ({error})", "Check the address, and that the web server runs."),
    # Files
    "well_formed": ("every line is well formed", ""),
    "missing": ("there is no such file", "Put it there, or correct the path that leads to it."),
    "unreadable": ("it can't be read ({error})", "Put a plain text file there."),
    "keyword_absent": ("{keyword} is absent or empty", "Add the line {keyword}!value!"),
    "kit_refuses": ("the kit says: {error}", "docs/errors.md names the remedy."),
    "byte_order_mark": (
        "the file begins with a byte order mark (BOM), so that its first line is not understood",
        "Save it as UTF-8 without BOM, or: sed -i '1s/^\\xEF\\xBB\\xBF//' {file}",
    ),
    "carriage_returns": (
        "lines that end in a carriage return: {count}; the kit takes them, other programs may not",
        "sed -i 's/\\r$//' {file}",
    ),
    "carriage_return_inside": (
        "a carriage return inside the line",
        "End lines with a line feed alone: sed -i 's/\\r/\\n/g' {file}",
    ),
    "blank_line": ("a line of blanks: the kit refuses it", "Empty the line or take it out."),
    "separators": (
        "{count} exclamation marks where a line has 2",
        "Write the line as KEYWORD!value!, without ! in the value.",
    ),
    "trailing_spaces": ("spaces after the last exclamation mark", "Take them out."),
    "after_the_end": (
        "something after the last exclamation mark, which the kit does not read",
        "Take it out; a comment begins with # on a line of its own.",
    ),
    "spaces_around": (
        "the value of {keyword} begins or ends with a space, which is part of it",
        "Take the space out.",
    ),
    "spaces_around_keyword": (
        "a space before or after the keyword {keyword}: the line is not read",
        "Begin the line with the keyword, and ! right after it.",
    ),
    "misspelled": ("unknown keyword {keyword}, so the line is not read", "Did you mean {likely}?"),
    "unknown_keyword": (
        "unknown keyword {keyword}, so the line is not read",
        "Correct it or take the line out.",
    ),
    "misplaced": (
        "{keyword} is not read in this file",
        "Pathfile and parmcom files have different keywords: move the line to the other.",
    ),
    "repeated": ("{keyword} was set on line {first} already; this one counts", "Keep one of the two."),
    "too_long": ("{keyword} has {length} bytes, {most} at most", "Shorten the value."),
    "no_merchant": (
        "there is no such file for any merchant",
        "Make one, named after the merchant_id that the bank gave.",
    ),
    "relative": (
        "{keyword} is {value}, which depends on where a program is started",
        "Write the whole path, from / on.",
    ),
    "leads_nowhere": ("{keyword} leads to {path}, which is not there", "Correct the path."),
    "leads_there": ("{keyword} leads where {user} gets", ""),
    "not_for_user": (
        "the web server's user {user} can't read it",
        "Give {user} the right to read it and to enter the folders above it (chgrp, chmod).",
    ),
    "not_writable": ("the web server's user {user} can't write in it", "chown {user} {file}"),
    "debug_on": ("DEBUG is YES: every customer is shown every parameter", "Write DEBUG!NO!"),
    "debug_neither": ("DEBUG is neither YES nor NO, and counts as NO", "Write DEBUG!NO!"),
    "debug_off": ("the debug mode is off", ""),
    # Merchants
    "certificate": ("of {merchant}, for {url}; mode {mode}, {owner}, group {group}", ""),
    "certificate_own": (
        "of {merchant}, issued by this kit for {url}: no bank takes it; mode {mode}, {owner}, group {group}",
        "",
    ),
    "certificate_before": (
        "the one before, of {merchant}, for {url}; mode {mode}, {owner}, group {group}",
        "",
    ),
    "certificate_missing": (
        "merchant {merchant} has no certificate there",
        "sogenactif certificate install FILE puts the bank's file there.",
    ),
    "certificate_misnamed": (
        "merchant {merchant} has no certificate there, but there is {likely}",
        "Rename it, or correct MERCHANT_COUNTRY or F_CTYPE.",
    ),
    "certificate_damaged": (
        "it is cut or altered: {error}",
        "Put the bank's file back; in binary mode if by FTP.",
    ),
    "another_merchant_id": (
        "the certificate is that of merchant {says}, not {wanted}",
        "Put this merchant's own there, or correct the name of the parmcom file.",
    ),
    "another_merchant_country": (
        "the certificate is of the country {says}, MERCHANT_COUNTRY of {wanted}",
        "Correct MERCHANT_COUNTRY, or ask the bank for the right certificate.",
    ),
    "another_certificate_type": (
        "the certificate is of the type {says}, F_CTYPE is {wanted}",
        "Correct F_CTYPE in the pathfile, or ask the bank for the right certificate.",
    ),
    "open_to_all": (
        "everybody on the machine can read or change it (mode {mode}, {owner}, group {group}), and it is secret",
        "chmod o= {file}",
    ),
    "expired": (
        "it expired on {day}",
        "Ask the bank for a new one, then: sogenactif certificate install FILE",
    ),
    "expires_soon": (
        "it expires on {day}, in {days} days",
        "Ask the bank for a new one, then: sogenactif certificate install FILE",
    ),
    "expiry_unreadable": ("certificate_expired is no day of the form yyyymmdd", "Put the bank's file back."),
    "sealed": ("a request of {merchant} was sealed and opened again", ""),
    "request_refused": (
        "no request of {merchant} can be made: {error}",
        "Correct the parameter; docs/errors.md names the remedy.",
    ),
    "address": ("{keyword} is {url}", ""),
    "address_absent": (
        "{keyword} is not set",
        "Set it here, or have your program give it with each request.",
    ),
    "address_malformed": (
        "{keyword} is no address: {url}",
        "Write http:// or https://, a host and a path, without spaces or accents.",
    ),
    "address_local": (
        "{keyword} is {url}, where neither customers nor the bank's server get",
        "Write the shop's public address.",
    ),
    "address_in_clear": ("{keyword} is not https: {url}", "Serve the shop with https and write so here."),
    "logos": ("pictures for all means of payment: {count}", ""),
    "logo_as_text": (
        "no picture for {means}: customers see a button with its name",
        "Put a picture there, if you want one.",
    ),
    "logo_missing": (
        "no picture for {means}: customers see a broken one",
        "Put it there; the file's extension is LOGO_TYPE (gif where it is not set).",
    ),
    # Ledger
    "no_ledger": (
        "no LEDGER: transaction_id is the time, responses are logged and told as often as they come",
        "",
    ),
    "ledger": ("schema {version}, {user} writes it, nothing is left behind", ""),
    "ledger_to_come": ("not there yet; the first payment makes it", ""),
    "ledger_older": ("of an older kit; the next payment brings it up to date", ""),
    "ledger_newer": (
        "made by a newer kit (schema {version}, this one knows {known})",
        "Install the newer kit again.",
    ),
    "ledger_gone": ("it is gone, though its journal is here", "Put the file back, or run: sogenactif replay"),
    "ledger_fails": ("{error}", "docs/errors.md names the remedy; then run: sogenactif replay"),
    "ledger_malformed": (
        "LEDGER is neither sqlite:////absolute/path nor postgresql://…",
        "Write one of the two; sqlite has four slashes.",
    ),
    "journal_absent": ("this LEDGER needs JOURNAL", "Add the line JOURNAL!/path/to/folder!"),
    "untold": (
        "outcomes that the shop was not told: {count}",
        "The web server's log says why record_outcome failed; then run: sogenactif replay",
    ),
    "unentered": ("lines that the ledger lacks: {count}", "sogenactif replay"),
    "journal": ("{user} writes it", ""),
    "journal_to_come": ("not there yet; the first payment makes it", ""),
    "secrets": ("nobody else on the machine reads the ledger and the journal", ""),
    # Machine
    "python": ("Python {version} ({executable}), all dependencies, every script's first line", ""),
    "old_python": (
        "{command} is Python {version}",
        "Install Python 3.10 or newer, and name it in the first line of the scripts.",
    ),
    "dependencies": ("{command} can't import {names}", "./install.sh, with this Python"),
    "no_interpreter": (
        "{command} can't be run as a Python",
        "Name a Python that is there in the first line: #!/usr/bin/python3",
    ),
    "script_missing": ("the script is not there", "Install the kit again: what you changed stays."),
    "script_unnamed": ("the first line names no interpreter", "Begin the script with #!/usr/bin/python3"),
    "script_carriage_return": (
        "the first line ends in a carriage return, so that the web server finds no such interpreter",
        "sed -i 's/\\r$//' {file}, and copy in binary mode if by FTP",
    ),
    "script_not_executable": ("the script is not executable", "chmod 755 {file}"),
    "no_paris": ("the time zone Europe/Paris is unknown", "./install.sh, which installs tzdata"),
    "clock": ("{seconds} s beside {url}", ""),
    "clock_wrong": (
        "this machine's clock is {seconds} s beside that of {url}",
        "Set the clock, and turn on its synchronisation: timedatectl set-ntp true",
    ),
    # Web server
    "script_runs": ("{url} runs (it answers {status})", ""),
    "source_served": (
        "DANGER: {url} SHOWS EVERYBODY THE SOURCE OF THE SCRIPT instead of running it",
        "Turn CGI on (a2enmod cgid, ScriptAlias), and take the script away until then.",
    ),
    "configuration_served": (
        "DANGER: {url} SHOWS EVERYBODY THE PATHFILE",
        "Keep configuration out of the folders that the web server serves, or forbid them there.",
    ),
    "script_fails": (
        "{url} fails (500)",
        "The web server's error log says why, with the incident's reference where the page shows one.",
    ),
    "script_not_there": (
        "{url} is not served ({status})",
        "Include the kit's configuration in that of the web server: ScriptAlias and Require all granted.",
    ),
    "script_not_run": (
        "{url} answers {status} where the kit answers {expected}",
        "Something else answers there: look at the web server's configuration.",
    ),
    "logos_served": ("{url} has a picture for each means of payment", ""),
    "logo_not_served": (
        "{url} is no picture ({status}, {kind})",
        "Put the picture there, or correct D_LOGO or LOGO_TYPE.",
    ),
    # Payment
    "payment_done": ("transaction {number} was accepted", ""),
    "payment_in_ledger": ("transaction {number} was accepted, and the ledger knows", ""),
    "payment_bank": (
        "not issued by this kit: no payment is tried against a bank",
        "Try payments with a certificate of: sogenactif certificate issue",
    ),
    "payment_without_certificate": (
        "no merchant has a certificate that can be used",
        "See what is said of the certificates.",
    ),
    "payment_no_order": (
        "{url} shows no form for this order ({status})",
        "Name an order of the shop that is still to be paid with --order.",
    ),
    "payment_unsealed": ("{url}: {error}", "docs/errors.md names the remedy."),
    "payment_no_entry": (
        "{url} asks for no card ({status})",
        "The payment server refused the request: its console says why.",
    ),
    "payment_no_receipt": (
        "{url} shows no receipt ({status})",
        "Its console says why. With 3-D Secure the check can't go on: name an order of a merchant without.",
    ),
    "payment_not_accepted": (
        "the card that is always accepted is not: {outcome} (response_code {code})",
        "The console of the payment server says why.",
    ),
    "payment_not_told": (
        "transaction {number} was accepted, and the ledger says {state}",
        "The automatic response goes to {url}: the web server's log says what became of it.",
    ),
    "payment_no_return": (
        "{url} answers {status} to the customer who comes back",
        "The web server's log says why.",
    ),
}
