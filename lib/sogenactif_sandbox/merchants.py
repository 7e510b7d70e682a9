"""Merchants that the server knows by name, and the options that each subscribed to."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Merchant:
    """Hold the server's settings for a merchant, besides the certificate.

    ``name`` heads the pages; ``enrolled`` merchants take part in 3-D Secure; those who ``may_force`` see the
    bank's code 02 (call the bank) where others see 05; ``fraud_checks`` adds complementary_code;
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
    """Return the merchant of a number; an unknown one is named by its number and has no options."""
    return merchants.get(merchant_id) or Merchant(merchant_id)
