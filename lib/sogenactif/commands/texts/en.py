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
    "check_office": "Office server of the bank",
    "check_templates": "Templates",
    "check_shop": "The shop's functions in the scripts",
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
    "certificate_exists": "There already is a certificate ({path}); --rotate keeps it as the previous one.",
    "certificate_exists_output": "There already is a certificate ({path}).",
    "certificate_merchant": "merchant",
    "certificate_country": "country",
    "certificate_type": "type",
    "certificate_made": "created",
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
    "certificate_same": "{path} already is this certificate.",
    "certificate_installed": "Installed: {path}",
    "certificate_kept": "The previous one: {path}",
    "certificate_then": "Check it with: sogenactif check",
    "certificate_unwritten": "{path} can't be written: {error}",
    "certificate_paypage": "{path} sets PROTOCOL!paypage!, which uses a secret key instead of a certificate: save the key from the bank's extranet, on one line, in {key}.<merchant_id>. See docs/paypage.md.",
    "certificate_is_a_key": "{path} has one line: it is a secret key of Paypage, not a certificate. docs/paypage.md says where to save it.",
    "certificate_no_place": "{path} has no F_CERTIFICATE, the path of the certificates.",
    # common
    "no_ledger": "{path} names no LEDGER",
    "as_root": "Run the command as root or as the web server's user.",
    "usage_error": "error: {message}",
    "missing_module": "{command} needs {module}, which is missing: run ./install.sh in a complete copy of the kit",
    "no_web_address": "{text} is not an http or https address",
    "check_payment_needs": "--payment needs --url and --order",
    "check_order_needs": "--order goes with --payment",
    "check_no_user": "there is no user {user}",
    "paypage_no_merchant": "--merchant {merchant}: a merchant_id has at most {most} digits",
    "paypage_is_test_shop": "{merchant} is a test shop, which does not exist in production: name your own with --merchant",
    "paypage_no_shop": "--shop {shop} is not an address of the form https://shop.example",
    "paypage_no_port": "--shop {shop}: the platform calls ports {first} to {last} only",
    "preview_no_field": "{field} is not a field of a request",
    "preview_no_schedule": "data has no valid schedule of a payment in instalments",
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
    "show_stopped": "record_outcome ended its process several times: only sogenactif replay calls it again",
    "verify_conflicting": "Transaction {reference}, order {order}: an acceptance arrived that contradicts it. Compare with the bank, and refund what was overpaid.",
    "paid_twice": "(the order is paid twice: refund one)",
    "verify_paid_twice": "Order {order} is paid more than once: {references}. Refund all but one.",
    "verify_agree": "The journal and the ledger agree.",
    "verify_invalid_line": "line {count} of the journal is damaged",
    "verify_journal_only": "{kind} {id} of {time} is in the journal only: replay records it in the ledger",
    "verify_ledger_only": "{kind} {id} of {time} was in the ledger only: it is written to the journal",
    "verify_verdict": "{kind} {id} of {time}: the journal says {journal}, the ledger {ledger}",
    "verify_fields": "{kind} {id} of {time}: journal and ledger differ in {names}",
    # prune
    "prune_future": "{text} is in the future: the day must be today or earlier",
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
    "replay_waits": "another replay is running; waiting until it ends",
    "replay_invalid_line": "line {count} of the journal is damaged and skipped",
    "replay_refused": "{kind} {id} of {time} can't be recorded: {error}",
    "replay_no_script": "no script {script}; name it with --script",
    "replay_no_function": "{script} has no record_outcome that can be loaded: {error}",
    "replay_raised": "record_outcome raised {error}",
    # paypage
    "paypage_exists": "{path} already exists: name another folder, or remove it",
    "paypage_key": "paste the secret key of {merchant} from the bank's extranet into {path} with an editor, on one line",
    "paypage_data": "the web server's user must own {path} and be able to read the files beside it (chown, chgrp)",
    "paypage_pathfile": "name this pathfile in your requests and scripts: {path}",
    "paypage_check": "check it: sogenactif check --pathfile {path} --url {shop}",
    "paypage_test_shop": "{merchant} is a public test shop of {url}: nobody is charged, and everybody knows its key",
    # the bank's words
    "bank_TO_AUTHORIZE": "not authorised yet",
    "bank_WAITING_AUTHOR": "to be authorised on its day of capture",
    "bank_TO_CAPTURE": "accepted, to be captured",
    "bank_TO_VALIDATE": "accepted, and captured only after it is validated",
    "bank_TO_REPLAY": "accepted, to be authorised again after it is validated",
    "bank_TO_CHALLENGE": "waiting for the merchant to accept or refuse it in the bank's back office",
    "bank_CAPTURED": "captured: the money is on its way to the merchant",
    "bank_CANCELLED": "cancelled: no money moves",
    "bank_CREDITED": "refunded to the customer",
    "bank_TO_CREDIT": "refund accepted, to be paid to the customer",
    "bank_REFUSED": "refused",
    "bank_REFERRAL": "the merchant has to call the bank",
    "bank_EXPIRED": "expired: it was not validated in time; no money moves",
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
    "code_57": "not refunded: the customer's bank has already taken the money back",
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
    "operation_state_unclear": "result unknown",
    "office_failed": "{error}",
    "several_merchants": "{reference} is a transaction of several merchants: name one with --merchant ({merchants})",
    # status
    "status_transaction": "{reference}, order {order}: {amount}",
    "status_ledger": "ledger: {state}",
    "status_ledger_not_notified": "ledger: {state}, the shop is not notified yet",
    "status_bank": "bank: {status} ({words})",
    "status_bank_code": "bank: {words}",
    "status_bank_outcome": "outcome at the bank: {outcome} (response_code {code})",
    "status_amounts": "requested: {amount}; now: {current}; left to refund or validate: {left}",
    "status_last": "last operation: {operation}, {moment}",
    # reconcile
    "reconcile_columns_alone": "--columns goes with --file",
    "report_broken": "line {line}: not a payment, or incomplete",
    "report_unknown": "line {line}: {reference}, order {order}: accepted by the bank ({bank}), not in the ledger",
    "report_missing": "{reference}, order {order}: accepted in the ledger ({ledger}), not in the report",
    "report_outcome": "line {line}: {reference}, order {order}: {bank} at the bank, {ledger} in the ledger",
    "report_amount": "line {line}: {reference}, order {order}: amount {bank} at the bank, {ledger} in the ledger",
    "report_currency_code": "line {line}: {reference}, order {order}: currency {bank} at the bank, {ledger} in the ledger",
    "report_order_id": "line {line}: {reference}, order {order}: the bank has order {bank}",
    "report_agrees": "The report and the ledger agree.",
    "reconcile_no_duration": "{text} is not a duration: write 90s, 20m, 2h or 3d",
    "reconcile_no_time": "--older has to be shorter than --newer",
    "reconcile_progress": "asking the bank: {count} of {total}",
    "reconcile_sips": "payments are on Sips 1.0 (PROTOCOL), which has no Office server to query",
    "reconcile_recorded": "{reference}, order {order}: {outcome}, recorded",
    "reconcile_never_begun": "{reference}, order {order}: never begun, or paid on another day",
    "reconcile_waiting": "{reference}, order {order}: not decided yet",
    "reconcile_contradictory": "{reference}, order {order}: NOT RECORDED, the bank's answer has another {why}; compare with its back office",
    "reconcile_no_code": "{reference}, order {order}: not recorded, the answer has no responseCode of the payment",
    "reconcile_refused": "{reference}, order {order}: not answered ({why})",
    "reconcile_failed": "{reference}, order {order}: no answer that can be trusted. {why}",
    "reconcile_notified": "{notified} notified to the shop, {pending} still pending",
    "reconciled_one": "The bank was asked about {count} request without an outcome.",
    "reconciled_many": "The bank was asked about {count} requests without an outcome.",
    # refund, validate
    "refund_no_amount": "{text} is not an amount: write it in cents, 1250 for 12.50 euros",
    "refund_json": "--json needs --yes",
    "refund_transaction": "{reference}, order {order}: {status} ({words}), {left} left",
    "refund_cancel": "to cancel: {amount}",
    "refund_refund": "to refund: {amount}",
    "refund_validate": "to validate: {amount}",
    "refund_confirm": "Do it? [y/N]",
    "refund_not_confirmed": "not confirmed: nothing was sent",
    "refund_earlier_done": "an earlier operation without an answer ({operation}, {amount}) was done, as the bank's state shows",
    "refund_earlier_not_done": "an earlier operation without an answer ({operation}, {amount}) was not done, as the bank's state shows",
    "refund_earlier_unclear": "it is still not known whether an earlier operation without an answer ({operation}, {amount}) was done",
    "refund_is_done": "That is the operation you asked for: nothing is sent.",
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
    "migrate_already": "{path} already is a pathfile for Paypage",
    "migrate_exists": "{path} already exists; name another with --output",
    "migrate_written": "Written: {path}",
    "migrate_to_do": "To do:",
    "migrate_key": "save the secret key of {merchant} in {path} (one line, mode 640 or stricter)",
    "migrate_ledger": "set LEDGER: without a ledger caddie, language and customer_email are not returned",
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
    "changed_data": "NO_RESPONSE_PAGE, NO_RESPONSE_PAGE_POST and the schedule of PAYMENT_N are sent in keys of their own; the rest is not sent",
    "changed_language": "ge and sp are sent as de and es; returned from the ledger",
    "changed_normal_return_url": "the address for every customer: accepted, refused and cancelled",
    "changed_order_id": "use letters and digits; the bank may reject other characters",
    "changed_payment_means": "block numbers arrange the shop's page and are not sent; each button has its own form",
    "changed_return_context": "255 bytes at most, one fewer than in Sips 1.0",
    "changed_templatefile": "names a template of Paypage, which must be installed at the bank",
    "changed_transaction_id": "sent with six digits; its day is the one on which the customer reaches the server",
}

