#!/bin/sh
# Makes .venv and installs realspike with the extras named as arguments; says what to install when it cannot.
# Usage: tools/install.sh worker|dev
set -eu
cd "$(dirname "$0")/.."
extra=$1
python=${PYTHON:-python3}

fail() {
    printf 'realspike: %s\n' "$*" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    fail "no $python found; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.12 demo"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.12 demo"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "this Python has no venv module; install it (Debian and Ubuntu: apt-get install python3-venv)"

case $extra in
    dev) extras=worker,dev ;;
    *) extras=$extra ;;
esac
wanted=$(cat pyproject.toml constraints.txt tools/install.sh | cksum | cut -d ' ' -f 1)
stamp=.venv/installed-$extra
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi

[ -x .venv/bin/python ] || "$python" -m venv .venv
echo "realspike: installing into .venv (the first time takes a minute or two)"
.venv/bin/python -m pip install -qq --disable-pip-version-check \
    --constraint constraints.txt --editable ".[$extras]" ||
    fail "pip could not install; see the lines above. Without a network, point pip at a folder of wheels: PIP_FIND_LINKS=DIR"
printf '%s\n' "$wanted" >"$stamp"
