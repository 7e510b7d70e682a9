"""The Sogenactif payment kit: requests sealed, responses checked, pages shown."""
