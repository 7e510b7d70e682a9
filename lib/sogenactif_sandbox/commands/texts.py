"""Sentences of the sandbox's commands, each in English and in French."""

from collections.abc import Mapping

from sogenactif.commands.texts import language, printable

TEXTS: Mapping[str, tuple[str, str]] = {
    # The events of trigger
    "event_accepted": (
        "the payment is accepted (00)",
        "le paiement est accepté (00)",
    ),
    "event_refused": (
        "the customer's bank refuses the payment (05)",
        "la banque du client refuse le paiement (05)",
    ),
    "event_cancelled": (
        "the customer gives up on the payment page (17)",
        "le client annule sur la page de paiement (17)",
    ),
    "event_pending": (
        "the bank has not decided yet (60): nothing is paid; Paypage",
        "la banque n’a pas encore décidé (60) : rien n’est payé ; Paypage",
    ),
    "event_expired": (
        "the customer took longer than 15 minutes (97); Paypage",
        "le client a mis plus de 15 minutes (97) ; Paypage",
    ),
    "event_soft-decline": (
        "refused, since strong authentication is missing (05, A1): the shop may ask again; Paypage",
        "refusé, faute d’authentification forte (05, A1) : la boutique peut refaire une demande ; Paypage",
    ),
    "event_fraud": ("refused on suspicion of fraud (34)", "refusé pour suspicion de fraude (34)"),
    "event_three-d-failure": (
        "refused, since the customer failed the 3-D Secure authentication (05)",
        "refusé, le client ayant échoué à l’authentification 3-D Secure (05)",
    ),
    "event_instalments": (
        "accepted in three instalments (00, PAYMENT_N)",
        "accepté en trois fois (00, PAYMENT_N)",
    ),
    "event_refunded": (
        "the bank posts nothing for a refund: yesterday's acceptance once more, after the shop gave the money back",
        "la banque n’envoie rien pour un remboursement : l’acceptation de la veille arrive encore une fois, après le remboursement",
    ),
    # Errors
    "no_merchant": (
        "{path} does not name its merchant, or is empty: name the merchant_id with --merchant",
        "{path} ne dit pas de quelle boutique il s’agit, ou est vide : indiquez le merchant_id avec --merchant",
    ),
    "other_protocol": (
        "{event} is not an event of {protocol}: --list shows the protocol of each event",
        "{event} n’est pas un événement de {protocol} : --list donne le protocole de chacun",
    ),
    "no_field": (
        "{field} is not a field of a response; docs/dictionary.md lists them",
        "{field} n’est pas un champ d’une réponse ; docs/dictionary.md les énumère",
    ),
    "no_pair": ("{text} is not name=value", "{text} n’est pas de la forme nom=valeur"),
    "no_event": ("name an event; --list shows all", "indiquez un événement ; --list les énumère"),
    "no_option": ("missing options: {options}", "options manquantes : {options}"),
    "no_amount": (
        "{amount} is not an amount in cents of at most 12 digits",
        "{amount} n’est pas un montant en centimes, de 12 chiffres au plus",
    ),
    "no_seconds": ("{seconds} is not a number of seconds", "{seconds} n’est pas un nombre de secondes"),
    "no_fixture": (
        "{path} is not a fixture, which is a JSON object with {names}",
        "{path} n’est pas un fichier d’événement : il faut un objet JSON qui contient {names}",
    ),
    "no_sandbox": (
        "there is no {path}: name a --key, a --certificate or a --pathfile, or start sogenactif sandbox once",
        "{path} n’existe pas : indiquez --key, --certificate ou --pathfile, ou lancez une fois sogenactif sandbox",
    ),
    "other_host": (
        "{host} is not this machine. These messages are attacks and false payments: they only go to a shop of your"
        " own, and only to its test installation, never to the one in production. If {host} is one, allow it with"
        " --allow-host {host}",
        "{host} n’est pas cette machine. Ces messages sont des attaques et de faux paiements : ils ne vont qu’à une"
        " boutique qui est la vôtre, et à son installation de test, jamais à celle qui livre. Si {host} est"
        " une telle installation, autorisez-la avec --allow-host {host}",
    ),
    # What trigger prints
    "sent": ("Sent to {url}, event {event}:", "Envoyé à {url}, événement {event} :"),
    "answered": ("Answer {number}: {answer}", "Réponse {number} : {answer}"),
    "not_answered": (
        "Answer {number}: none from {url} ({error}). Start the shop, or name its address with --to.",
        "Réponse {number} : aucune de {url} ({error}). Démarrez la boutique, ou indiquez son adresse avec --to.",
    ),
    "saved": ("Written: {path}", "Écrit : {path}"),
    # What audit prints
    "held": ("held", "réussi"),
    "failed": ("FAILED", "ÉCHEC"),
    "unknown": ("unknown", "inconnu"),
    "why": ("why it matters", "pourquoi c’est important"),
    "mend": ("what to correct", "à corriger"),
    "audit_summary": (
        "{held} held, {failed} failed, {unknown} unknown (requests: {requests}).",
        "Réussis : {held}, échecs : {failed}, inconnus : {unknown} (requêtes : {requests}).",
    ),
    "nothing_is_paid": (
        "No acceptance paid the order, so the checks that held prove nothing either. Correct --order, --amount or the key;"
        " a shop that looks up the transaction number needs --transaction or --reference.",
        "Aucune acceptation n’a payé la commande : les contrôles réussis ne prouvent donc rien non plus. Corrigez --order,"
        " --amount ou la clé ; une boutique qui cherche le numéro de la transaction demande --transaction ou --reference.",
    ),
    "saw_unpaid": ("the order stays unpaid", "la commande reste impayée"),
    "saw_paid": ("the order was paid ({count} times)", "la commande a été payée ({count} fois)"),
    "saw_not_paid": ("the order was not paid", "la commande n’a pas été payée"),
    "saw_once": ("the order was paid once", "la commande a été payée une fois"),
    "saw_paid_only": (
        "the order was paid, but --paid-when does not say how often: it must print a number",
        "la commande a été payée, et --paid-when ne dit pas combien de fois : il doit donner un nombre",
    ),
    "saw_error": ("the shop answered {answer}", "la boutique a répondu {answer}"),
    "saw_silent": ("the shop gave no answer: {answer}", "la boutique n’a pas répondu : {answer}"),
    "saw_answer": (
        "the shop answered {answer}; without --paid-when it is not known whether the order is paid now",
        "la boutique a répondu {answer} ; sans --paid-when, on ne sait pas si la commande est payée",
    ),
    "saw_paid_before": (
        "the order was already paid: name an unpaid order, or a --reset that makes it unpaid before each check",
        "la commande était déjà payée : indiquez un --reset qui la rend impayée avant chaque contrôle, ou une commande impayée",
    ),
    "saw_no_reset": (
        "needs an unpaid order again: name a --reset that makes it unpaid",
        "il faut de nouveau une commande impayée : indiquez un --reset qui s’en charge",
    ),
    "saw_no_number": (
        "needs the transaction number: --transaction, --reference, or the --pathfile of a shop with a ledger",
        "il faut le numéro de la transaction : --transaction, --reference, ou le --pathfile d’une boutique à registre",
    ),
    "saw_no_time": (
        "not tried: the time limit of --seconds was reached",
        "pas essayé : le temps de --seconds est écoulé",
    ),
    "saw_no_probe": ("--paid-when or --reset failed: {error}", "--paid-when ou --reset a échoué : {error}"),
    "why_seal": (
        "Anybody can post to this address. Only the seal proves that a message comes from the bank: without it you deliver goods that nobody paid for.",
        "N’importe qui peut envoyer un message à cette adresse. Seul le sceau dit qu’il vient de la banque : sans lui, des"
        " marchandises partent sans être payées.",
    ),
    "mend_seal": (
        "Compute the seal over the message as posted, with the secret and the one algorithm that are configured, and compare"
        " them in constant time. Take nothing from a message before that; reject one without a seal.",
        "Calculez le sceau du message tel que reçu, avec le secret et le seul algorithme configurés, et comparez en temps"
        " constant. N’utilisez rien du message avant cela ; rejetez un message sans sceau.",
    ),
    "why_amount": (
        "A payment of another amount or currency has a valid seal too, for instance from a form that was changed in a browser.",
        "Un paiement d’un autre montant ou dans une autre devise a aussi un sceau valable, par exemple s’il vient d’un formulaire"
        " modifié dans un navigateur.",
    ),
    "mend_amount": (
        "Compare the amount and currency of the response with those of the order in the shop's database.",
        "Comparez montant et devise de la réponse à ceux de la commande dans la base de la boutique.",
    ),
    "why_order": (
        "A sealed payment of one order must not pay another: a customer pays the cheap one and receives the other.",
        "Le paiement scellé d’une commande ne doit pas en payer une autre : le client paie la moins chère et reçoit l’autre.",
    ),
    "mend_order": (
        "Find the order by the fields of the sealed message, and compare both its reference and the transaction number.",
        "Cherchez la commande d’après ce qu’en dit le message scellé, et comparez à la fois sa référence et le numéro de la"
        " transaction.",
    ),
    "why_outcome": (
        "Refused and cancelled payments are notified at the same address, with the same seal. They bring no money.",
        "Les paiements refusés et annulés sont notifiés à la même adresse, avec le même sceau ; ils ne rapportent rien.",
    ),
    "mend_outcome": (
        "Only responseCode (response_code) 00 means paid: compare it with that one value.",
        "Seul responseCode (response_code) 00 veut dire payé : comparez-le à cette seule valeur.",
    ),
    "why_once": (
        "The bank and the customer's browser both deliver the response, and the bank may repeat its own.",
        "La banque et le navigateur du client apportent chacun la réponse, et la banque peut répéter la sienne.",
    ),
    "mend_once": (
        "Mark the order paid in one conditional statement (UPDATE … WHERE paid = 0), deliver only if it changed a row, and"
        " answer 200 either way.",
        "Marquez la commande payée en une instruction conditionnelle (UPDATE … WHERE paid = 0), ne livrez que si elle a"
        " changé une ligne, et répondez 200 dans les deux cas.",
    ),
    "why_lost": (
        "The customer has been charged: if the shop loses an acceptance, it never delivers goods that were paid for.",
        "Le client a été débité : une acceptation que la boutique perd est une marchandise payée qui ne part jamais.",
    ),
    "mend_lost": (
        "An acceptance counts whenever it arrives, and whatever came before it. Read the message as posted, in UTF-8, and"
        " answer 200. A refusal after it changes nothing.",
        "Une acceptation compte à tout moment et quoi qu’il soit arrivé avant elle ; lisez le message tel que reçu, en UTF-8, et"
        " répondez 200. Un refus qui la suit ne change rien.",
    ),
    "why_robust": (
        "A message that makes the shop's program fail can be posted by anybody, and may leave an order half done.",
        "Un message qui fait échouer le programme de la boutique peut être envoyé par n’importe qui, et laisser une commande à moitié faite.",
    ),
    "mend_robust": (
        "Answer 400 to a message that can't be read, before you do anything with it.",
        "Répondez 400 à ce qui ne se lit pas, avant d’en faire quoi que ce soit.",
    ),
    # The checks of audit
    "check_altered": ("one byte altered after it was sealed", "un octet modifié après le scellement"),
    "check_empty-seal": ("an empty seal", "un sceau vide"),
    "check_missing-seal": ("no seal at all", "aucun sceau"),
    "check_weaker-algorithm": (
        "sealed with a weaker algorithm, which the message names",
        "scellé avec un algorithme plus faible, que nomme le message",
    ),
    "check_other-key": ("sealed with the key of another shop", "scellé avec la clé d’une autre boutique"),
    "check_other-amount": ("accepted at another amount", "accepté pour un autre montant"),
    "check_other-currency": ("accepted in another currency", "accepté dans une autre devise"),
    "check_other-order": ("accepted for another order", "accepté pour une autre commande"),
    "check_unknown-number": (
        "accepted with a transaction number that the shop never used",
        "accepté avec un numéro de transaction que la boutique n’a jamais donné",
    ),
    "check_refused": ("refused", "refusé"),
    "check_cancelled": ("cancelled", "annulé"),
    "check_pending": ("pending", "en attente"),
    "check_get": ("a GET without a message", "un GET sans message"),
    "check_no-data": ("a POST without a message", "un POST sans message"),
    "check_64-kib": ("64 KiB of arbitrary data", "64 Kio de données quelconques"),
    "check_twice": ("accepted, twice", "accepté, deux fois"),
    "check_over-long": (
        "accepted, with a field of 2000 characters",
        "accepté, avec un champ de 2000 caractères",
    ),
    "check_accents": ("accepted, accents not encoded", "accepté, avec des accents non encodés"),
    "check_json-values": ("accepted, with JSON in a value", "accepté, avec du JSON dans une valeur"),
    "check_late": ("accepted a day ago, and arrives now", "accepté il y a un jour, et arrive maintenant"),
    "check_refusal-after-acceptance": ("accepted, then refused", "accepté, puis refusé"),
    "check_acceptance-after-refusal": ("refused, then accepted", "refusé, puis accepté"),
    "check_acceptance-after-expiry": ("expired (97), then accepted", "expiré (97), puis accepté"),
    "check_out-of-order": (
        "refused now, then yesterday's acceptance",
        "refusé maintenant, puis l’acceptation de la veille",
    ),
    # What sandbox prints
    "sandbox_ready": (
        "The payment server is at {address}; Ctrl-C stops it.",
        "Le serveur de paiement d’essai répond à {address} ; Ctrl-C l’arrête.",
    ),
    "sandbox_merchant": ("Merchant", "Commerçant"),
    "sandbox_key": ("Secret key (Paypage), version 1", "Clé secrète (Paypage), version 1"),
    "sandbox_key_file": ("Its file", "Son fichier"),
    "sandbox_certificate": ("Certificate (Sips 1.0)", "Certificat (Sips 1.0)"),
    "sandbox_pathfile": ("Pathfile", "Pathfile"),
    "sandbox_paypage": ("Paypage posts go to", "Adresse de Paypage"),
    "sandbox_sips": ("DATA posts go to", "Adresse de Sips 1.0"),
    "sandbox_console": ("Console", "Console"),
    "sandbox_fails": (
        "the payment server can't start: {error}",
        "le serveur de paiement ne peut pas démarrer : {error}",
    ),
    "sandbox_package": (
        "the package {package} is missing: install it with pip install 'sogenactif[sandbox]', in a clone of the kit"
        " with pip install '.[sandbox]'",
        "le paquet {package} manque : lancez pip install 'sogenactif[sandbox]', dans un clone du kit"
        " pip install '.[sandbox]'",
    ),
}


def say(name: str, **values: object) -> str:
    """Return a sentence in the language of the locale, on one line."""
    return printable(TEXTS[name][language() == "fr"].format(**values))
