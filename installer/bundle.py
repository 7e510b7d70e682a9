"""Write a folder that a shop copies by FTP to a hosting on which it can't install anything.

``python installer/bundle.py FOLDER [--shop URL] [--payment URL] [--protocol P] [--python FILE] [--logos PATH]`` fills
FOLDER/cgi-bin and FOLDER/sogenactif/logos; FOLDER/README.txt, and LISEZMOI.txt in French, say where they belong on
the hosting.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from installer.configure import PAYMENT, prepare
from sogenactif.configuration import PAYPAGE, SIPS

KIT = Path(__file__).parents[1]
LEFT_OUT = shutil.ignore_patterns("__pycache__", "psycopg*", "*.new")
# Apache serves nothing of a folder with this, be it among documents or scripts.
DENY_ALL = "Require all denied\n"
# A folder of this name among a shop's documents is hardly the shop's own.
LOGOS = "/sogenactif/logos/"

READMES = {"README.txt": "bundle.txt", "LISEZMOI.txt": "bundle.fr.txt"}


def bundle(
    folder: Path, shop: str, payment: str, python: str, protocol: str = SIPS, logos: str = LOGOS
) -> None:
    """Write the bundle of a shop at one address, whose customers pay at another in a protocol.

    ``logos`` is the path of the logos below the shop's address.
    """
    scripts, inside = folder / "cgi-bin", folder / "cgi-bin" / "sogenactif"
    for name in ("lib/sogenactif", "lib/packages", "templates"):
        shutil.copytree(KIT / name, inside / name, ignore=LEFT_OUT)
    # Once for the web, once for the kit, which makes a button of a means that has no picture.
    for place in (folder / logos.strip("/"), inside / "logos"):
        shutil.copytree(KIT / "logos", place, ignore=LEFT_OUT)
    for pages in ("docs", "docs/fr"):
        (inside / pages).mkdir()
        for page in (KIT / pages).glob("*.md"):
            shutil.copy(page, inside / pages)
    for script in sorted((KIT / "cgi-bin").glob("call_*.py")):
        _write_program(scripts / script.name, _moved(script.read_text()), python)
    # Hosts with Passenger load this name; it is no program.
    (scripts / "passenger_wsgi.py").write_text(
        _moved((KIT / "cgi-bin" / "wsgi.py").read_text(), has_pathfile=False)
    )
    for program in sorted((KIT / "bin").iterdir()):
        _write_program(inside / "bin" / program.name, program.read_text(), python)
    (inside / ".htaccess").write_text(DENY_ALL)
    prepare(inside, shop, payment, protocol, portable=True, logos=urlsplit(shop).path + logos)
    values = {"@SHOP@": shop, "@PYTHON@": python, "@LOGOS@": logos, "@TOP@": logos.split("/")[1]}
    for name, source in READMES.items():
        readme = (KIT / "installer" / source).read_text("utf-8")
        for mark, value in values.items():
            readme = readme.replace(mark, value)
        (folder / name).write_text(readme, "utf-8")


def _moved(script: str, has_pathfile: bool = True) -> str:
    """Return a script whose kit is in the folder beside it."""
    moves = [("ROOT = os.path.dirname(HERE)", 'ROOT = f"{HERE}/sogenactif"')]
    if has_pathfile:
        moves.append(('f"{HERE}/pathfile"', 'f"{ROOT}/var/conf/pathfile"'))
    for before, after in moves:
        assert script.count(before) == 1, before
        script = script.replace(before, after)
    return script


def _write_program(path: Path, content: str, python: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{python}\n" + content.partition("\n")[2])
    path.chmod(0o755)


def _logos(text: str) -> str:
    path = f"/{text.strip('/')}/"
    if not re.fullmatch(r"/(?!cgi-bin/)(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*/)+", path):
        raise argparse.ArgumentTypeError(f"{text} can't be the path of the logos, like {LOGOS}")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="install.sh bundle", description="Write a folder to copy by FTP to a shared hosting."
    )
    parser.add_argument("folder", nargs="?", type=Path, default=KIT / "dist" / "bundle", help="%(default)s")
    parser.add_argument("--shop", default="https://shop.example", help="address of the shop (%(default)s)")
    parser.add_argument("--payment", default=PAYMENT, help="address of the payment server (%(default)s)")
    parser.add_argument(
        "--protocol", default=SIPS, choices=[SIPS, PAYPAGE], help="message of the payments (%(default)s)"
    )
    parser.add_argument(
        "--python", default="/usr/bin/env python3", help="first line of the scripts, after #! (%(default)s)"
    )
    parser.add_argument(
        "--logos",
        type=_logos,
        default=LOGOS,
        metavar="PATH",
        help="path of the logos below the shop's address (%(default)s)",
    )
    given = parser.parse_args()
    folder = given.folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        sys.exit(f"install.sh: {folder} is not empty: name a new folder")
    shop, payment = given.shop.rstrip("/"), given.payment.rstrip("/")
    bundle(folder, shop, payment, given.python, given.protocol, given.logos)
    print(
        f"Written: {folder}. Read README.txt (LISEZMOI.txt) in it, then copy cgi-bin and {given.logos.split('/')[1]}"
        " to your hosting."
    )


if __name__ == "__main__":
    main()
