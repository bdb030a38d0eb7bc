"""A contest works where Unix-only modules do not exist."""

import subprocess
import sys

WITHOUT = """
import pkgutil, sys
for name in ("resource", "fcntl", "pwd", "grp", "termios", "torch"):
    sys.modules[name] = None
import flowleague.contest, flowleague.ranking
for room in (flowleague.contest, flowleague.ranking):
    for module in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
        __import__(module.name)
"""


def test_every_module_is_imported_without_unix_only_modules_and_torch():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
