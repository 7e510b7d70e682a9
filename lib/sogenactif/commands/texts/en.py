"""Texts of the commands, in English."""

from sogenactif.commands.texts import Text
from sogenactif.errors import REFUSALS

WORDS = {
    # check
    "level_ok": "ok",
    "level_warning": "warning",
    "level_fault": "FAULT",
    "labelled": "{label}: {value}",
    "place": "{file}, line {line}: {saw}",
    "place_file": "{file}: {saw}",
    "summary": "Faults: {faults}. Warnings: {warnings}. All well: {well}.",
    "skipped": "Not checked: {names}.",
    "skipped_url": "--url http://your.shop checks the web server too.",
    "check_pathfile": "Pathfile",
    "check_parameters": "Parameters",
    "check_paths": "Paths",
    "check_debug": "Debug mode",
    "check_certificates": "Certificates and secret keys",
    "check_requests": "Sealed request",
    "check_addresses": "Addresses",
    "check_logos": "Logos",
    "check_office": "Office: the bank asked",
    "check_templates": "Templates",
    "check_shop": "The shop's part of the scripts",
    "check_disk": "Disk",
    "check_ledger": "Ledger",
    "check_journal": "Journal",
    "check_secrets": "Confidentiality",
    "check_log": "Log",
    "check_clock": "Clock",
    "check_python": "Python",
    "check_scripts": "Web server",
    "check_served_logos": "Logos on the web",
    "check_payment": "Payment",
    # certificate
    "certificate_exists": "There is a certificate already ({path}); --rotate keeps it as the previous one.",
    "certificate_exists_output": "There is a certificate already ({path}).",
    "certificate_merchant": "merchant",
    "certificate_country": "country",
    "certificate_type": "type",
    "certificate_made": "made",
    "certificate_expires": "last day",
    "certificate_expired": "{day}, expired",
    "certificate_own": "this kit: no bank accepts it",
    "certificate_issuer": "issued by",
    "certificate_payment": "payment",
    "certificate_office": "office",
    "certificate_third": "third service",
    "certificate_logistic": "logistic",
    "certificate_none": "No merchant of {path} has a certificate.",
    "certificate_untyped": "{path} does not name its merchant: rename it certif.<country>.<merchant_id>, as the bank does.",
    "certificate_other_type": "{path} is of the type {says}, and F_CTYPE of the pathfile is {wanted}: ask the bank for the right one, or correct F_CTYPE.",
    "certificate_is_expired": "{path} expired on {day}: ask the bank for a new one, or install it anyway with --force.",
    "certificate_same": "{path} is this certificate already.",
    "certificate_installed": "Installed: {path}",
    "certificate_kept": "The previous one: {path}",
    "certificate_then": "Check it with: sogenactif check",
    "certificate_unwritten": "{path} can't be written: {error}",
    "certificate_paypage": "{path} says PROTOCOL!paypage!, which seals with a secret key and not with a certificate: put the key from the bank's extranet, on one line, in {key}.<merchant_id>. See docs/paypage.md.",
    "certificate_is_a_key": "{path} is one line, like a secret key of Paypage, and not a certificate: docs/paypage.md says where it belongs.",
    "certificate_no_place": "{path} has no F_CERTIFICATE, the path of the certificates.",
    # common
    "no_ledger": "{path} names no LEDGER",
    "as_root": "Run the command as root or as the web server's user.",
    "usage_error": "error: {message}",
    "missing_module": "{command} needs {module}, which is missing: run ./install.sh in a whole copy of the kit",
    "no_web_address": "{text} is not an http or https address",
    "check_payment_needs": "--payment needs --url and --order",
    "check_order_needs": "--order goes with --payment",
    "check_no_user": "there is no user {user}",
    "paypage_no_merchant": "--merchant {merchant}: a merchant_id has at most {most} digits",
    "paypage_is_test_shop": "{merchant} is a test shop, unknown in production: name your own with --merchant",
    "paypage_no_shop": "--shop {shop} is not an address of the form https://shop.example",
    "paypage_no_port": "--shop {shop}: the platform calls the ports {first} to {last} only",
    "preview_no_field": "{field} is not a field of a request",
    "preview_no_schedule": "data can't make a payment in several times",
    "no_day": "{text} is not a day: write YYYY-MM-DD or AAAAMMJJ",
    "journal_lines": "lines of the journal",
    "differences_one": "{count} difference.",
    "differences_many": "{count} differences.",
    "pending_one": "{count} outcome is waiting for notification: sogenactif replay notifies the shop.",
    "pending_many": "{count} outcomes are waiting for notification: sogenactif replay notifies the shop.",
    "pending_refunds_one": "{count} refund is waiting for notification: sogenactif replay notifies the shop.",
    "pending_refunds_many": "{count} refunds are waiting for notification: sogenactif replay notifies the shop.",
    "matched_one": "{count} response was matched with its request",
    "matched_many": "{count} responses were matched with their requests",
    "transactions_one": "{count} transaction.",
    "transactions_many": "{count} transactions.",
    # the journal's words
    "kind_request": "request",
    "kind_response": "response",
    "kind_operation": "operation",
    "source_automatic": "automatic",
    "source_manual": "manual",
    "source_executable": "executable",
    "source_office": "Office",
    # transactions
    "transactions_reference": "REFERENCE",
    "transactions_made": "MADE (PARIS)",
    "transactions_state": "STATE",
    "transactions_notified": "NOTIFIED",
    "transactions_amount": "AMOUNT",
    "transactions_order": "ORDER",
    "transactions_printed": "printed",
    "transactions_yes": "yes",
    "transactions_no": "no",
    "transactions_stopped": "stopped",
    # show
    "show_no_reference": "{text} is not a reference: write AAAAMMJJ-NNNNNN or YYYY-MM-DD-NNNNNN",
    "show_none": "no transaction {reference}",
    "show_transaction": "{reference} of {merchant}: {state}",
    "show_not_notified": "{reference} of {merchant}: {state}, the shop is not notified yet",
    "show_made": "requested {moment}",
    "show_response": "{source} response {moment}: {verdict}",
    # verify
    "conflicting": "(another acceptance contradicts it: compare with the bank)",
    "show_stopped": "record_outcome ended its process several times: sogenactif replay calls it again",
    "verify_conflicting": "Transaction {reference}, order {order}: an acceptance arrived that contradicts it. Compare with the bank, and refund what was paid too much.",
    "paid_twice": "(the order is paid twice: refund one)",
    "verify_paid_twice": "Order {order} is paid more than once: {references}. Refund all but one.",
    "verify_agree": "The journal and the ledger agree.",
    "verify_invalid_line": "line {count} of the journal is damaged",
    "verify_journal_only": "{kind} {id} of {time} is in the journal only: replay records it",
    "verify_ledger_only": "{kind} {id} of {time} was in the ledger only: it is written to the journal",
    "verify_verdict": "{kind} {id} of {time}: the journal says {journal}, the ledger {ledger}",
    "verify_fields": "{kind} {id} of {time}: journal and ledger differ in {names}",
    # prune
    "prune_future": "{text} is not over yet: the day must be today or earlier",
    "prune_requests_one": "{count} request loses its personal values",
    "prune_requests_many": "{count} requests lose their personal values",
    "prune_responses_one": "{count} response loses its personal values",
    "prune_responses_many": "{count} responses lose their personal values",
    "prune_days_one": "{count} day of the journal is rewritten without them",
    "prune_days_many": "{count} days of the journal are rewritten without them",
    "prune_files_one": "{count} file of rejected messages is deleted",
    "prune_files_many": "{count} files of rejected messages are deleted",
    "prune_whole_one": "{count} transaction stays whole: its outcome may still arrive, or the shop was not notified of it",
    "prune_whole_many": "{count} transactions stay whole: their outcome may still arrive, or the shop was not notified of it",
    "prune_before": "Before {day}:",
    "prune_kept": "Orders, amounts, numbers, days, means of payment and result codes are kept; everything else is deleted.",
    "prune_nothing": "Nothing to delete before {day}.",
    "prune_confirm": "Delete? This can't be undone. [y/N]",
    "prune_not_confirmed": "not confirmed: nothing was deleted",
    "prune_done": "Deleted.",
    # replay
    "replay_done": "{recorded} recorded from the journal, {notified} notified to the shop, {pending} still pending",
    "replay_unreadable": "{path} can't be read: {error}",
    "verify_unreadable_day": "{error}",
    "replay_unreadable_day": "{error}",
    "replay_waits": "another replay is at work; waiting until it ends",
    "replay_invalid_line": "line {count} of the journal is damaged, and is skipped",
    "replay_refused": "{kind} {id} of {time} can't be recorded: {error}",
    "replay_no_script": "no script {script}; name it with --script",
    "replay_no_function": "{script} has no record_outcome that can be loaded: {error}",
    "replay_raised": "record_outcome raised {error}",
    # paypage
    "paypage_exists": "{path} exists already: name another folder, or remove it",
    "paypage_key": "paste the secret key of {merchant} from the bank's extranet into {path} with an editor, on one line",
    "paypage_data": "the web server's user has to own {path}, and to read the files beside it (chown, chgrp)",
    "paypage_pathfile": "name this pathfile in your requests and scripts: {path}",
    "paypage_check": "check it: sogenactif check --pathfile {path} --url {shop}",
    "paypage_test_shop": "{merchant} is a public test shop of {url}: nobody is charged, everybody knows its key",
    # the bank's words
    "bank_TO_AUTHORIZE": "not authorised yet",
    "bank_WAITING_AUTHOR": "to be authorised on its day of capture",
    "bank_TO_CAPTURE": "accepted, to be captured",
    "bank_TO_VALIDATE": "accepted, captured only once it is validated",
    "bank_TO_REPLAY": "accepted, to be authorised again once it is validated",
    "bank_TO_CHALLENGE": "waits for the merchant to accept or refuse it in the bank's back office",
    "bank_CAPTURED": "captured: the money is on its way to the merchant",
    "bank_CANCELLED": "cancelled: no money moves",
    "bank_CREDITED": "given back to the customer",
    "bank_TO_CREDIT": "accepted to be given back",
    "bank_REFUSED": "refused",
    "bank_REFERRAL": "the merchant has to call the bank",
    "bank_EXPIRED": "expired: it was not validated in time, no money moves",
    "bank_ENDED": "ended",
    "bank_other": "a state that the kit does not know",
    "code_03": "the bank does not know this merchant or contract",
    "code_12": "not valid",
    "code_24": "not possible in the state of the transaction",
    "code_25": "the bank has no such transaction",
    "code_30": "a field is malformed",
    "code_34": "wrong seal or version of the key",
    "code_40": "the contract does not include this",
    "code_51": "the amount is too high",
    "code_57": "not given back: the customer's bank has taken the money back already",
    "code_60": "pending at the bank",
    "code_90": "the bank's server is not available now",
    "code_99": "the bank's server has a technical problem",
    "code_other": "refused",
    "bank_code": "{code}: {words}",
    "operation_cancel": "cancel",
    "operation_refund": "refund",
    "operation_validate": "validate",
    "operation_state_intended": "not known",
    "operation_state_done": "done",
    "operation_state_refused": "refused",
    "operation_state_not_done": "not done",
    "operation_state_unclear": "never cleared up",
    "office_failed": "{error}",
    "several_merchants": "{reference} is a transaction of several merchants: name one with --merchant ({merchants})",
    # status
    "status_transaction": "{reference}, order {order}: {amount}",
    "status_ledger": "ledger: {state}",
    "status_ledger_not_notified": "ledger: {state}, the shop is not notified yet",
    "status_bank": "bank: {status} ({words})",
    "status_bank_code": "bank: {words}",
    "status_bank_outcome": "outcome at the bank: {outcome} (response_code {code})",
    "status_amounts": "requested {amount}, now {current}, left to refund or validate {left}",
    "status_last": "last operation: {operation}, {moment}",
    # reconcile
    "reconcile_columns_alone": "--columns goes with --file",
    "report_broken": "line {line}: not a payment, or not whole",
    "report_unknown": "line {line}: {reference}, order {order}: accepted by the bank ({bank}), and not in the ledger",
    "report_missing": "{reference}, order {order}: accepted in the ledger ({ledger}), and not in the report",
    "report_outcome": "line {line}: {reference}, order {order}: {bank} at the bank, {ledger} in the ledger",
    "report_amount": "line {line}: {reference}, order {order}: amount {bank} at the bank, {ledger} in the ledger",
    "report_currency_code": "line {line}: {reference}, order {order}: currency {bank} at the bank, {ledger} in the ledger",
    "report_order_id": "line {line}: {reference}, order {order}: the bank has order {bank}",
    "report_agrees": "The report and the ledger agree.",
    "reconcile_no_duration": "{text} is not a duration: write 90s, 20m, 2h or 3d",
    "reconcile_no_time": "--older has to be shorter than --newer",
    "reconcile_progress": "asking the bank: {count} of {total}",
    "reconcile_sips": "payments are on Sips 1.0 (PROTOCOL), whose bank has no server to ask",
    "reconcile_recorded": "{reference}, order {order}: {outcome}, recorded",
    "reconcile_never_begun": "{reference}, order {order}: never begun, or paid on another day",
    "reconcile_waiting": "{reference}, order {order}: not decided yet",
    "reconcile_contradictory": "{reference}, order {order}: NOT RECORDED, the bank's answer is another {why}; compare with its back office",
    "reconcile_no_code": "{reference}, order {order}: not recorded, the answer has no responseCode of the payment",
    "reconcile_refused": "{reference}, order {order}: not answered ({why})",
    "reconcile_failed": "{reference}, order {order}: no answer that can be trusted. {why}",
    "reconcile_notified": "{notified} notified to the shop, {pending} still pending",
    "reconciled_one": "{count} request without an outcome was asked about.",
    "reconciled_many": "{count} requests without an outcome were asked about.",
    # refund, validate
    "refund_no_amount": "{text} is no amount: write it in cents, 1250 for 12.50 euros",
    "refund_json": "--json needs --yes",
    "refund_transaction": "{reference}, order {order}: {status} ({words}), {left} are left",
    "refund_cancel": "to cancel: {amount}",
    "refund_refund": "to refund: {amount}",
    "refund_validate": "to validate: {amount}",
    "refund_confirm": "Do it? [y/N]",
    "refund_not_confirmed": "not confirmed: nothing was sent",
    "refund_earlier_done": "an earlier operation without an answer ({operation}, {amount}) was done, as the bank's state shows",
    "refund_earlier_not_done": "an earlier operation without an answer ({operation}, {amount}) was not done, as the bank's state shows",
    "refund_earlier_unclear": "an earlier operation without an answer ({operation}, {amount}) stays unclear",
    "refund_is_done": "That is what was wanted: nothing is sent.",
    "refund_done": "Done.",
    **{f"refused_{reason}": words for reason, words in REFUSALS.items()},
    "refund_refused": "refused, nothing was done: {why}",
    "refund_not_sent": "nothing was sent: {error}",
    "refund_not_known": "IT IS NOT KNOWN whether it was done: {error}. Run the same command again in a minute: it asks the bank before anything is sent",
    "refund_not_recorded": "IT IS NOT KNOWN whether it was done, and it could not be recorded: {error}. Look at sogenactif status before you repeat it",
    "refund_raised": "record_refund raised {error}",
    "given_back": "(given back: {amount})",
    "show_operation": "{operation} {moment} of {amount}: {state}",
    # migrate
    "migrate_already": "{path} is a pathfile for Paypage already",
    "migrate_exists": "{path} exists already; name another with --output",
    "migrate_written": "Written: {path}",
    "migrate_to_do": "To do:",
    "migrate_key": "put the secret key of {merchant} in {path} (one line, mode 640 or less)",
    "migrate_ledger": "name a LEDGER: without one caddie, language and customer_email are not returned",
    "migrate_message": "scripts that call response: pass the whole body of the post as message=, not DATA alone",
    "migrate_certificates": "keep F_CERTIFICATE and the certificates while responses to earlier payments may still arrive",
    "migrate_unchanged": "nothing changes",
    "migrate_unsent": "no counterpart: not sent",
    "migrate_parameters": "Parameters that a call may give:",
    "changed_amount": "sent without leading zeros",
    "changed_caddie": "not sent: the ledger stores it and returns it with the response; lost without a LEDGER",
    "changed_cancel_return_url": "not sent: every customer returns to normal_return_url, paid or not",
    "changed_capture_day": "with PAYMENT_N, included in the date of the first instalment",
    "changed_capture_mode": "PAYMENT_N is sent as paymentPattern INSTALMENT, with dates and amounts computed by the kit",
    "changed_customer_email": "returned from the ledger, not by the server",
    "changed_data": "NO_RESPONSE_PAGE, NO_RESPONSE_PAGE_POST and the schedule of PAYMENT_N are sent in their own keys, the rest is not sent",
    "changed_language": "ge and sp are sent as de and es; returned from the ledger",
    "changed_normal_return_url": "the address for every customer: accepted, refused and cancelled",
    "changed_order_id": "letters and digits are safe; other characters may be refused by the bank",
    "changed_payment_means": "block numbers arrange the shop's page, and are not sent; each button has its own form",
    "changed_return_context": "255 bytes at most, one fewer than in Sips 1.0",
    "changed_templatefile": "names a template of Paypage, which has to be installed at the bank",
    "changed_transaction_id": "sent with six digits; its day is that of the customer's arrival at the server",
}

