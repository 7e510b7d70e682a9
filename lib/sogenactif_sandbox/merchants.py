"""The merchants that the server knows by name, and what each subscribed to."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Merchant:
    """What is set on the server for a merchant, beside the certificate.

    ``name`` heads the pages; ``enrolled``: takes part in 3-D Secure; ``may_force``: learns of a
    bank's 02 (call the bank), which others see as 05; ``fraud_checks``: gets complementary_code;
    ``sheet`` is the name of its own style sheet, among the installed files.
    """

    name: str
    enrolled: bool = False
    may_force: bool = False
    fraud_checks: bool = False
    sheet: str = ""


Merchants = Mapping[str, Merchant]

DEMONSTRATION: Merchants = {
    "014213245611111": Merchant("Boutique de démonstration"),
    "014213245611112": Merchant("Boutique 3-D Secure", enrolled=True),
    "014213245611113": Merchant("Boutique avec contrôles", may_force=True, fraud_checks=True),
}


def merchant(merchants: Merchants, merchant_id: str) -> Merchant:
    """The merchant of that number; one that is not in the table goes by its number, with no option."""
    return merchants.get(merchant_id) or Merchant(merchant_id)
