#!/bin/sh
# What the tests need of the system, which pip does not bring: root on Debian gets it, others are told how to.
#   bubblewrap  the sandbox in which strangers' code runs
#   chromium    reads the pages
#   nodejs      runs the pages' JavaScript
#   npm         installs what checks that JavaScript
#   git         keeps contests on GitHub
missing=
have() { for program; do command -v "$program" >/dev/null 2>&1 && return; done; return 1; }
have bwrap || missing="$missing bubblewrap"
have chromium google-chrome || missing="$missing chromium"
have node || missing="$missing nodejs"
have npm || missing="$missing npm"
have git || missing="$missing git"
[ -z "$missing" ] && exit
if [ "$(id -u)" = 0 ] && have apt-get; then
  echo "Installing what the tests need of the system:$missing"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit
fi
echo "The tests need$missing of the system; get them with: sudo apt-get install$missing" >&2
exit 1