# What check saw, and what to do. The latter may hold {file} and {kit}, quoted for a shell, and
# {errors}, the page of error messages.
FINDINGS = {
    # Any check
    "crashed": Text(
        "the check itself failed ({error})",
        "Report it, with this line.",
    ),
    "not_allowed": Text(
        "you may not read it, nor its content",
        "Run the check as root, or as the web server's user.",
    ),
    "no_answer": Text(
        "{url} does not answer ({error})",
        "Check the address, and whether the web server runs.",
    ),
    # Files
    "well_formed": Text("every line is well formed"),
    "missing": Text(
        "there is no such file",
        "Put it there, or correct the path that leads to it; if it is lost, ./install.sh apache writes a new one.",
    ),
    "unreadable": Text(
        "it can't be read ({error})",
        "Put a plain text file there.",
    ),
    "not_a_file": Text(
        "it is not a file",
        "Put the file there, or correct the path that leads to it.",
    ),
    "not_a_folder": Text(
        "it is not a folder",
        "Remove it, or correct the path that leads to it.",
    ),
    "keyword_absent": Text(
        "{keyword} is absent or empty",
        "Add the line {keyword}!value!",
    ),
    "kit_refuses": Text(
        "the kit says: {error}",
        "{errors} names the remedy.",
    ),
    "byte_order_mark": Text(
        "the file begins with a byte order mark (BOM), so that its first line is not understood",
        "Save it as UTF-8 without BOM, or: sed -i '1s/^\\xEF\\xBB\\xBF//' {file}",
    ),
    "carriage_returns": Text(
        "lines that end in a carriage return: {count}; the kit accepts them, other programs may not",
        "sed -i 's/\\r$//' {file}",
    ),
    "carriage_return_inside": Text(
        "a carriage return inside the line",
        "End lines with a line feed alone: sed -i 's/\\r/\\n/g' {file}",
    ),
    "blank_line": Text(
        "a line of blanks: the kit refuses it",
        "Remove it or its blanks.",
    ),
    "separators": Text(
        "exclamation marks: {count}, where a line has 2",
        "Write the line as KEYWORD!value!, without ! in the value.",
    ),
    "trailing_spaces": Text(
        "spaces after the last exclamation mark",
        "Remove them.",
    ),
    "after_the_end": Text(
        "text after the last exclamation mark, which the kit ignores",
        "Remove it; a comment begins with # on its own line.",
    ),
    "spaces_around": Text(
        "the value of {keyword} begins or ends with a space, which is part of it",
        "Remove the space.",
    ),
    "spaces_around_keyword": Text(
        "a space before or after the keyword {keyword}, so the line is ignored",
        "Begin the line with the keyword, and ! right after it.",
    ),
    "misspelled": Text(
        "unknown keyword {keyword}, so the line is ignored",
        "Did you mean {likely}?",
    ),
    "unknown_keyword": Text(
        "unknown keyword {keyword}, so the line is ignored",
        "Correct or remove the line.",
    ),
    "misplaced": Text(
        "{keyword} is not read in this file",
        "Pathfile and parmcom files have different keywords: move the line to the other.",
    ),
    "repeated": Text(
        "{keyword} was set on line {first} already; this one counts",
        "Keep one of the two.",
    ),
    "too_long": Text(
        "{keyword} has {length} bytes, {most} at most",
        "Shorten the value.",
    ),
    "misspelled_value": Text(
        "{keyword} must be one of these: {choices}",
        "Did you mean {likely}?",
    ),
    "wrong_value": Text(
        "{keyword} must be one of these: {choices}",
        "Write one of them.",
    ),
    "wrong_form": Text(
        "{keyword} is malformed; {example} is valid, for example",
        "Correct it.",
    ),
    "no_merchant": Text(
        "there is no such file for any merchant",
        "Make one, named after the merchant_id that the bank gave.",
    ),
    "parameters_misnamed": Text(
        "not named after a merchant_id, so it is ignored",
        "Name it {likely}, or remove it.",
    ),
    "relative": Text(
        "{keyword} is {value}, which depends on where a program is started",
        "Write the whole path, from / on.",
    ),
    "leads_nowhere": Text(
        "{keyword} leads to {path}, which does not exist",
        "Correct the path.",
    ),
    "leads_there": Text("{keyword} leads to a path that {user} may use"),
    "not_readable": Text(
        "the web server's user {user} can't read it",
        "chgrp {group} {file} && chmod g+r {file}",
    ),
    "not_entered": Text(
        "the web server's user {user} can't enter this folder, and what it needs is inside",
        "chgrp {group} {file} && chmod g+x {file}  # or put the kit's files elsewhere",
    ),
    "code_closed": Text(
        "the web server's user {user} can't read {path}, which the scripts run",
        "chmod -R go+rX {file}",
    ),
    "not_writable": Text(
        "the web server's user {user} can't write in it",
        "chown {user} {file}",
    ),
    "debug_on": Text(
        "DEBUG is YES: every customer is shown every parameter",
        "Write DEBUG!NO!",
    ),
    "debug_neither": Text(
        "DEBUG is neither YES nor NO, and counts as NO",
        "Write DEBUG!NO!",
    ),
    "debug_off": Text("the debug mode is off"),
    # Merchants
    "certificate": Text("of {merchant}, for {url}; mode {mode}, {owner}, group {group}"),
    "certificate_own": Text(
        "of {merchant}, issued by this kit for {url}: no bank accepts it; mode {mode}, {owner}, group {group}"
    ),
    "certificate_before": Text(
        "the previous one, of {merchant}, for {url}; mode {mode}, {owner}, group {group}"
    ),
    "certificate_former": Text(
        "only for responses to payments from before PROTOCOL!paypage!; mode {mode}, {owner}, group {group}"
    ),
    "certificate_left_over": Text(
        "Paypage is in use for more than {days} days: no response to an earlier payment needs this certificate any more",
        "Remove it and, once none is left, the line F_CERTIFICATE.",
    ),
    "certificate_missing": Text(
        "merchant {merchant} has no certificate there",
        "{kit}/bin/sogenactif certificate install FILE puts the bank's file there.",
    ),
    "certificate_misnamed": Text(
        "merchant {merchant} has no certificate there, but there is {likely}",
        "Rename it, or correct MERCHANT_COUNTRY or F_CTYPE.",
    ),
    "certificate_damaged": Text(
        "it is cut or altered: {error}",
        "Put the bank's file back; in binary mode if by FTP.",
    ),
    "another_merchant_id": Text(
        "the certificate is that of merchant {says}, not {wanted}",
        "Put this merchant's own there, or correct the name of the parmcom file.",
    ),
    "another_merchant_country": Text(
        "the certificate is of the country {says}, MERCHANT_COUNTRY of {wanted}",
        "Correct MERCHANT_COUNTRY, or ask the bank for the right certificate.",
    ),
    "another_certificate_type": Text(
        "the certificate is of the type {says}, F_CTYPE is {wanted}",
        "Correct F_CTYPE in the pathfile, or ask the bank for the right certificate.",
    ),
    "open_to_all": Text(
        "open to everybody on the machine (mode {mode}, {owner}, group {group}), and it is secret",
        "chmod o= {file}",
    ),
    "expired": Text(
        "it expired on {day}",
        "Ask the bank for a new one, then: {kit}/bin/sogenactif certificate install FILE",
    ),
    "expires_soon": Text(
        "it expires on {day}; days left: {days}",
        "Ask the bank for a new one, then: {kit}/bin/sogenactif certificate install FILE",
    ),
    "expiry_unreadable": Text(
        "certificate_expired is not a day of the form yyyymmdd",
        "Put the bank's file back.",
    ),
    "key": Text("the secret key of {merchant}; mode {mode}, {owner}, group {group}"),
    "key_before": Text("the secret key before, of {merchant}; mode {mode}, {owner}, group {group}"),
    "key_former": Text(
        "only for responses to payments made with PROTOCOL!paypage!; mode {mode}, {owner}, group {group}"
    ),
    "key_missing": Text(
        "merchant {merchant} has no secret key there",
        "Paste the key from the bank's extranet into this file with an editor, on one line; then chmod 640, and chgrp to the web server's group.",
    ),
    "key_misnamed": Text(
        "merchant {merchant} has no secret key there, but there is {likely}",
        "Rename it, or correct PAYPAGE_KEY.",
    ),
    "key_empty": Text(
        "it holds no secret key",
        "Paste the key from the bank's extranet, on one line.",
    ),
    "key_lines": Text(
        "{count} lines, where a secret key is one",
        "Keep the line of the key alone, without comments.",
    ),
    "key_spaces": Text(
        "a space before, in or after the key, which counts as part of it",
        "Remove it: sed -i 's/[[:space:]]//g' {file}",
    ),
    "key_public": Text(
        "it is the key of the bank's test shops, which is published, and payments go to {url}: anybody can forge responses",
        "Put the key from the bank's extranet there.",
    ),
    "key_in_tests": Text(
        "a key of your own, and payments go to the bank's server for tests ({url}), where nobody is charged",
        "In production name the bank's other server: PAYPAGE_URL!{production}!",
    ),
    "sealed": Text("a request of {merchant} was sealed and verified"),
    "request_refused": Text(
        "no request of {merchant} can be made: {error}",
        "Correct the parameter; {errors} names the remedy.",
    ),
    "address": Text("{keyword} is {url}"),
    "address_absent": Text(
        "{keyword} is not set",
        "Set it here, or let your program pass it with each request.",
    ),
    "address_malformed": Text(
        "{keyword} is not a web address: {url}",
        "Write http:// or https://, a host and a path, without spaces or accents.",
    ),
    "address_of_another": Text(
        "{keyword} leads to {script} instead of {served}",
        "Write the address of {served}.",
    ),
    "address_local": Text(
        "{keyword} is {url}, which neither customers nor the payment server can reach",
        "Write the shop's public address.",
    ),
    "address_in_clear": Text(
        "{keyword} is not https: {url}",
        "Serve the shop with https and correct the address here.",
    ),
    "address_with_password": Text(
        "{keyword} holds a user or a password, which every customer's browser would be given",
        "Take it out of the address, and out of the way: the bank's server logs in nowhere.",
    ),
    "address_with_parameters": Text(
        "{keyword} has parameters, which Paypage may refuse: {url}",
        "Write the address without ?; order_id, customer_id and return_context come back with the response.",
    ),
    "address_port": Text(
        "{keyword} is at port {port}, and the bank's server calls ports {first} to {last} only",
        "Serve the shop at the standard port of https, 443.",
    ),
    "address_unsent": Text(
        "{keyword} is not sent with PROTOCOL!paypage!: every customer returns to RETURN_URL, also after cancelling",
        "Let RETURN_URL serve both, and remove this line.",
    ),
    "server_for_tests": Text(
        "PAYPAGE_URL is the bank's server for tests, where nobody is charged",
        "Before you sell, write PAYPAGE_URL!{production}!",
    ),
    "server_in_clear": Text(
        "PAYPAGE_URL is not https: {url}",
        "Write the bank's address, which begins with https://",
    ),
    "server_gone": Text(
        "{host} is switched off: no payment begins",
        "Write the address of your bank's brand (docs/paypage.md lists them), such as PAYPAGE_URL!{production}!",
    ),
    "server_unknown": Text(
        "{host} is no host of Paypage that this kit knows; {likely} would be one",
        "Compare PAYPAGE_URL with the bank's documents; docs/paypage.md lists the hosts of each brand.",
    ),
    "test_shop_mode": Text(
        "{merchant} is a public test shop of the mode {wanted}, and PAYPAGE_REFERENCE is {mode}: the simulator refuses its requests",
        "Choose the test shop of the mode that you want, or its mode with PAYPAGE_REFERENCE (docs/paypage.md).",
    ),
    "server_local": Text(
        "{keyword} is {url}, but payments go to {server}, which its customers can't reach",
        "Install the bank's certificate or, with PROTOCOL!paypage!, write the bank's address in PAYPAGE_URL.",
    ),
    "logos": Text("pictures for all means of payment: {count}"),
    "logo_address": Text(
        "D_LOGO does not end in /, so that pictures are expected at {url}…",
        "Write / at the end.",
    ),
    "logo_as_text": Text(
        "no picture for {means}: customers see a button with its name",
        "Put a picture there, if you want one.",
    ),
    "means_misspelled": Text(
        "no picture for {means}",
        "Did you mean {likely}? Correct PAYMENT_MEANS.",
    ),
    "logo_missing": Text(
        "no picture for {means}: customers see a broken one",
        "Put it there; the file's extension is LOGO_TYPE (gif if it is not set).",
    ),
    # Templates, the shop's part
    "templates": Text("each is well formed, and pages can be made of them"),
    "template_missing": Text(
        "the template is missing",
        "Copy it from the kit again.",
    ),
    "template_syntax": Text(
        "the template has a syntax error: {error}",
        "Correct the line.",
    ),
    "template_fails": Text(
        "rendering it fails: {error}",
        "Correct the line.",
    ),
    "not_utf8": Text(
        "the line is not UTF-8",
        "Save the file as UTF-8.",
    ),
    "shop": Text("every merchant that the scripts name has parameters"),
    "merchant_unknown": Text(
        "{merchant} looks like a merchant_id, and has no parmcom file: its customers get an error",
        "Write your own merchant_id there, or restore parmcom.{merchant} beside the pathfile; if it is lost, ./install.sh apache writes a new one.",
    ),
    "merchant_not_recorded": Text(
        "call_request.py names the merchant {merchant}, and this script doesn't: its payments are accepted and change no order",
        "Write the same merchant_id in both scripts.",
    ),
    "order_fails": Text(
        "order_to_pay fails, so that every customer gets an error: {error}",
        "Correct the function at the top of the script, or restore the file that it opens from a backup.",
    ),
    "form_fails": Text(
        "customers of {merchant} get an error instead of a form: {error}",
        "{errors} names the remedy.",
    ),
    # Ledger
    "disk": Text("free for the ledger and the journal: {free} MiB"),
    "disk_full": Text(
        "free on its disk: {free} MiB; without space for the journal no payment begins",
        "Free some space.",
    ),
    "disk_read_only": Text(
        "its disk is read-only: no payment begins",
        "Look for the cause (dmesg), and remount it read-write.",
    ),
    "no_ledger": Text(
        "no LEDGER: transaction_id is the time, responses are logged, and the shop is notified as often as they arrive"
    ),
    "ledger_needed": Text(
        "no LEDGER: with PROTOCOL!paypage! caddie is lost, language and customer_email are not returned",
        "Add the line LEDGER!sqlite:////path/to/ledger.db!",
    ),
    "ledger": Text("schema {version}, writable by {user}, nothing is pending"),
    "ledger_to_come": Text("not there yet; the first payment creates it"),
    "ledger_older": Text("of an older kit; the next payment migrates it"),
    "ledger_newer": Text(
        "made by a newer kit (schema {version}, this one knows {known})",
        "Install the newer kit again.",
    ),
    "ledger_gone": Text(
        "it is missing, though its journal exists",
        "{kit}/bin/sogenactif replay  # or put the file back",
    ),
    "ledger_damaged": Text(
        "it is damaged, or not a database; replay renames it and rebuilds it from the journal",
        "{kit}/bin/sogenactif replay",
    ),
    "journal_unreadable": Text(
        "{error}",
        "Make the file readable for the web server's user, or restore it.",
    ),
    "ledger_fails": Text(
        "{error}",
        "{errors} names the remedy; then run: {kit}/bin/sogenactif replay",
    ),
    "ledger_malformed": Text(
        "LEDGER is neither sqlite:////absolute/path nor postgresql://…",
        "Write one of the two; sqlite has four slashes.",
    ),
    "paid_twice_orders": Text(
        "orders that were paid more than once: {orders}",
        "Refund all but one payment of each, by {kit}/bin/sogenactif refund or in the bank's back office: {kit}/bin/sogenactif verify lists them.",
    ),
    "conflicting_acceptances": Text(
        "transactions to which an acceptance arrived that contradicts them: {references}",
        "Compare each with the bank's back office, and refund what was paid too much: {kit}/bin/sogenactif verify lists them.",
    ),
    "order_characters": Text(
        "orders with other characters than letters and digits, which the bank may refuse: {orders}",
        "Give Paypage an order_id of letters and digits, and keep the other name in the shop.",
    ),
    "not_notified": Text(
        "outcomes of which the shop was not notified: {count}",
        "The web server's log says why record_outcome failed; then run: {kit}/bin/sogenactif replay",
    ),
    "refunds_not_notified": Text(
        "refunds of which the shop was not notified: {count}",
        "The web server's log says why record_refund failed; then run: {kit}/bin/sogenactif replay",
    ),
    "unentered": Text(
        "lines that the ledger lacks: {count}",
        "{kit}/bin/sogenactif replay",
    ),
    "journal": Text("writable by {user}"),
    "journal_to_come": Text("not there yet; the first payment creates it"),
    "user_unknown": Text(
        "its folder belongs to root, and no web server runs as root: the rights of its user can't be checked",
        "Name that user with --user, and make it the owner of the journal's folder.",
    ),
    "secrets": Text("nobody else on the machine may read the ledger and the journal"),
    "server_log": Text("events go to the web server's error log"),
    "syslog": Text("events go to {socket}"),
    "syslog_unreachable": Text(
        "LOG is syslog, and {socket} can't be reached ({error}): events go to the web server's error log",
        "Start this machine's syslog, or remove the line.",
    ),
    # Machine
    "python": Text("Python {version} ({executable}), all dependencies, every script's first line"),
    "old_python": Text(
        "{command} is Python {version}",
        "Install Python 3.10 or newer, and name it in the first line of the scripts.",
    ),
    "dependencies_unpacked": Text(
        "{command} can't import {names}",
        "./install.sh, with this Python",
    ),
    "dependencies_installed": Text(
        "{command} can't import {names}",
        "Run ./install.sh apache again, with the same options, in the kit that you unpacked.",
    ),
    "dependencies_package": Text(
        "{command} can't import {names}",
        "Install the package again: pip install --force-reinstall sogenactif",
    ),
    "dependencies_bundle": Text(
        "{command} can't import {names}",
        "Copy the folder lib/packages of the bundle here again; in binary mode if by FTP.",
    ),
    "no_interpreter": Text(
        "{command} can't be run as Python",
        "Name a Python that exists in the first line: #!/usr/bin/python3",
    ),
    "script_missing": Text(
        "the script is missing",
        "Install the kit again: your changes stay.",
    ),
    "script_missing_bundle": Text(
        "the script is missing",
        "Copy it from the bundle again, or name the folder of the scripts with --scripts.",
    ),
    "script_unnamed": Text(
        "the first line names no interpreter",
        "Begin the script with #!/usr/bin/python3",
    ),
    "script_carriage_return": Text(
        "the first line ends in a carriage return, so that the web server finds no such interpreter",
        "sed -i 's/\\r$//' {file}  # and copy in binary mode if by FTP",
    ),
    "script_not_executable": Text(
        "the script is not executable",
        "chmod 755 {file}",
    ),
    "script_syntax": Text(
        "the script has a syntax error: {error}",
        "Correct the line.",
    ),
    "no_paris": Text(
        "the time zone Europe/Paris is unknown",
        "Install the system's tzdata (apt-get install tzdata), or put the kit's lib/packages there again, which has one.",
    ),
    "clock": Text("{seconds} s compared with {url}"),
    "clock_wrong": Text(
        "this machine's clock differs by {seconds} s from that of {url}",
        "Set the clock, and turn on its synchronisation: timedatectl set-ntp true",
    ),
    # Web server
    "script_runs": Text("{url} runs (it answers {status})"),
    "source_served": Text(
        "DANGER: {url} SHOWS EVERYBODY THE SOURCE OF THE SCRIPT instead of running it",
        "Turn mod_wsgi on (a2enmod wsgi) or CGI (a2enmod cgid, ScriptAlias), and remove the script until then.",
    ),
    "configuration_served": Text(
        "DANGER: {url} SHOWS EVERYBODY THE PATHFILE",
        "Keep configuration out of the folders that the web server serves, or forbid them there.",
    ),
    "key_served": Text(
        "DANGER: {url} SHOWS EVERYBODY A SECRET KEY",
        "Ask the bank's extranet for a new key, and keep it out of the folders that the web server serves.",
    ),
    "script_fails": Text(
        "{url} fails (500)",
        "The web server's error log says why, with the incident's reference if the page shows one.",
    ),
    "script_forbidden": Text(
        "{url} is refused (403): mod_wsgi or CGI is off, or access denied",
        "a2enmod wsgi (cgid for CGI), then restart Apache; if it is on, Require all granted for the folder of the scripts. On a hosting, have CGI allowed there.",
    ),
    "script_not_found": Text(
        "{url} is not found (404)",
        "a2enconf 00-sogenactif, then reload Apache; if that is on, this address may be another host's: check --url. On a hosting, put the scripts into its cgi-bin.",
    ),
    "script_not_run": Text(
        "{url} answers {status} where the kit answers {expected}",
        "Something else answers there: look at the web server's configuration.",
    ),
    "address_served": Text("{keyword} is {url}, where the kit's script runs (it answers {status})"),
    "address_not_served": Text(
        "{keyword} is {url}, which answers {status}",
        "Correct the address; the kit's own script is {ours}",
    ),
    "address_redirects": Text(
        "{keyword} is {url}, which redirects to {to}: the posted fields get lost",
        "Write the final address.",
    ),
    "address_asks_password": Text(
        "{keyword} is {url}, which asks for a password ({status}): the bank's server has none",
        "Take the password away from this address, for a test site too: Require all granted in Apache.",
    ),
    "address_refuses_posts": Text(
        "{keyword} is {url}, which refuses posts ({status})",
        "Let posts from everywhere get to this address: no filter of IP addresses, no rule of a firewall or of mod_security, no token of the shop's own.",
    ),
    "address_takes_no_posts": Text(
        "{keyword} is {url}, which takes no posts ({status})",
        "Have the web server and the script allow the method POST at this address.",
    ),
    "address_limits_posts": Text(
        "{keyword} is {url}, which limits how many posts it takes ({status})",
        "Take the limit away from this address: the bank's server sends once, and promises no repetition.",
    ),
    "address_unknown": Text(
        "{keyword} is {url}, where something else than the kit's script answers ({status})",
        "Leave it if your own script calls bin/response there; otherwise write {ours}",
    ),
    "shop_hidden": Text(
        "Apache serves the kit in place of this, at the same address",
        "Rename it; or give the logos another address: change D_LOGO ({logos}), then run ./install.sh apache again. With --site NAME that takes only the virtual hosts of one site.",
    ),
    "logos_served": Text("{url} has a picture for each means of payment"),
    "logo_not_served": Text(
        "{url} is not a picture ({status}, {kind})",
        "Put the picture there, or correct D_LOGO or LOGO_TYPE.",
    ),
    # Office
    "office_answers": Text("the bank's Office server knows merchant {merchant} and its key"),
    "office_in_clear": Text(
        "OFFICE_URL is not https: {url}",
        "Write the https address of the bank.",
    ),
    "office_for_tests": Text(
        "OFFICE_URL is the bank's server for tests, and PAYPAGE_URL is not: {url}",
        "Name the server on which payments are made.",
    ),
    "office_fails": Text(
        "the Office server does not answer for merchant {merchant} as it should: {error}",
        "Compare OFFICE_URL, the key and PAYPAGE_KEY_VERSION with the bank's documentation and extranet.",
    ),
    "office_refuses": Text(
        "the Office server refuses merchant {merchant}: {words}",
        "Ask the bank whether the contract includes Office.",
    ),
    # Payment
    "payment_done": Text("transaction {number} was accepted"),
    "payment_in_ledger": Text("transaction {number} was accepted, and is in the ledger"),
    "payment_bank": Text(
        "payments go to {url}, which is not a sandbox of this kit: the check never pays at a bank",
        "Try payments with a certificate of: {kit}/bin/sogenactif certificate issue; with PROTOCOL!paypage!, with a PAYPAGE_URL on this machine.",
    ),
    "payment_unknown": Text(
        "the address of the payment server is not known",
        "See the findings on the certificates, or on PAYPAGE_URL.",
    ),
    "payment_no_order": Text(
        "{url} shows no form for this order ({status})",
        "Name an order of the shop that is still to be paid with --order.",
    ),
    "payment_unsealed": Text(
        "{url}: {error}",
        "{errors} names the remedy.",
    ),
    "payment_no_entry": Text(
        "{url} asks for no card ({status})",
        "The payment server refused the request: its console says why.",
    ),
    "payment_no_receipt": Text(
        "{url} shows no receipt ({status})",
        "Its console says why. With 3-D Secure the check can't continue: name an order of a merchant without it.",
    ),
    "payment_not_accepted": Text(
        "the test card is not accepted: {outcome} (response_code {code})",
        "The console of the payment server says why.",
    ),
    "payment_not_notified": Text(
        "transaction {number} was accepted, and the ledger says {state}",
        "The automatic response goes to {url}: the web server's log says what happened to it.",
    ),
    "payment_no_return": Text(
        "{url} answers {status} to the customer who comes back",
        "The web server's log says why.",
    ),
}
