# shellcheck shell=sh
# Writes dist/sogenactif-kit-VERSION.tar.gz: what is committed, and its dependencies as wheels.
# The same commit gives the same bytes. Sourced by install.sh.
# shellcheck disable=SC2154  # ROOT is install.sh's

# Pythons and processors, Linux, whose wheels are inside.
PYTHONS="3.10 3.11 3.12 3.13 3.14"
PROCESSORS="x86_64 aarch64"

write_release() {
    command -v git >/dev/null && git rev-parse --git-dir >/dev/null 2>&1 ||
        die "a release is made from a clone of the kit's git repository"
    [ -z "$(git status --porcelain)" ] || printf 'These changes are not committed, so they are not in the release:\n%s\n' "$(git status --short)"
    name=sogenactif-kit-$(git show HEAD:lib/sogenactif/__init__.py | version_in)
    made=$(git log -1 --format=%ct)
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    git archive --prefix="$name/" HEAD | tar -x -C "$folder"
    for python in $PYTHONS; do
        for processor in $PROCESSORS; do
            fetch_wheels "$folder/$name" "$python" "$processor"
        done
    done
    mkdir -p dist
    tar --sort=name --mtime="@$made" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --format=ustar \
        -C "$folder" -c "$name" | gzip -n9 >"dist/$name.tar.gz.new"
    mv "dist/$name.tar.gz.new" "dist/$name.tar.gz"
    printf 'Written: dist/%s.tar.gz\n' "$name"
}

# Fetches the wheels of the kit and of its demonstration for a Python and a processor.
fetch_wheels() {
    .venv/bin/python -m pip --disable-pip-version-check -q download --no-deps --only-binary=:all: \
        --python-version "$2" --platform "manylinux2014_$3" --platform "manylinux_2_28_$3" \
        -d "$1/wheels" -r "$1/requirements/kit.txt" -r "$1/requirements/sandbox.txt"
}
