"""What ``sogenactif check`` says in French; the same entries as in English."""

FRENCH: dict[str, tuple[str, str]] = {
    # Words around the findings
    "level_ok": ("ok", ""),
    "level_warning": ("attention", ""),
    "level_fault": ("DÉFAUT", ""),
    "place": ("{file}, ligne {line} : {saw}", ""),
    "place_file": ("{file} : {saw}", ""),
    "summary": ("Défauts : {faults}. Avertissements : {warnings}. En ordre : {well}.", ""),
    "skipped": ("Non examiné : {names}.", ""),
    "skipped_url": ("--url http://votre.boutique examine aussi le serveur web.", ""),
    "check_pathfile": ("Pathfile", ""),
    "check_parameters": ("Paramètres", ""),
    "check_paths": ("Chemins", ""),
    "check_debug": ("Mode debug", ""),
    "check_certificates": ("Certificats", ""),
    "check_requests": ("Une demande scellée", ""),
    "check_addresses": ("Adresses", ""),
    "check_logos": ("Logos", ""),
    "check_ledger": ("Registre", ""),
    "check_journal": ("Journal", ""),
    "check_secrets": ("Secrets", ""),
    "check_clock": ("Horloge", ""),
    "check_python": ("Python", ""),
    "check_scripts": ("Serveur web", ""),
    "check_served_logos": ("Logos sur le web", ""),
    "check_payment": ("Un paiement", ""),
    # Any check
    "crashed": ("le contrôle lui-même a échoué ({error})", "Signalez-le avec cette ligne."),
    "not_allowed": (
        "vous n’avez pas le droit de le regarder",
        "Lancez le contrôle en tant que root ou utilisateur du serveur web.",
    ),
    "no_answer": ("{url} ne répond pas ({error})", "Vérifiez l’adresse, et que le serveur web fonctionne."),
    # Files
    "well_formed": ("toutes les lignes sont bien formées", ""),
    "missing": ("ce fichier n’existe pas", "Mettez-le en place, ou corrigez le chemin qui y mène."),
    "unreadable": ("il ne peut pas être lu ({error})", "Mettez-y un simple fichier texte."),
    "keyword_absent": ("{keyword} est absent ou vide", "Ajoutez la ligne {keyword}!valeur!"),
    "kit_refuses": ("le kit dit : {error}", "docs/errors.md indique le remède."),
    "byte_order_mark": (
        "le fichier commence par une marque d’ordre des octets (BOM), sa première ligne n’est donc pas comprise",
        "Enregistrez-le en UTF-8 sans BOM, ou : sed -i '1s/^\\xEF\\xBB\\xBF//' {file}",
    ),
    "carriage_returns": (
        "lignes terminées par un retour chariot : {count} ; le kit les accepte, d’autres programmes peut-être pas",
        "sed -i 's/\\r$//' {file}",
    ),
    "carriage_return_inside": (
        "un retour chariot à l’intérieur de la ligne",
        "Terminez les lignes par un simple saut de ligne : sed -i 's/\\r/\\n/g' {file}",
    ),
    "blank_line": ("une ligne d’espaces : le kit la refuse", "Videz la ligne ou supprimez-la."),
    "separators": (
        "{count} points d’exclamation alors qu’une ligne en a 2",
        "Écrivez la ligne MOTCLE!valeur!, sans ! dans la valeur.",
    ),
    "trailing_spaces": ("des espaces après le dernier point d’exclamation", "Supprimez-les."),
    "after_the_end": (
        "du texte après le dernier point d’exclamation, que le kit ne lit pas",
        "Supprimez-le ; un commentaire commence par # sur sa propre ligne.",
    ),
    "spaces_around": (
        "la valeur de {keyword} commence ou finit par une espace, qui en fait partie",
        "Supprimez l’espace.",
    ),
    "spaces_around_keyword": (
        "une espace avant ou après le mot-clé {keyword} : la ligne n’est pas lue",
        "Commencez la ligne par le mot-clé, suivi aussitôt de !",
    ),
    "misspelled": ("mot-clé inconnu {keyword}, la ligne n’est donc pas lue", "Vouliez-vous dire {likely} ?"),
    "unknown_keyword": (
        "mot-clé inconnu {keyword}, la ligne n’est donc pas lue",
        "Corrigez-le ou supprimez la ligne.",
    ),
    "misplaced": (
        "{keyword} n’est pas lu dans ce fichier",
        "Le pathfile et les fichiers parmcom ont des mots-clés différents : déplacez la ligne dans l’autre.",
    ),
    "repeated": (
        "{keyword} figure déjà à la ligne {first} ; c’est celle-ci qui compte",
        "Gardez l’une des deux.",
    ),
    "too_long": ("{keyword} a {length} octets, {most} au plus", "Raccourcissez la valeur."),
    "no_merchant": (
        "ce fichier n’existe pour aucun commerçant",
        "Créez-en un, au nom du merchant_id donné par la banque.",
    ),
    "relative": (
        "{keyword} vaut {value}, qui dépend de l’endroit où un programme est lancé",
        "Écrivez le chemin complet, à partir de /.",
    ),
    "leads_nowhere": ("{keyword} mène à {path}, qui n’existe pas", "Corrigez le chemin."),
    "leads_there": ("{keyword} mène là où {user} a accès", ""),
    "not_for_user": (
        "l’utilisateur {user} du serveur web ne peut pas le lire",
        "Donnez à {user} le droit de le lire et d’entrer dans les dossiers au-dessus (chgrp, chmod).",
    ),
    "not_writable": ("l’utilisateur {user} du serveur web ne peut pas y écrire", "chown {user} {file}"),
    "debug_on": ("DEBUG vaut YES : chaque client voit tous les paramètres", "Écrivez DEBUG!NO!"),
    "debug_neither": ("DEBUG ne vaut ni YES ni NO, et compte comme NO", "Écrivez DEBUG!NO!"),
    "debug_off": ("le mode debug est éteint", ""),
    # Merchants
    "certificate": ("de {merchant}, pour {url} ; mode {mode}, {owner}, groupe {group}", ""),
    "certificate_own": (
        "de {merchant}, émis par ce kit pour {url} : aucune banque ne l’accepte ; mode {mode}, {owner}, groupe {group}",
        "",
    ),
    "certificate_before": (
        "le précédent, de {merchant}, pour {url} ; mode {mode}, {owner}, groupe {group}",
        "",
    ),
    "certificate_missing": (
        "le commerçant {merchant} n’y a pas de certificat",
        "sogenactif certificate install FICHIER y met le fichier de la banque.",
    ),
    "certificate_misnamed": (
        "le commerçant {merchant} n’y a pas de certificat, mais il y a {likely}",
        "Renommez-le, ou corrigez MERCHANT_COUNTRY ou F_CTYPE.",
    ),
    "certificate_damaged": (
        "il est coupé ou modifié : {error}",
        "Remettez le fichier de la banque ; en mode binaire si c’est par FTP.",
    ),
    "another_merchant_id": (
        "le certificat est celui du commerçant {says}, pas de {wanted}",
        "Mettez-y le sien, ou corrigez le nom du fichier parmcom.",
    ),
    "another_merchant_country": (
        "le certificat est du pays {says}, MERCHANT_COUNTRY du pays {wanted}",
        "Corrigez MERCHANT_COUNTRY, ou demandez le bon certificat à la banque.",
    ),
    "another_certificate_type": (
        "le certificat est du type {says}, F_CTYPE vaut {wanted}",
        "Corrigez F_CTYPE dans le pathfile, ou demandez le bon certificat à la banque.",
    ),
    "open_to_all": (
        "tout le monde sur la machine peut le lire ou le modifier (mode {mode}, {owner}, groupe {group}), et il est secret",
        "chmod o= {file}",
    ),
    "expired": (
        "il a expiré le {day}",
        "Demandez-en un nouveau à la banque, puis : sogenactif certificate install FICHIER",
    ),
    "expires_soon": (
        "il expire le {day}, dans {days} jours",
        "Demandez-en un nouveau à la banque, puis : sogenactif certificate install FICHIER",
    ),
    "expiry_unreadable": (
        "certificate_expired n’est pas un jour de la forme aaaammjj",
        "Remettez le fichier de la banque.",
    ),
    "sealed": ("une demande de {merchant} a été scellée et rouverte", ""),
    "request_refused": (
        "aucune demande de {merchant} ne peut être faite : {error}",
        "Corrigez le paramètre ; docs/errors.md indique le remède.",
    ),
    "address": ("{keyword} vaut {url}", ""),
    "address_absent": (
        "{keyword} n’est pas renseigné",
        "Renseignez-le ici, ou que votre programme le donne à chaque demande.",
    ),
    "address_malformed": (
        "{keyword} n’est pas une adresse : {url}",
        "Écrivez http:// ou https://, un hôte et un chemin, sans espaces ni accents.",
    ),
    "address_local": (
        "{keyword} vaut {url}, où ni les clients ni le serveur de la banque n’arrivent",
        "Écrivez l’adresse publique de la boutique.",
    ),
    "address_in_clear": (
        "{keyword} n’est pas en https : {url}",
        "Servez la boutique en https et écrivez-le ici.",
    ),
    "logos": ("images pour tous les moyens de paiement : {count}", ""),
    "logo_as_text": (
        "pas d’image pour {means} : les clients voient un bouton à son nom",
        "Mettez-y une image, si vous en voulez une.",
    ),
    "logo_missing": (
        "pas d’image pour {means} : les clients voient une image cassée",
        "Mettez-la là ; son extension est LOGO_TYPE (gif s’il n’est pas renseigné).",
    ),
    # Ledger
    "no_ledger": (
        "pas de LEDGER : transaction_id est l’heure, les réponses sont notées et transmises autant de fois qu’elles arrivent",
        "",
    ),
    "ledger": ("schéma {version}, {user} y écrit, rien n’est en attente", ""),
    "ledger_to_come": ("pas encore là ; le premier paiement le crée", ""),
    "ledger_older": ("d’un kit plus ancien ; le prochain paiement le met à jour", ""),
    "ledger_newer": (
        "fait par un kit plus récent (schéma {version}, celui-ci connaît {known})",
        "Réinstallez le kit plus récent.",
    ),
    "ledger_gone": (
        "il a disparu, bien que son journal soit là",
        "Remettez le fichier, ou lancez : sogenactif replay",
    ),
    "ledger_fails": ("{error}", "docs/errors.md indique le remède ; ensuite lancez : sogenactif replay"),
    "ledger_malformed": (
        "LEDGER n’est ni sqlite:////chemin/absolu ni postgresql://…",
        "Écrivez l’un des deux ; sqlite a quatre barres obliques.",
    ),
    "journal_absent": ("ce LEDGER a besoin de JOURNAL", "Ajoutez la ligne JOURNAL!/chemin/du/dossier!"),
    "untold": (
        "résultats que la boutique n’a pas appris : {count}",
        "Le journal du serveur web dit pourquoi record_outcome a échoué ; ensuite lancez : sogenactif replay",
    ),
    "unentered": ("lignes qui manquent au registre : {count}", "sogenactif replay"),
    "journal": ("{user} y écrit", ""),
    "journal_to_come": ("pas encore là ; le premier paiement le crée", ""),
    "secrets": ("personne d’autre sur la machine ne lit le registre ni le journal", ""),
    # Machine
    "python": (
        "Python {version} ({executable}), toutes les dépendances, la première ligne de chaque script",
        "",
    ),
    "old_python": (
        "{command} est un Python {version}",
        "Installez Python 3.10 ou plus récent, et nommez-le à la première ligne des scripts.",
    ),
    "dependencies": ("{command} ne peut pas importer {names}", "./install.sh, avec ce Python"),
    "no_interpreter": (
        "{command} ne peut pas être lancé comme un Python",
        "Nommez un Python qui existe à la première ligne : #!/usr/bin/python3",
    ),
    "script_missing": ("le script n’est pas là", "Réinstallez le kit : ce que vous avez changé reste."),
    "script_unnamed": (
        "la première ligne ne nomme pas d’interpréteur",
        "Commencez le script par #!/usr/bin/python3",
    ),
    "script_carriage_return": (
        "la première ligne finit par un retour chariot, le serveur web ne trouve donc pas l’interpréteur",
        "sed -i 's/\\r$//' {file}, et copiez en mode binaire si c’est par FTP",
    ),
    "script_not_executable": ("le script n’est pas exécutable", "chmod 755 {file}"),
    "no_paris": ("le fuseau horaire Europe/Paris est inconnu", "./install.sh, qui installe tzdata"),
    "clock": ("{seconds} s par rapport à {url}", ""),
    "clock_wrong": (
        "l’horloge de cette machine est à {seconds} s de celle de {url}",
        "Mettez-la à l’heure, et activez sa synchronisation : timedatectl set-ntp true",
    ),
    # Web server
    "script_runs": ("{url} s’exécute (il répond {status})", ""),
    "source_served": (
        "DANGER : {url} MONTRE À TOUT LE MONDE LE SOURCE DU SCRIPT au lieu de l’exécuter",
        "Activez CGI (a2enmod cgid, ScriptAlias), et retirez le script d’ici là.",
    ),
    "configuration_served": (
        "DANGER : {url} MONTRE LE PATHFILE À TOUT LE MONDE",
        "Gardez la configuration hors des dossiers que sert le serveur web, ou interdisez-les-y.",
    ),
    "script_fails": (
        "{url} échoue (500)",
        "Le journal d’erreurs du serveur web dit pourquoi, avec la référence de l’incident si la page en montre une.",
    ),
    "script_not_there": (
        "{url} n’est pas servi ({status})",
        "Incluez la configuration du kit dans celle du serveur web : ScriptAlias et Require all granted.",
    ),
    "script_not_run": (
        "{url} répond {status} là où le kit répond {expected}",
        "Autre chose répond là : regardez la configuration du serveur web.",
    ),
    "logos_served": ("{url} a une image pour chaque moyen de paiement", ""),
    "logo_not_served": (
        "{url} n’est pas une image ({status}, {kind})",
        "Mettez-y l’image, ou corrigez D_LOGO ou LOGO_TYPE.",
    ),
    # Payment
    "payment_done": ("la transaction {number} a été acceptée", ""),
    "payment_in_ledger": ("la transaction {number} a été acceptée, et le registre le sait", ""),
    "payment_bank": (
        "pas émis par ce kit : aucun paiement n’est essayé auprès d’une banque",
        "Essayez des paiements avec un certificat de : sogenactif certificate issue",
    ),
    "payment_without_certificate": (
        "aucun commerçant n’a de certificat utilisable",
        "Voyez ce qui est dit des certificats.",
    ),
    "payment_no_order": (
        "{url} ne montre pas de formulaire pour cette commande ({status})",
        "Nommez avec --order une commande de la boutique qui reste à payer.",
    ),
    "payment_unsealed": ("{url} : {error}", "docs/errors.md indique le remède."),
    "payment_no_entry": (
        "{url} ne demande pas de carte ({status})",
        "Le serveur de paiement a refusé la demande : sa console dit pourquoi.",
    ),
    "payment_no_receipt": (
        "{url} ne montre pas de reçu ({status})",
        "Sa console dit pourquoi. Avec 3-D Secure le contrôle ne peut pas continuer : nommez une commande d’un commerçant sans.",
    ),
    "payment_not_accepted": (
        "la carte toujours acceptée ne l’est pas : {outcome} (response_code {code})",
        "La console du serveur de paiement dit pourquoi.",
    ),
    "payment_not_told": (
        "la transaction {number} a été acceptée, et le registre dit {state}",
        "La réponse automatique va à {url} : le journal du serveur web dit ce qu’elle est devenue.",
    ),
    "payment_no_return": (
        "{url} répond {status} au client qui revient",
        "Le journal du serveur web dit pourquoi.",
    ),
}
