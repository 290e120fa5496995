#!/bin/sh
# Makes sure that a Chromium is there for the browser tests; says what to install when it cannot.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "realspike: installing Chromium for the browser tests"
    apt-get update -qq && apt-get install -y -qq chromium >/dev/null && exit 0
fi
echo "realspike: no Chromium for the browser tests; install it (Debian: apt-get install chromium)" >&2
exit 1
