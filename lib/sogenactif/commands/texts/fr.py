"""Texts of the commands, in French; the same entries as in English."""

from sogenactif.commands.texts import Text

WORDS = {
    # check
    "level_ok": "ok",
    "level_warning": "attention",
    "level_fault": "DÉFAUT",
    "labelled": "{label} : {value}",
    "place": "{file}, ligne {line} : {saw}",
    "place_file": "{file} : {saw}",
    "summary": "Défauts : {faults}. Avertissements : {warnings}. En ordre : {well}.",
    "skipped": "Non vérifié : {names}.",
    "skipped_url": "--url http://votre.boutique vérifie aussi le serveur web.",
    "check_pathfile": "Pathfile",
    "check_parameters": "Paramètres",
    "check_paths": "Chemins",
    "check_debug": "Mode debug",
    "check_certificates": "Certificats et clés secrètes",
    "check_requests": "Demande scellée",
    "check_addresses": "Adresses",
    "check_logos": "Logos",
    "check_office": "Interrogation de la banque (Office)",
    "check_templates": "Gabarits",
    "check_shop": "Code de la boutique dans les scripts",
    "check_disk": "Disque",
    "check_ledger": "Registre",
    "check_journal": "Journal",
    "check_secrets": "Confidentialité",
    "check_log": "Journalisation",
    "check_clock": "Horloge",
    "check_python": "Python",
    "check_scripts": "Serveur web",
    "check_served_logos": "Logos sur le web",
    "check_payment": "Paiement",
    # certificate
    "certificate_exists": "Il y a déjà un certificat ({path}) ; --rotate le conserve comme certificat précédent.",
    "certificate_exists_output": "Il y a déjà un certificat ({path}).",
    "certificate_merchant": "commerçant",
    "certificate_country": "pays",
    "certificate_type": "type",
    "certificate_made": "créé le",
    "certificate_expires": "dernier jour",
    "certificate_expired": "{day}, expiré",
    "certificate_own": "ce kit : aucune banque ne l’accepte",
    "certificate_issuer": "émis par",
    "certificate_payment": "paiement",
    "certificate_office": "back-office",
    "certificate_third": "troisième service",
    "certificate_logistic": "logistique",
    "certificate_none": "Aucun commerçant de {path} n’a de certificat.",
    "certificate_untyped": "{path} n’indique pas son commerçant : renommez-le certif.<pays>.<merchant_id>, comme le fait la banque.",
    "certificate_other_type": "{path} est du type {says}, et F_CTYPE du pathfile vaut {wanted} : demandez le bon à la banque, ou corrigez F_CTYPE.",
    "certificate_is_expired": "{path} a expiré le {day} : demandez-en un nouveau à la banque, ou installez-le quand même avec --force.",
    "certificate_same": "{path} contient déjà ce certificat.",
    "certificate_installed": "Installé : {path}",
    "certificate_kept": "Le certificat précédent est conservé : {path}",
    "certificate_then": "Vérifiez-le avec : sogenactif check",
    "certificate_unwritten": "{path} ne peut pas être écrit : {error}",
    "certificate_paypage": "{path} contient PROTOCOL!paypage! : les demandes sont scellées avec une clé secrète, et non avec un certificat. Mettez la clé fournie par l’extranet de la banque, sur une ligne, dans {key}.<merchant_id>. Voir docs/paypage.md.",
    "certificate_is_a_key": "{path} tient sur une ligne, comme une clé secrète de Paypage, et n’est pas un certificat : docs/paypage.md indique où la placer.",
    "certificate_no_place": "{path} ne contient pas F_CERTIFICATE, le chemin des certificats.",
    # common
    "no_ledger": "{path} n’indique pas de LEDGER",
    "as_root": "Lancez la commande en tant que root ou sous l’utilisateur du serveur web.",
    "usage_error": "erreur : {message}",
    "missing_module": "{command} nécessite {module}, qui manque : lancez ./install.sh dans une copie complète du kit",
    "no_web_address": "{text} n’est pas une adresse http ou https",
    "check_payment_needs": "--payment exige --url et --order",
    "check_order_needs": "--order ne s’emploie qu’avec --payment",
    "check_no_user": "l’utilisateur {user} n’existe pas",
    "paypage_no_merchant": "--merchant {merchant} : un merchant_id compte {most} chiffres au plus",
    "paypage_is_test_shop": "{merchant} est une boutique de test, inconnue en production : indiquez la vôtre avec --merchant",
    "paypage_no_shop": "--shop {shop} n’est pas une adresse de la forme https://boutique.example",
    "paypage_no_port": "--shop {shop} : la plateforme n’appelle que les ports {first} à {last}",
    "preview_no_field": "{field} n’est pas un champ d’une demande",
    "preview_no_schedule": "data ne permet pas un paiement en plusieurs fois",
    "no_day": "{text} n’est pas un jour : écrivez AAAA-MM-JJ ou AAAAMMJJ",
    "journal_lines": "lignes du journal",
    "differences_one": "{count} différence.",
    "differences_many": "{count} différences.",
    "pending_one": "{count} résultat attend d’être notifié : sogenactif replay le notifie à la boutique.",
    "pending_many": "{count} résultats attendent d’être notifiés : sogenactif replay les notifie à la boutique.",
    "pending_refunds_one": "{count} remboursement attend d’être notifié : sogenactif replay le notifie à la boutique.",
    "pending_refunds_many": "{count} remboursements attendent d’être notifiés : sogenactif replay les notifie à la boutique.",
    "matched_one": "{count} réponse a été rapprochée de sa demande",
    "matched_many": "{count} réponses ont été rapprochées de leurs demandes",
    "transactions_one": "{count} transaction.",
    "transactions_many": "{count} transactions.",
    # the journal's words
    "kind_request": "demande",
    "kind_response": "réponse",
    "kind_operation": "opération",
    "source_automatic": "automatique",
    "source_manual": "manuelle",
    "source_executable": "exécutable",
    "source_office": "Office",
    # transactions
    "transactions_reference": "RÉFÉRENCE",
    "transactions_made": "CRÉÉE LE (PARIS)",
    "transactions_state": "ÉTAT",
    "transactions_notified": "NOTIFIÉE",
    "transactions_amount": "MONTANT",
    "transactions_order": "COMMANDE",
    "transactions_printed": "affichée",
    "transactions_yes": "oui",
    "transactions_no": "non",
    "transactions_stopped": "arrêtée",
    # show
    "show_no_reference": "{text} n’est pas une référence : écrivez AAAAMMJJ-NNNNNN ou AAAA-MM-JJ-NNNNNN",
    "show_none": "aucune transaction {reference}",
    "show_transaction": "{reference} de {merchant} : {state}",
    "show_not_notified": "{reference} de {merchant} : {state}, pas encore notifiée à la boutique",
    "show_made": "demandée le {moment}",
    "show_response": "réponse ({source}) du {moment} : {verdict}",
    # verify
    "conflicting": "(une autre acceptation la contredit : comparez avec la banque)",
    "show_stopped": "record_outcome a mis fin à son processus plusieurs fois : seul sogenactif replay l’appelle encore",
    "verify_conflicting": "Transaction {reference}, commande {order} : une acceptation reçue la contredit. Comparez avec la banque et remboursez ce qui a été payé en trop.",
    "paid_twice": "(commande payée deux fois : remboursez-en une)",
    "verify_paid_twice": "La commande {order} est payée plusieurs fois : {references}. Remboursez tous les paiements sauf un.",
    "verify_agree": "Le journal et le registre concordent.",
    "verify_invalid_line": "la ligne {count} du journal est endommagée",
    "verify_journal_only": "{kind} {id} du {time} n’est que dans le journal : replay l’enregistre",
    "verify_ledger_only": "{kind} {id} du {time} n’était que dans le registre : le journal l’a maintenant",
    "verify_verdict": "{kind} {id} du {time} : le journal indique {journal}, le registre {ledger}",
    "verify_fields": "{kind} {id} du {time} : le journal et le registre diffèrent sur {names}",
    # prune
    "prune_future": "le {text} n’est pas encore passé : indiquez au plus tard la date du jour",
    "prune_requests_one": "{count} demande perd ses données personnelles",
    "prune_requests_many": "{count} demandes perdent leurs données personnelles",
    "prune_responses_one": "{count} réponse perd ses données personnelles",
    "prune_responses_many": "{count} réponses perdent leurs données personnelles",
    "prune_days_one": "{count} jour du journal est réécrit sans elles",
    "prune_days_many": "{count} jours du journal sont réécrits sans elles",
    "prune_files_one": "{count} fichier de messages rejetés est supprimé",
    "prune_files_many": "{count} fichiers de messages rejetés sont supprimés",
    "prune_whole_one": "{count} transaction reste entière : son résultat peut encore arriver, ou n’a pas été notifié à la boutique",
    "prune_whole_many": "{count} transactions restent entières : leur résultat peut encore arriver, ou n’a pas été notifié à la boutique",
    "prune_before": "Avant le {day} :",
    "prune_kept": "Sont conservés les commandes, montants, numéros, dates, moyens de paiement et codes de résultat ; tout le reste est supprimé.",
    "prune_nothing": "Rien à supprimer avant le {day}.",
    "prune_confirm": "Supprimer ? C’est irréversible. [o/N]",
    "prune_not_confirmed": "non confirmé : rien n’a été supprimé",
    "prune_done": "Supprimé.",
    # replay
    "replay_done": "{recorded} enregistrés depuis le journal, {notified} notifiés à la boutique, {pending} encore en attente",
    "replay_unreadable": "{path} ne peut pas être lu : {error}",
    "verify_unreadable_day": "{error}",
    "replay_unreadable_day": "{error}",
    "replay_waits": "un autre replay est en cours ; attente de sa fin",
    "replay_invalid_line": "la ligne {count} du journal est endommagée, elle est ignorée",
    "replay_refused": "{kind} {id} du {time} ne peut pas être enregistrée : {error}",
    "replay_no_script": "script {script} introuvable ; indiquez-le avec --script",
    "replay_no_function": "{script} n’a pas de record_outcome qui puisse être chargé : {error}",
    "replay_raised": "record_outcome a échoué : {error}",
    # paypage
    "paypage_exists": "{path} existe déjà : indiquez un autre dossier, ou supprimez-le",
    "paypage_key": "avec un éditeur, collez dans {path} la clé secrète de {merchant}, que donne l’extranet de la banque, sur une seule ligne",
    "paypage_data": "l’utilisateur du serveur web doit être propriétaire de {path} et pouvoir lire les fichiers à côté (chown, chgrp)",
    "paypage_pathfile": "indiquez ce pathfile dans vos requêtes et vos scripts : {path}",
    "paypage_check": "vérifiez le tout : sogenactif check --pathfile {path} --url {shop}",
    "paypage_test_shop": "{merchant} est une boutique de test publique de {url} : personne n’est débité, tout le monde connaît sa clé",
    # the bank's words
    "bank_TO_AUTHORIZE": "pas encore autorisé",
    "bank_WAITING_AUTHOR": "sera autorisé le jour de sa remise",
    "bank_TO_CAPTURE": "accepté, à remettre en banque",
    "bank_TO_VALIDATE": "accepté, remis en banque seulement une fois validé",
    "bank_TO_REPLAY": "accepté, à autoriser de nouveau une fois validé",
    "bank_TO_CHALLENGE": "attend que le commerçant l’accepte ou le refuse dans le back-office de la banque",
    "bank_CAPTURED": "remis en banque : l’argent est en route vers le commerçant",
    "bank_CANCELLED": "annulé : aucun mouvement d’argent",
    "bank_CREDITED": "remboursé au client",
    "bank_TO_CREDIT": "remboursement accepté, à verser au client",
    "bank_REFUSED": "refusé",
    "bank_REFERRAL": "le commerçant doit appeler la banque",
    "bank_EXPIRED": "expiré : il n’a pas été validé à temps, aucun mouvement d’argent",
    "bank_ENDED": "terminé",
    "bank_other": "un état que le kit ne connaît pas",
    "code_03": "la banque ne connaît pas ce commerçant ou ce contrat",
    "code_12": "non valide",
    "code_24": "impossible dans l’état de la transaction",
    "code_25": "la banque ne connaît pas cette transaction",
    "code_30": "un champ est mal formé",
    "code_34": "sceau ou version de clé incorrects",
    "code_40": "le contrat ne le prévoit pas",
    "code_51": "le montant est trop élevé",
    "code_57": "non remboursé : la banque du client a déjà repris l’argent",
    "code_60": "en attente auprès de la banque",
    "code_90": "le serveur de la banque n’est pas disponible en ce moment",
    "code_99": "le serveur de la banque a un problème technique",
    "code_other": "refusé",
    "bank_code": "{code} : {words}",
    "operation_cancel": "annulation",
    "operation_refund": "remboursement",
    "operation_validate": "validation",
    "operation_state_intended": "résultat inconnu",
    "operation_state_done": "faite",
    "operation_state_refused": "refusée",
    "operation_state_not_done": "non faite",
    "operation_state_unclear": "restée sans résultat connu",
    "office_failed": "{error}",
    "several_merchants": "{reference} désigne des transactions de plusieurs commerçants : indiquez-en un avec --merchant ({merchants})",
    # status
    "status_transaction": "{reference}, commande {order} : {amount}",
    "status_ledger": "registre : {state}",
    "status_ledger_not_notified": "registre : {state}, pas encore notifiée à la boutique",
    "status_bank": "banque : {status} ({words})",
    "status_bank_code": "banque : {words}",
    "status_bank_outcome": "résultat à la banque : {outcome} (response_code {code})",
    "status_amounts": "demandé : {amount} ; maintenant : {current} ; reste à rembourser ou à valider : {left}",
    "status_last": "dernière opération : {operation}, {moment}",
    # reconcile
    "reconcile_columns_alone": "--columns s’emploie avec --file",
    "report_broken": "ligne {line} : ce n’est pas un paiement, ou elle est incomplète",
    "report_unknown": "ligne {line} : {reference}, commande {order} : acceptée par la banque ({bank}), absente du registre",
    "report_missing": "{reference}, commande {order} : acceptée dans le registre ({ledger}), absente du relevé",
    "report_outcome": "ligne {line} : {reference}, commande {order} : {bank} à la banque, {ledger} dans le registre",
    "report_amount": "ligne {line} : {reference}, commande {order} : montant {bank} à la banque, {ledger} dans le registre",
    "report_currency_code": "ligne {line} : {reference}, commande {order} : devise {bank} à la banque, {ledger} dans le registre",
    "report_order_id": "ligne {line} : {reference}, commande {order} : commande {bank} à la banque",
    "report_agrees": "Le relevé et le registre concordent.",
    "reconcile_no_duration": "{text} n’est pas une durée : écrivez 90s, 20m, 2h ou 3d",
    "reconcile_no_time": "--older doit être plus court que --newer",
    "reconcile_progress": "interrogation de la banque : {count} sur {total}",
    "reconcile_sips": "les paiements passent par Sips 1.0 (PROTOCOL), pour lequel la banque n’a pas de serveur à interroger",
    "reconcile_recorded": "{reference}, commande {order} : {outcome}, enregistré",
    "reconcile_never_begun": "{reference}, commande {order} : jamais commencé, ou payé un autre jour",
    "reconcile_waiting": "{reference}, commande {order} : pas encore décidé",
    "reconcile_contradictory": "{reference}, commande {order} : NON ENREGISTRÉ, la réponse de la banque diffère ({why}) ; comparez avec son back-office",
    "reconcile_no_code": "{reference}, commande {order} : non enregistré, la réponse n’a pas de responseCode du paiement",
    "reconcile_refused": "{reference}, commande {order} : pas de réponse ({why})",
    "reconcile_failed": "{reference}, commande {order} : aucune réponse digne de confiance. {why}",
    "reconcile_notified": "{notified} notifiés à la boutique, {pending} encore en attente",
    "reconciled_one": "La banque a été interrogée sur {count} demande sans résultat.",
    "reconciled_many": "La banque a été interrogée sur {count} demandes sans résultat.",
    # refund, validate
    "refund_no_amount": "{text} n’est pas un montant : écrivez-le en centimes, 1250 pour 12,50 euros",
    "refund_json": "--json exige --yes",
    "refund_transaction": "{reference}, commande {order} : {status} ({words}), il reste {left}",
    "refund_cancel": "à annuler : {amount}",
    "refund_refund": "à rembourser : {amount}",
    "refund_validate": "à valider : {amount}",
    "refund_confirm": "Confirmer ? [o/N]",
    "refund_not_confirmed": "non confirmé : rien n’a été envoyé",
    "refund_earlier_done": "une opération précédente restée sans réponse ({operation}, {amount}) a été faite, comme le montre l’état à la banque",
    "refund_earlier_not_done": "une opération précédente restée sans réponse ({operation}, {amount}) n’a pas été faite, comme le montre l’état à la banque",
    "refund_earlier_unclear": "une opération précédente restée sans réponse ({operation}, {amount}) reste incertaine",
    "refund_is_done": "L’opération est déjà faite : rien n’est envoyé.",
    "refund_done": "Fait.",
    "refused_bank": "la banque a répondu par le code {code}",
    "refused_under_way": "une autre opération sur cette transaction est en cours",
    "refused_differs": "la transaction a une autre valeur de {field} à la banque",
    "refused_currency": "la transaction a une autre devise à la banque",
    "refused_nothing_left": "il ne reste rien",
    "refused_too_much": "{wanted} dépasse ce qui reste : {left}",
    "refused_unrecorded": "l’opération ne peut pas être enregistrée avant son envoi : {error}",
    "refused_state": "impossible dans l’état {status}",
    "refund_refused": "refusé, rien n’a été fait : {why}",
    "refund_not_sent": "rien n’a été envoyé : {error}",
    "refund_not_known": "ON NE SAIT PAS si cela a été fait : {error}. Relancez la même commande dans une minute : elle interroge la banque avant tout envoi",
    "refund_not_recorded": "ON NE SAIT PAS si cela a été fait, et on n’a pas pu l’enregistrer : {error}. Consultez sogenactif status avant de recommencer",
    "refund_raised": "record_refund a échoué : {error}",
    "given_back": "(annulé ou remboursé : {amount})",
    "show_operation": "{operation} de {amount}, {moment} : {state}",
    # migrate
    "migrate_already": "{path} est déjà un pathfile pour Paypage",
    "migrate_exists": "{path} existe déjà ; indiquez-en un autre avec --output",
    "migrate_written": "Écrit : {path}",
    "migrate_to_do": "À faire :",
    "migrate_key": "mettez la clé secrète de {merchant} dans {path} (une ligne, mode 640 ou moins)",
    "migrate_ledger": "indiquez un LEDGER : sans lui, caddie, language et customer_email ne sont pas renvoyés",
    "migrate_message": "scripts qui appellent response : passez dans message= tout le corps du POST, et non DATA seul",
    "migrate_certificates": "conservez F_CERTIFICATE et les certificats tant que des réponses à des paiements antérieurs peuvent arriver",
    "migrate_unchanged": "rien ne change",
    "migrate_unsent": "sans équivalent, n’est pas envoyé",
    "migrate_parameters": "Paramètres possibles d’un appel :",
    "changed_amount": "envoyé sans zéros initiaux",
    "changed_caddie": "n’est pas envoyé ; le registre le conserve et le renvoie avec la réponse (perdu sans LEDGER)",
    "changed_cancel_return_url": "n’est pas envoyé ; tous les clients reviennent à normal_return_url, qu’ils aient payé ou non",
    "changed_capture_day": "avec PAYMENT_N, inclus dans la date de la première échéance",
    "changed_capture_mode": "PAYMENT_N est envoyé comme paymentPattern INSTALMENT, avec les dates et les montants calculés par le kit",
    "changed_customer_email": "renvoyé par le registre, et non par le serveur",
    "changed_data": "NO_RESPONSE_PAGE, NO_RESPONSE_PAGE_POST et l’échéancier de PAYMENT_N sont envoyés dans leurs propres clés ; le reste n’est pas envoyé",
    "changed_language": "envoyé avec les codes de et es à la place de ge et sp ; renvoyé par le registre",
    "changed_normal_return_url": "l’adresse de retour de tous les clients, que le paiement soit accepté, refusé ou annulé",
    "changed_order_id": "lettres et chiffres conviennent toujours ; la banque peut refuser d’autres caractères",
    "changed_payment_means": "les numéros de bloc organisent la page de la boutique et ne sont pas envoyés ; chaque bouton a son formulaire",
    "changed_return_context": "255 octets au plus, un de moins qu’en Sips 1.0",
    "changed_templatefile": "indique un gabarit de Paypage, qui doit être installé par la banque",
    "changed_transaction_id": "envoyé avec six chiffres ; son jour est celui de l’arrivée du client sur le serveur",
}