# What check saw, and what to do. The latter may hold {file} and {kit}, quoted for a shell, and
# {errors}, the page of error messages.
FINDINGS = {
    # Any check
    "crashed": Text(
        "the check itself failed ({error})",
        "Report it, with this message.",
    ),
    "not_allowed": Text(
        "you may not read it or its content",
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
        "the kit reports: {error}",
        "{errors} names the remedy.",
    ),
    "byte_order_mark": Text(
        "the file begins with a byte order mark (BOM), so that its first line is not understood",
        "Save it as UTF-8 without BOM, or: sed -i '1s/^\\xEF\\xBB\\xBF//' {file}",
    ),
    "carriage_returns": Text(
        "lines that end in a carriage return: {count}; the kit accepts them, but other programs may not",
        "sed -i 's/\\r$//' {file}",
    ),
    "carriage_return_inside": Text(
        "a carriage return inside the line",
        "End lines with a line feed alone: sed -i 's/\\r/\\n/g' {file}",
    ),
    "blank_line": Text(
        "a line that has only spaces: the kit rejects it",
        "Remove the line or its spaces.",
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
        "{keyword} was already set on line {first}; this line counts",
        "Keep one of the two.",
    ),
    "too_long": Text(
        "{keyword} has {length} bytes; at most {most} are allowed",
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
        "Create one, named after the merchant_id that the bank assigned.",
    ),
    "parameters_misnamed": Text(
        "not named after a merchant_id, so it is ignored",
        "Name it {likely}, or remove it.",
    ),
    "relative": Text(
        "{keyword} is {value}, which depends on where a program is started",
        "Write the absolute path, which begins with /.",
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
        "chgrp {group} {file} && chmod g+x {file}  # or move the kit's files elsewhere",
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
        "DEBUG is neither YES nor NO, so it counts as NO",
        "Write DEBUG!NO!",
    ),
    "debug_off": Text("the debug mode is off"),
    # Merchants
    "certificate": Text("of {merchant}, for {url}; mode {mode}, {owner}, group {group}"),
    "certificate_own": Text(
        "of {merchant}, issued by this kit for {url}: no bank accepts it; mode {mode}, {owner}, group {group}"
    ),
    "certificate_before": Text(
        "the previous certificate of {merchant}, for {url}; mode {mode}, {owner}, group {group}"
    ),
    "certificate_former": Text(
        "only for responses to payments from before PROTOCOL!paypage!; mode {mode}, {owner}, group {group}"
    ),
    "certificate_left_over": Text(
        "Paypage has been in use for more than {days} days: no response to an earlier payment needs this certificate any more",
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
        "it is truncated or altered: {error}",
        "Copy the bank's file again; by FTP, in binary mode.",
    ),
    "another_merchant_id": Text(
        "the certificate is that of merchant {says}, not {wanted}",
        "Put this merchant's own certificate there, or correct the name of the parmcom file.",
    ),
    "another_merchant_country": Text(
        "the country of the certificate is {says}, but MERCHANT_COUNTRY is {wanted}",
        "Correct MERCHANT_COUNTRY, or ask the bank for the right certificate.",
    ),
    "another_certificate_type": Text(
        "the type of the certificate is {says}, but F_CTYPE is {wanted}",
        "Correct F_CTYPE in the pathfile, or ask the bank for the right certificate.",
    ),
    "open_to_all": Text(
        "every user of the machine can access it, but it is secret (mode {mode}, {owner}, group {group})",
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
    "key_before": Text("the previous secret key of {merchant}; mode {mode}, {owner}, group {group}"),
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
        "it contains no secret key",
        "Paste the key from the bank's extranet, on one line.",
    ),
    "key_lines": Text(
        "{count} lines, but a secret key has one line",
        "Keep only the line with the key, without comments.",
    ),
    "key_spaces": Text(
        "a space before, in or after the key, which counts as part of it",
        "Remove it: sed -i 's/[[:space:]]//g' {file}",
    ),
    "key_public": Text(
        "it is the published key of a test shop of the bank, and payments go to {url}: anybody can forge responses",
        "Put the key from the bank's extranet there.",
    ),
    "key_in_tests": Text(
        "it is a key of your own, but payments go to the bank's server for tests ({url}), where nobody is charged",
        "In production write PAYPAGE_URL!{production}!",
    ),
    "sealed": Text("a request of {merchant} was sealed"),
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
        "Write http:// or https://, a host, a port from 1 to 65535 if need be, and a path, without spaces or accents.",
    ),
    "address_of_another": Text(
        "{keyword} is the address of {script} instead of {served}",
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
        "{keyword} contains a user name or a password, which every customer's browser would get",
        "Remove it from the address, and remove the login from the web server too: the bank's server can't log in.",
    ),
    "address_with_parameters": Text(
        "{keyword} has parameters, which Paypage may refuse: {url}",
        "Write the address without ?; order_id, customer_id and return_context come back with the response.",
    ),
    "address_port": Text(
        "{keyword} has port {port}, but the bank's server calls ports {first} to {last} only",
        "Serve the shop on 443, the standard port of https.",
    ),
    "address_unsent": Text(
        "{keyword} is not sent with PROTOCOL!paypage!: every customer returns to RETURN_URL, also after cancelling",
        "Let RETURN_URL handle both cases, and remove this line.",
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
        "{host} is not a host of Paypage that this kit knows; {likely} is one",
        "Compare PAYPAGE_URL with the bank's documents; docs/paypage.md lists the hosts of each brand.",
    ),
    "test_shop_mode": Text(
        "{merchant} is a public test shop of the mode {wanted}, and PAYPAGE_REFERENCE is {mode}: the simulator refuses its requests",
        "Use a test shop of that mode, or set PAYPAGE_REFERENCE to the mode of this shop (docs/paypage.md).",
    ),
    "server_local": Text(
        "{keyword} is {url}, but payments go to {server}, which customers can't reach",
        "Install the bank's certificate or, with PROTOCOL!paypage!, write the bank's address in PAYPAGE_URL. To try payments"
        " without a bank on this machine, write addresses of http://localhost in this file instead.",
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
        "no picture for {means}: customers see a broken image",
        "Put it there; the file's extension is LOGO_TYPE (gif if it is not set).",
    ),
    # Templates, the shop's part
    "templates": Text("every template is valid and can be rendered"),
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
        "call_request.py names the merchant {merchant}, but this script does not: payments to it are accepted and change no order",
        "Write the same merchant_id in both scripts.",
    ),
    "order_fails": Text(
        "order_to_pay fails, so every customer gets an error: {error}",
        "Correct the function at the top of the script, or restore the file that it opens from a backup.",
    ),
    "form_fails": Text(
        "customers of {merchant} get an error instead of a form: {error}",
        "{errors} names the remedy.",
    ),
    # Ledger
    "disk": Text("free for the ledger and the journal: {free} MiB"),
    "disk_full": Text(
        "free on its disk: {free} MiB; without space for the journal no payment can begin",
        "Free some space.",
    ),
    "disk_read_only": Text(
        "its disk is read-only: no payment can begin",
        "Find the cause (dmesg), then remount the disk read-write.",
    ),
    "no_ledger": Text(
        "no LEDGER: transaction_id is the time of day, responses are only logged, and the shop is notified each time one arrives"
    ),
    "ledger_needed": Text(
        "no LEDGER: with PROTOCOL!paypage! caddie is lost, and language and customer_email are not returned",
        "Add the line LEDGER!sqlite:////path/to/ledger.db!",
    ),
    "ledger": Text("schema {version}, writable by {user}, nothing is pending"),
    "ledger_to_come": Text("not there yet; the first payment creates it"),
    "ledger_older": Text("made by an older kit; the next payment migrates it"),
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
        "Write one of the two; sqlite has four slashes. In a password, write @ as %40, : as %3A, / as %2F and % as %25.",
    ),
    "paid_twice_orders": Text(
        "orders that were paid more than once: {orders}",
        "Refund all but one payment of each, by {kit}/bin/sogenactif refund or in the bank's back office: {kit}/bin/sogenactif verify lists them.",
    ),
    "conflicting_acceptances": Text(
        "transactions to which an acceptance arrived that contradicts them: {references}",
        "Compare each with the bank's back office, and refund what was overpaid: {kit}/bin/sogenactif verify lists them.",
    ),
    "order_characters": Text(
        "orders with other characters than letters and digits, which the bank may refuse: {orders}",
        "Give Paypage an order_id of letters and digits, and keep the other name in the shop.",
    ),
    "not_notified": Text(
        "outcomes that the shop was not notified of: {count}",
        "The web server's log says why record_outcome failed; then run: {kit}/bin/sogenactif replay",
    ),
    "refunds_not_notified": Text(
        "refunds that the shop was not notified of: {count}",
        "The web server's log says why record_refund failed; then run: {kit}/bin/sogenactif replay",
    ),
    "unentered": Text(
        "lines that are not in the ledger: {count}",
        "{kit}/bin/sogenactif replay",
    ),
    "journal": Text("writable by {user}"),
    "journal_to_come": Text("not there yet; the first payment creates it"),
    "user_unknown": Text(
        "its folder belongs to root, but no web server runs as root: the permissions of its user can't be checked",
        "Name that user with --user, and make it the owner of the journal's folder.",
    ),
    "secrets": Text("no other user of the machine can read the ledger and the journal"),
    "server_log": Text("events go to the web server's error log"),
    "syslog": Text("events go to {socket}"),
    "syslog_unreachable": Text(
        "LOG is syslog, and {socket} can't be reached ({error}): events go to the web server's error log",
        "Start this machine's syslog, or remove the line.",
    ),
    # Machine
    "python": Text(
        "Python {version} ({executable}), all dependencies and the first line of every script are right"
    ),
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
        "Copy the folder lib/packages of the bundle here again; by FTP, in binary mode.",
    ),
    "no_interpreter": Text(
        "{command} can't be run as Python",
        "In the first line name a Python that exists: #!/usr/bin/python3",
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
        "the first line ends in a carriage return, so the web server does not find the interpreter",
        "sed -i 's/\\r$//' {file}  # and copy by FTP in binary mode",
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
        "Install the system's tzdata (apt-get install tzdata), or restore the kit's lib/packages, which contains it.",
    ),
    "clock": Text("it differs from that of {url} by {seconds} s"),
    "clock_wrong": Text(
        "this machine's clock differs from that of {url} by {seconds} s",
        "Set the clock, and enable its synchronisation: timedatectl set-ntp true",
    ),
    # Web server
    "script_runs": Text("{url} runs (it answers {status})"),
    "source_served": Text(
        "DANGER: {url} SHOWS EVERYBODY THE SOURCE OF THE SCRIPT instead of running it",
        "Turn mod_wsgi on (a2enmod wsgi) or CGI (a2enmod cgid, ScriptAlias), and remove the script until then.",
    ),
    "configuration_served": Text(
        "DANGER: {url} SHOWS EVERYBODY THE PATHFILE",
        "Move the configuration out of the folders that the web server serves, or deny access to it there.",
    ),
    "key_served": Text(
        "DANGER: {url} SHOWS EVERYBODY A SECRET KEY",
        "Get a new key from the bank's extranet, and keep it out of the folders that the web server serves.",
    ),
    "script_fails": Text(
        "{url} fails (500)",
        "The web server's error log has the cause, with the incident reference if the page shows one.",
    ),
    "script_forbidden": Text(
        "{url} is refused (403): mod_wsgi or CGI is off, or access is denied",
        "a2enmod wsgi (cgid for CGI), then restart Apache; if it is on, write Require all granted for the folder of the scripts. On a shared hosting, have CGI enabled.",
    ),
    "script_not_found": Text(
        "{url} is not found (404)",
        "a2enconf 00-sogenactif, then reload Apache; if that is on, another virtual host may answer at this address: check --url. On a shared hosting, put the scripts in its cgi-bin.",
    ),
    "script_not_run": Text(
        "{url} answers {status}, but the kit would answer {expected}",
        "Another program answers there: check the web server's configuration.",
    ),
    "address_served": Text("{keyword} is {url}, where the kit's script runs (it answers {status})"),
    "address_not_served": Text(
        "{keyword} is {url}, which answers {status}",
        "Correct the address; the kit's own script is {ours}",
    ),
    "address_redirects": Text(
        "{keyword} is {url}, which redirects to {to}: the posted fields are lost",
        "Write the final address.",
    ),
    "address_asks_password": Text(
        "{keyword} is {url}, which asks for a password ({status}): the bank's server has none",
        "Remove the password from this address, on a test site too: Require all granted in Apache.",
    ),
    "address_refuses_posts": Text(
        "{keyword} is {url}, which refuses posts ({status})",
        "Allow posts from everywhere to this address: remove filters of IP addresses, rules of a firewall or of mod_security, and a token that the shop requires (CSRF).",
    ),
    "address_takes_no_posts": Text(
        "{keyword} is {url}, which does not accept posts ({status})",
        "Allow the method POST at this address, in the web server and in the script.",
    ),
    "address_limits_posts": Text(
        "{keyword} is {url}, which limits the number of posts ({status})",
        "Remove the limit from this address: the bank's server sends a response once, and does not promise to repeat it.",
    ),
    "address_unknown": Text(
        "{keyword} is {url}, where something other than the kit's script answers ({status})",
        "Leave it if your own script calls bin/response there; otherwise write {ours}",
    ),
    "shop_hidden": Text(
        "Apache serves the kit instead of this file or folder, which has the same address",
        "Rename it; or give the logos another address: change D_LOGO ({logos}), then run ./install.sh apache again. With --site NAME the kit is served only in the virtual hosts of one site.",
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
        "OFFICE_URL is the bank's server for tests, but PAYPAGE_URL is not: {url}",
        "Name the Office server of the platform on which payments are made.",
    ),
    "office_fails": Text(
        "the Office server gives no valid answer for merchant {merchant}: {error}",
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
        "Pay on a sandbox instead: with a certificate from {kit}/bin/sogenactif certificate issue or, with PROTOCOL!paypage!, a PAYPAGE_URL on this machine.",
    ),
    "payment_unknown": Text(
        "the address of the payment server is not known",
        "See what this check reports on the certificates or on PAYPAGE_URL.",
    ),
    "payment_no_order": Text(
        "{url} shows no form for this order ({status})",
        "With --order name an order of the shop that is not paid yet.",
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
        "transaction {number} was accepted, but its state in the ledger is {state}",
        "The automatic response goes to {url}. The console of the payment server says whether it arrived there; if it did,"
        " the web server's log says what happened to it.",
    ),
    "payment_no_return": Text(
        "{url} answers {status} to the customer who comes back",
        "The web server's log says why.",
    ),
}