# What check saw, and what to do. The latter may hold {file} and {kit}, quoted for a shell, and
# {errors}, the page of error messages.
FINDINGS = {
    # Any check
    "crashed": Text(
        "le contrôle lui-même a échoué ({error})",
        "Signalez-le avec cette ligne.",
    ),
    "not_allowed": Text(
        "vous n’avez pas le droit de le lire, ni d’en lire le contenu",
        "Lancez le contrôle en tant que root ou sous l’utilisateur du serveur web.",
    ),
    "no_answer": Text(
        "{url} ne répond pas ({error})",
        "Vérifiez l’adresse, et si le serveur web fonctionne.",
    ),
    # Files
    "well_formed": Text("toutes les lignes sont bien formées"),
    "missing": Text(
        "ce fichier n’existe pas",
        "Mettez-le en place, ou corrigez le chemin qui y mène ; s’il est perdu, ./install.sh apache en écrit un nouveau.",
    ),
    "unreadable": Text(
        "il ne peut pas être lu ({error})",
        "Mettez-y un simple fichier texte.",
    ),
    "not_a_file": Text(
        "ce n’est pas un fichier",
        "Mettez-y le fichier, ou corrigez le chemin qui y mène.",
    ),
    "not_a_folder": Text(
        "ce n’est pas un dossier",
        "Supprimez-le, ou corrigez le chemin qui y mène.",
    ),
    "keyword_absent": Text(
        "{keyword} est absent ou vide",
        "Ajoutez la ligne {keyword}!valeur!",
    ),
    "kit_refuses": Text(
        "le kit signale : {error}",
        "{errors} indique le remède.",
    ),
    "byte_order_mark": Text(
        "le fichier commence par une marque d’ordre des octets (BOM), sa première ligne n’est donc pas comprise",
        "Enregistrez-le en UTF-8 sans BOM, ou : sed -i '1s/^\\xEF\\xBB\\xBF//' {file}",
    ),
    "carriage_returns": Text(
        "lignes terminées par un retour chariot : {count} ; le kit les accepte, d’autres programmes peut-être pas",
        "sed -i 's/\\r$//' {file}",
    ),
    "carriage_return_inside": Text(
        "un retour chariot à l’intérieur de la ligne",
        "Terminez les lignes par un simple saut de ligne : sed -i 's/\\r/\\n/g' {file}",
    ),
    "blank_line": Text(
        "la ligne ne contient que des espaces : le kit la refuse",
        "Videz la ligne ou supprimez-la.",
    ),
    "separators": Text(
        "points d’exclamation : {count}, alors qu’une ligne en a 2",
        "Écrivez la ligne MOTCLE!valeur!, sans ! dans la valeur.",
    ),
    "trailing_spaces": Text(
        "des espaces après le dernier point d’exclamation",
        "Supprimez-les.",
    ),
    "after_the_end": Text(
        "du texte après le dernier point d’exclamation, que le kit ignore",
        "Supprimez-le ; un commentaire commence par # sur sa propre ligne.",
    ),
    "spaces_around": Text(
        "la valeur de {keyword} commence ou finit par une espace, qui en fait partie",
        "Supprimez l’espace.",
    ),
    "spaces_around_keyword": Text(
        "une espace avant ou après le mot-clé {keyword} : la ligne est ignorée",
        "Commencez la ligne par le mot-clé, suivi aussitôt de !",
    ),
    "misspelled": Text(
        "mot-clé inconnu {keyword}, la ligne est donc ignorée",
        "Vouliez-vous dire {likely} ?",
    ),
    "unknown_keyword": Text(
        "mot-clé inconnu {keyword}, la ligne est donc ignorée",
        "Corrigez-le ou supprimez la ligne.",
    ),
    "misplaced": Text(
        "{keyword} n’est pas lu dans ce fichier",
        "Le pathfile et les fichiers parmcom ont des mots-clés différents : déplacez la ligne dans l’autre.",
    ),
    "repeated": Text(
        "{keyword} figure déjà à la ligne {first} ; c’est la présente ligne qui compte",
        "N’en gardez qu’une.",
    ),
    "too_long": Text(
        "{keyword} a {length} octets, {most} au plus",
        "Raccourcissez la valeur.",
    ),
    "misspelled_value": Text(
        "{keyword} doit avoir l’une de ces valeurs : {choices}",
        "Vouliez-vous dire {likely} ?",
    ),
    "wrong_value": Text(
        "{keyword} doit avoir l’une de ces valeurs : {choices}",
        "Écrivez l’une d’elles.",
    ),
    "wrong_form": Text(
        "{keyword} est mal formé ; {example} est correct, par exemple",
        "Corrigez-le.",
    ),
    "no_merchant": Text(
        "ce fichier n’existe pour aucun commerçant",
        "Créez-en un, au nom du merchant_id donné par la banque.",
    ),
    "parameters_misnamed": Text(
        "ne porte le nom d’aucun merchant_id, il est donc ignoré",
        "Nommez-le {likely}, ou supprimez-le.",
    ),
    "relative": Text(
        "{keyword} vaut {value}, qui dépend de l’endroit où un programme est lancé",
        "Écrivez le chemin complet, à partir de /.",
    ),
    "leads_nowhere": Text(
        "{keyword} mène à {path}, qui n’existe pas",
        "Corrigez le chemin.",
    ),
    "leads_there": Text("{keyword} mène à un chemin accessible à {user}"),
    "not_readable": Text(
        "l’utilisateur {user} du serveur web ne peut pas le lire",
        "chgrp {group} {file} && chmod g+r {file}",
    ),
    "not_entered": Text(
        "l’utilisateur {user} du serveur web ne peut pas entrer dans ce dossier, et ce dont il a besoin est à l’intérieur",
        "chgrp {group} {file} && chmod g+x {file}  # ou mettez les fichiers du kit ailleurs",
    ),
    "code_closed": Text(
        "l’utilisateur {user} du serveur web ne peut pas lire {path}, que les scripts exécutent",
        "chmod -R go+rX {file}",
    ),
    "not_writable": Text(
        "l’utilisateur {user} du serveur web ne peut pas y écrire",
        "chown {user} {file}",
    ),
    "debug_on": Text(
        "DEBUG vaut YES : chaque client voit tous les paramètres",
        "Écrivez DEBUG!NO!",
    ),
    "debug_neither": Text(
        "DEBUG ne vaut ni YES ni NO, et compte comme NO",
        "Écrivez DEBUG!NO!",
    ),
    "debug_off": Text("le mode debug est désactivé"),
    # Merchants
    "certificate": Text("de {merchant}, pour {url} ; mode {mode}, {owner}, groupe {group}"),
    "certificate_own": Text(
        "de {merchant}, émis par ce kit pour {url} : aucune banque ne l’accepte ; mode {mode}, {owner}, groupe {group}"
    ),
    "certificate_before": Text(
        "le précédent, de {merchant}, pour {url} ; mode {mode}, {owner}, groupe {group}"
    ),
    "certificate_former": Text(
        "ne sert qu’aux réponses aux paiements antérieurs à PROTOCOL!paypage! ; mode {mode}, {owner}, groupe {group}"
    ),
    "certificate_left_over": Text(
        "Paypage sert depuis plus de {days} jours : plus aucune réponse à un paiement antérieur n’a besoin de ce certificat",
        "Supprimez-le et, quand il n’en reste aucun, la ligne F_CERTIFICATE.",
    ),
    "certificate_missing": Text(
        "le commerçant {merchant} n’y a pas de certificat",
        "{kit}/bin/sogenactif certificate install FICHIER y met le fichier de la banque.",
    ),
    "certificate_misnamed": Text(
        "le commerçant {merchant} n’y a pas de certificat, mais il y a {likely}",
        "Renommez-le, ou corrigez MERCHANT_COUNTRY ou F_CTYPE.",
    ),
    "certificate_damaged": Text(
        "il est tronqué ou modifié : {error}",
        "Remettez en place le fichier de la banque ; par FTP, en mode binaire.",
    ),
    "another_merchant_id": Text(
        "le certificat est celui du commerçant {says}, pas de {wanted}",
        "Mettez-y le sien, ou corrigez le nom du fichier parmcom.",
    ),
    "another_merchant_country": Text(
        "le certificat est du pays {says}, MERCHANT_COUNTRY vaut {wanted}",
        "Corrigez MERCHANT_COUNTRY, ou demandez le bon certificat à la banque.",
    ),
    "another_certificate_type": Text(
        "le certificat est du type {says}, F_CTYPE vaut {wanted}",
        "Corrigez F_CTYPE dans le pathfile, ou demandez le bon certificat à la banque.",
    ),
    "open_to_all": Text(
        "tous les utilisateurs de la machine y ont accès, alors qu’il est secret (mode {mode}, {owner}, groupe {group})",
        "chmod o= {file}",
    ),
    "expired": Text(
        "il a expiré le {day}",
        "Demandez-en un nouveau à la banque, puis : {kit}/bin/sogenactif certificate install FICHIER",
    ),
    "expires_soon": Text(
        "il expire le {day} ; jours restants : {days}",
        "Demandez-en un nouveau à la banque, puis : {kit}/bin/sogenactif certificate install FICHIER",
    ),
    "expiry_unreadable": Text(
        "certificate_expired n’est pas un jour de la forme aaaammjj",
        "Remettez en place le fichier de la banque.",
    ),
    "key": Text("la clé secrète de {merchant} ; mode {mode}, {owner}, groupe {group}"),
    "key_before": Text("la clé secrète précédente, de {merchant} ; mode {mode}, {owner}, groupe {group}"),
    "key_former": Text(
        "ne sert qu’aux réponses aux paiements faits avec PROTOCOL!paypage! ; mode {mode}, {owner}, groupe {group}"
    ),
    "key_missing": Text(
        "le commerçant {merchant} n’y a pas de clé secrète",
        "Collez la clé de l’extranet de la banque dans ce fichier avec un éditeur, sur une ligne ; puis chmod 640, et chgrp au groupe du serveur web.",
    ),
    "key_misnamed": Text(
        "le commerçant {merchant} n’y a pas de clé secrète, mais il y a {likely}",
        "Renommez-le, ou corrigez PAYPAGE_KEY.",
    ),
    "key_empty": Text(
        "il ne contient pas de clé secrète",
        "Collez-y la clé de l’extranet de la banque, sur une ligne.",
    ),
    "key_lines": Text(
        "{count} lignes, alors qu’une clé secrète n’en a qu’une",
        "Ne gardez que la ligne de la clé, sans commentaire.",
    ),
    "key_spaces": Text(
        "une espace avant, dans ou après la clé compte comme une partie de celle-ci",
        "Supprimez-la : sed -i 's/[[:space:]]//g' {file}",
    ),
    "key_public": Text(
        "c’est la clé des boutiques de test de la banque, qui est publiée, et les paiements vont à {url} : n’importe qui peut forger des réponses",
        "Mettez-y la clé fournie par l’extranet de la banque.",
    ),
    "key_in_tests": Text(
        "votre propre clé, alors que les paiements vont au serveur de test de la banque ({url}), où personne n’est débité",
        "En production, indiquez l’autre serveur de la banque : PAYPAGE_URL!{production}!",
    ),
    "sealed": Text("une demande de {merchant} a été scellée"),
    "request_refused": Text(
        "aucune demande de {merchant} ne peut être faite : {error}",
        "Corrigez le paramètre ; {errors} indique le remède.",
    ),
    "address": Text("{keyword} vaut {url}"),
    "address_absent": Text(
        "{keyword} n’est pas renseigné",
        "Renseignez-le ici, ou faites-le transmettre par votre programme à chaque demande.",
    ),
    "address_malformed": Text(
        "{keyword} n’est pas une adresse web : {url}",
        "Écrivez http:// ou https://, un hôte, au besoin un port de 1 à 65535, et un chemin, sans espaces ni accents.",
    ),
    "address_of_another": Text(
        "{keyword} mène à {script} au lieu de {served}",
        "Écrivez l’adresse de {served}.",
    ),
    "address_local": Text(
        "{keyword} vaut {url}, que ni les clients ni le serveur de paiement ne peuvent atteindre",
        "Écrivez l’adresse publique de la boutique.",
    ),
    "address_in_clear": Text(
        "{keyword} n’est pas en https : {url}",
        "Servez la boutique en https et corrigez l’adresse ici.",
    ),
    "address_with_password": Text(
        "{keyword} contient un utilisateur ou un mot de passe, que recevrait le navigateur de chaque client",
        "Retirez-le de l’adresse, et retirez aussi la protection dans le serveur web : le serveur de la banque ne s’identifie nulle part.",
    ),
    "address_with_parameters": Text(
        "{keyword} a des paramètres, que Paypage peut refuser : {url}",
        "Écrivez l’adresse sans ? ; order_id, customer_id et return_context reviennent avec la réponse.",
    ),
    "address_port": Text(
        "{keyword} utilise le port {port}, et le serveur de la banque n’appelle que les ports {first} à {last}",
        "Servez la boutique sur le port habituel de https, 443.",
    ),
    "address_unsent": Text(
        "{keyword} n’est pas envoyé avec PROTOCOL!paypage! : tous les clients reviennent à RETURN_URL, même après une annulation",
        "Utilisez RETURN_URL pour les deux, et supprimez cette ligne.",
    ),
    "server_for_tests": Text(
        "PAYPAGE_URL est le serveur de test de la banque, où personne n’est débité",
        "Avant de vendre, écrivez PAYPAGE_URL!{production}!",
    ),
    "server_in_clear": Text(
        "PAYPAGE_URL n’est pas en https : {url}",
        "Écrivez l’adresse de la banque, qui commence par https://",
    ),
    "server_gone": Text(
        "{host} est arrêté : aucun paiement ne commence",
        "Écrivez l’adresse de la marque de votre banque (docs/paypage.md en donne la liste), par exemple PAYPAGE_URL!{production}!",
    ),
    "server_unknown": Text(
        "{host} n’est pas un hôte de Paypage que connaît ce kit ; {likely} en serait un",
        "Comparez PAYPAGE_URL aux documents de la banque ; docs/paypage.md donne les hôtes de chaque marque.",
    ),
    "test_shop_mode": Text(
        "{merchant} est une boutique de test publique du mode {wanted}, et PAYPAGE_REFERENCE vaut {mode} : le simulateur refuse ses demandes",
        "Choisissez la boutique de test du mode voulu, ou son mode avec PAYPAGE_REFERENCE (docs/paypage.md).",
    ),
    "server_local": Text(
        "{keyword} vaut {url}, mais les paiements vont à {server}, que ses clients ne peuvent pas atteindre",
        "Installez le certificat de la banque ou, avec PROTOCOL!paypage!, écrivez l’adresse de la banque dans PAYPAGE_URL. Pour"
        " essayer un paiement sans banque sur cette machine, écrivez plutôt des adresses de http://localhost dans ce fichier.",
    ),
    "logos": Text("images pour tous les moyens de paiement : {count}"),
    "logo_address": Text(
        "D_LOGO ne finit pas par /, les images sont donc attendues à {url}…",
        "Écrivez / à la fin.",
    ),
    "logo_as_text": Text(
        "pas d’image pour {means} : les clients voient un bouton portant son nom",
        "Mettez-y une image, si vous en voulez une.",
    ),
    "means_misspelled": Text(
        "pas d’image pour {means}",
        "Vouliez-vous dire {likely} ? Corrigez PAYMENT_MEANS.",
    ),
    "logo_missing": Text(
        "pas d’image pour {means} : les clients voient l’icône d’une image manquante",
        "Ajoutez-la ; son extension est LOGO_TYPE (gif s’il n’est pas renseigné).",
    ),
    # Templates, the shop's part
    "templates": Text("chacun est bien formé, et les pages peuvent être générées"),
    "template_missing": Text(
        "le gabarit est absent",
        "Recopiez celui du kit.",
    ),
    "template_syntax": Text(
        "le gabarit a une erreur de syntaxe : {error}",
        "Corrigez la ligne.",
    ),
    "template_fails": Text(
        "la page ne peut pas être générée : {error}",
        "Corrigez la ligne.",
    ),
    "not_utf8": Text(
        "la ligne n’est pas en UTF-8",
        "Enregistrez le fichier en UTF-8.",
    ),
    "shop": Text("chaque commerçant cité dans les scripts a ses paramètres"),
    "merchant_unknown": Text(
        "{merchant} ressemble à un merchant_id, et n’a pas de fichier parmcom : ses clients obtiennent une erreur",
        "Écrivez-y votre merchant_id, ou remettez parmcom.{merchant} à côté du pathfile ; s’il est perdu, ./install.sh apache en écrit un nouveau.",
    ),
    "merchant_not_recorded": Text(
        "call_request.py cite le commerçant {merchant}, et ce script non : ses paiements sont acceptés et ne changent aucune commande",
        "Écrivez le même merchant_id dans les deux scripts.",
    ),
    "order_fails": Text(
        "order_to_pay échoue, chaque client obtient donc une erreur : {error}",
        "Corrigez la fonction en tête du script, ou remettez depuis une sauvegarde le fichier qu’elle ouvre.",
    ),
    "form_fails": Text(
        "les clients de {merchant} obtiennent une erreur au lieu d’un formulaire : {error}",
        "{errors} indique le remède.",
    ),
    # Ledger
    "disk": Text("espace libre pour le registre et le journal : {free} Mio"),
    "disk_full": Text(
        "espace libre sur son disque : {free} Mio ; sans espace pour le journal, aucun paiement ne commence",
        "Libérez de l’espace.",
    ),
    "disk_read_only": Text(
        "son disque est en lecture seule : aucun paiement ne commence",
        "Cherchez-en la cause (dmesg), et remontez-le en écriture.",
    ),
    "no_ledger": Text(
        "pas de LEDGER : transaction_id est l’heure, les réponses sont consignées et notifiées à la boutique autant de fois qu’elles arrivent"
    ),
    "ledger_needed": Text(
        "pas de LEDGER : avec PROTOCOL!paypage! caddie est perdu, language et customer_email ne sont pas renvoyés",
        "Ajoutez la ligne LEDGER!sqlite:////chemin/du/ledger.db!",
    ),
    "ledger": Text("schéma {version}, {user} peut y écrire, rien n’est en attente"),
    "ledger_to_come": Text("pas encore créé ; le premier paiement le crée"),
    "ledger_older": Text("d’un kit plus ancien ; le prochain paiement le met à jour"),
    "ledger_newer": Text(
        "créé par un kit plus récent (schéma {version}, celui-ci connaît {known})",
        "Réinstallez le kit plus récent.",
    ),
    "ledger_gone": Text(
        "il a disparu, bien que son journal soit là",
        "{kit}/bin/sogenactif replay  # ou remettez le fichier",
    ),
    "ledger_damaged": Text(
        "il est endommagé, ou n’est pas une base de données ; replay le renomme et le reconstruit depuis le journal",
        "{kit}/bin/sogenactif replay",
    ),
    "journal_unreadable": Text(
        "{error}",
        "Rendez le fichier lisible pour l’utilisateur du serveur web, ou restaurez-le.",
    ),
    "ledger_fails": Text(
        "{error}",
        "{errors} indique le remède ; ensuite lancez : {kit}/bin/sogenactif replay",
    ),
    "ledger_malformed": Text(
        "LEDGER n’est ni sqlite:////chemin/absolu ni postgresql://…",
        "Écrivez l’un des deux ; sqlite a quatre barres obliques. Dans un mot de passe, @ s’écrit %40, : %3A, / %2F et % %25.",
    ),
    "paid_twice_orders": Text(
        "commandes payées plusieurs fois : {orders}",
        "Remboursez tous les paiements sauf un, avec {kit}/bin/sogenactif refund ou dans le back-office de la banque : {kit}/bin/sogenactif verify en donne la liste.",
    ),
    "conflicting_acceptances": Text(
        "transactions contredites par une acceptation reçue : {references}",
        "Comparez chacune avec le back-office de la banque et remboursez ce qui a été payé en trop : {kit}/bin/sogenactif verify en donne la liste.",
    ),
    "order_characters": Text(
        "commandes avec d’autres caractères que des lettres et des chiffres, que la banque peut refuser : {orders}",
        "Donnez à Paypage un order_id de lettres et de chiffres, et gardez l’autre nom dans la boutique.",
    ),
    "not_notified": Text(
        "résultats qui n’ont pas été notifiés à la boutique : {count}",
        "Le journal du serveur web dit pourquoi record_outcome a échoué ; ensuite lancez : {kit}/bin/sogenactif replay",
    ),
    "refunds_not_notified": Text(
        "remboursements qui n’ont pas été notifiés à la boutique : {count}",
        "Le journal du serveur web dit pourquoi record_refund a échoué ; ensuite lancez : {kit}/bin/sogenactif replay",
    ),
    "unentered": Text(
        "lignes qui manquent au registre : {count}",
        "{kit}/bin/sogenactif replay",
    ),
    "journal": Text("{user} peut y écrire"),
    "journal_to_come": Text("pas encore créé ; le premier paiement le crée"),
    "user_unknown": Text(
        "son dossier appartient à root, et aucun serveur web ne tourne en root : les droits de son utilisateur ne peuvent pas être vérifiés",
        "Indiquez cet utilisateur avec --user, et faites-en le propriétaire du dossier du journal.",
    ),
    "secrets": Text("personne d’autre sur la machine ne peut lire le registre ni le journal"),
    "server_log": Text("les événements vont au journal d’erreurs du serveur web"),
    "syslog": Text("les événements vont à {socket}"),
    "syslog_unreachable": Text(
        "LOG vaut syslog, et {socket} ne peut être atteint ({error}) : les événements vont au journal d’erreurs du serveur web",
        "Démarrez le syslog de cette machine, ou supprimez la ligne.",
    ),
    # Machine
    "python": Text(
        "Python {version} ({executable}), toutes les dépendances, la première ligne de chaque script"
    ),
    "old_python": Text(
        "{command} est un Python {version}",
        "Installez Python 3.10 ou plus récent, et indiquez-le à la première ligne des scripts.",
    ),
    "dependencies_unpacked": Text(
        "{command} ne peut pas importer {names}",
        "./install.sh, avec ce Python",
    ),
    "dependencies_installed": Text(
        "{command} ne peut pas importer {names}",
        "Relancez ./install.sh apache, avec les mêmes options, dans le kit que vous avez décompressé.",
    ),
    "dependencies_package": Text(
        "{command} ne peut pas importer {names}",
        "Réinstallez le paquet : pip install --force-reinstall sogenactif",
    ),
    "dependencies_bundle": Text(
        "{command} ne peut pas importer {names}",
        "Recopiez ici lib/packages depuis le dossier que ./install.sh bundle a écrit ; par FTP, en mode binaire.",
    ),
    "no_interpreter": Text(
        "{command} ne peut pas être lancé comme Python",
        "Indiquez un Python existant à la première ligne : #!/usr/bin/python3",
    ),
    "script_missing": Text(
        "le script est absent",
        "Réinstallez le kit : vos modifications sont conservées.",
    ),
    "script_missing_bundle": Text(
        "le script est absent",
        "Recopiez-le depuis le dossier que ./install.sh bundle a écrit, ou indiquez le dossier des scripts avec --scripts.",
    ),
    "script_unnamed": Text(
        "la première ligne n’indique pas d’interpréteur",
        "Commencez le script par #!/usr/bin/python3",
    ),
    "script_carriage_return": Text(
        "la première ligne finit par un retour chariot, le serveur web ne trouve donc pas l’interpréteur",
        "sed -i 's/\\r$//' {file}  # et copiez en mode binaire si c’est par FTP",
    ),
    "script_not_executable": Text(
        "le script n’est pas exécutable",
        "chmod 755 {file}",
    ),
    "script_syntax": Text(
        "le script a une erreur de syntaxe : {error}",
        "Corrigez la ligne.",
    ),
    "no_paris": Text(
        "le fuseau horaire Europe/Paris est inconnu",
        "Installez le tzdata du système (apt-get install tzdata), ou remettez en place le lib/packages du kit, qui en contient un.",
    ),
    "clock": Text("{seconds} s d’écart avec {url}"),
    "clock_wrong": Text(
        "l’horloge de cette machine est à {seconds} s de celle de {url}",
        "Mettez-la à l’heure, et activez sa synchronisation : timedatectl set-ntp true",
    ),
    # Web server
    "script_runs": Text("{url} s’exécute (il répond {status})"),
    "source_served": Text(
        "DANGER : {url} MONTRE À TOUT LE MONDE LE CODE SOURCE DU SCRIPT au lieu de l’exécuter",
        "Activez mod_wsgi (a2enmod wsgi) ou CGI (a2enmod cgid, ScriptAlias), et retirez le script en attendant.",
    ),
    "configuration_served": Text(
        "DANGER : {url} MONTRE LE PATHFILE À TOUT LE MONDE",
        "Conservez la configuration hors des dossiers que sert le serveur web, ou interdisez-lui de la servir.",
    ),
    "key_served": Text(
        "DANGER : {url} MONTRE UNE CLÉ SECRÈTE À TOUT LE MONDE",
        "Demandez une nouvelle clé à l’extranet de la banque, et conservez-la hors des dossiers que sert le serveur web.",
    ),
    "script_fails": Text(
        "{url} échoue (500)",
        "Le journal d’erreurs du serveur web dit pourquoi, avec la référence de l’incident si la page en montre une.",
    ),
    "script_forbidden": Text(
        "{url} est refusé (403) : mod_wsgi ou CGI est désactivé, ou l’accès interdit",
        "a2enmod wsgi (cgid pour CGI), puis redémarrez Apache ; s’il est activé, Require all granted pour le dossier des scripts. Chez un hébergeur, demandez-lui d’y autoriser CGI.",
    ),
    "script_not_found": Text(
        "{url} est introuvable (404)",
        "a2enconf 00-sogenactif, puis rechargez Apache ; si cette configuration est active, l’adresse est peut-être celle d’un autre hôte : vérifiez --url. Chez un hébergeur, mettez les scripts dans son cgi-bin.",
    ),
    "script_not_run": Text(
        "{url} répond {status} là où le kit répond {expected}",
        "Un autre programme répond à cette adresse : vérifiez la configuration du serveur web.",
    ),
    "address_served": Text("{keyword} vaut {url}, où le script du kit s’exécute (il répond {status})"),
    "address_not_served": Text(
        "{keyword} vaut {url}, qui répond {status}",
        "Corrigez l’adresse ; le script du kit est {ours}",
    ),
    "address_redirects": Text(
        "{keyword} vaut {url}, qui redirige vers {to} : les champs envoyés par POST sont perdus",
        "Écrivez l’adresse finale.",
    ),
    "address_asks_password": Text(
        "{keyword} vaut {url}, qui demande un mot de passe ({status}) : le serveur de la banque n’en a pas",
        "Retirez le mot de passe de cette adresse, même sur un site de test : Require all granted dans Apache.",
    ),
    "address_refuses_posts": Text(
        "{keyword} vaut {url}, qui refuse les POST ({status})",
        "Laissez passer les POST de partout à cette adresse : ni filtre d’adresses IP, ni règle de pare-feu ou de mod_security, ni jeton exigé par la boutique (CSRF).",
    ),
    "address_takes_no_posts": Text(
        "{keyword} vaut {url}, qui n’accepte pas de POST ({status})",
        "Faites accepter la méthode POST à cette adresse par le serveur web et par le script.",
    ),
    "address_limits_posts": Text(
        "{keyword} vaut {url}, qui limite le nombre de POST ({status})",
        "Retirez la limite de cette adresse : le serveur de la banque n’envoie qu’une fois et ne garantit pas de nouvel envoi.",
    ),
    "address_unknown": Text(
        "{keyword} vaut {url}, où répond autre chose que le script du kit ({status})",
        "Laissez-la si votre propre script y appelle bin/response ; sinon écrivez {ours}",
    ),
    "shop_hidden": Text(
        "Apache sert le kit à la place de ce fichier ou dossier, à la même adresse",
        "Renommez-le ; ou donnez une autre adresse aux logos : changez D_LOGO ({logos}), puis relancez ./install.sh apache. Avec --site NOM, seuls les hôtes virtuels d’un site sont concernés.",
    ),
    "logos_served": Text("{url} a une image pour chaque moyen de paiement"),
    "logo_not_served": Text(
        "{url} n’est pas une image ({status}, {kind})",
        "Mettez-y l’image, ou corrigez D_LOGO ou LOGO_TYPE.",
    ),
    # Office
    "office_answers": Text("le serveur Office de la banque connaît le commerçant {merchant} et sa clé"),
    "office_in_clear": Text(
        "OFFICE_URL n’est pas en https : {url}",
        "Écrivez l’adresse https de la banque.",
    ),
    "office_for_tests": Text(
        "OFFICE_URL est le serveur de test de la banque, et PAYPAGE_URL ne l’est pas : {url}",
        "Indiquez le serveur Office de la plateforme sur laquelle se font les paiements.",
    ),
    "office_fails": Text(
        "le serveur Office ne répond pas comme il devrait pour le commerçant {merchant} : {error}",
        "Comparez OFFICE_URL, la clé et PAYPAGE_KEY_VERSION avec la documentation et l’extranet de la banque.",
    ),
    "office_refuses": Text(
        "le serveur Office refuse le commerçant {merchant} : {words}",
        "Demandez à la banque si le contrat comprend Office.",
    ),
    # Payment
    "payment_done": Text("la transaction {number} a été acceptée"),
    "payment_in_ledger": Text("la transaction {number} a été acceptée, et figure dans le registre"),
    "payment_bank": Text(
        "les paiements vont à {url}, qui n’est pas un serveur de paiement d’essai de ce kit : le contrôle ne paie jamais auprès d’une banque",
        "Payez plutôt sur un serveur de paiement d’essai : avec un certificat de {kit}/bin/sogenactif certificate issue ou, avec PROTOCOL!paypage!, une PAYPAGE_URL sur cette machine.",
    ),
    "payment_unknown": Text(
        "l’adresse du serveur de paiement est inconnue",
        "Voyez les constats sur les certificats, ou sur PAYPAGE_URL.",
    ),
    "payment_no_order": Text(
        "{url} ne montre pas de formulaire pour cette commande ({status})",
        "Indiquez avec --order une commande de la boutique qui reste à payer.",
    ),
    "payment_unsealed": Text(
        "{url} : {error}",
        "{errors} indique le remède.",
    ),
    "payment_no_entry": Text(
        "{url} ne demande pas de carte ({status})",
        "Le serveur de paiement a refusé la demande : sa console dit pourquoi.",
    ),
    "payment_no_receipt": Text(
        "{url} ne montre pas de ticket ({status})",
        "Sa console dit pourquoi. Avec 3-D Secure le contrôle ne peut pas continuer : indiquez une commande d’un commerçant sans 3-D Secure.",
    ),
    "payment_not_accepted": Text(
        "la carte de test n’est pas acceptée : {outcome} (response_code {code})",
        "La console du serveur de paiement dit pourquoi.",
    ),
    "payment_not_notified": Text(
        "la transaction {number} a été acceptée, et le registre indique {state}",
        "La réponse automatique va à {url}. La console du serveur de paiement dit si elle y est arrivée ; si oui, le journal"
        " du serveur web indique ce qu’elle est devenue.",
    ),
    "payment_no_return": Text(
        "{url} répond {status} au client qui revient",
        "Le journal du serveur web dit pourquoi.",
    ),
}

# What argparse says of a wrong call, as patterns; "usage" is the same word in French.
USAGE_ERRORS = {
    r"the following arguments are required: (.*)": r"il manque : \1",
    r"one of the arguments (.*) is required": r"il faut l’un de ces arguments : \1",
    r"unrecognized arguments: (.*)": r"argument inconnu : \1",
    r"ambiguous option: (.*) could match (.*)": r"option ambiguë : \1 peut être \2",
    r"argument (.*): expected (?:one|at least one) argument": r"\1 : il manque la valeur",
    r"argument (.*): ignored explicit argument (.*)": r"\1 n’accepte pas de valeur (\2)",
    r"argument (.*): not allowed with argument (.*)": r"\1 est incompatible avec \2",
    r"argument (.*): invalid choice: (.*) \(choose from (.*)\)": r"\1 : \2 n’est pas un choix possible (\3)",
    r"argument (.*): invalid \w+ value: (.*)": r"\1 : \2 n’est pas une valeur possible",
}
