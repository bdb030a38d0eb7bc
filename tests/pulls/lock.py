"""Write down what the jobs of a contest on GitHub install: every package in one version, by the hash of its file.

    python -m tests.pulls.lock > src/flowleague/pulls/workflows/requirements.txt

Run it with the Python and on the kind of system that the workflows name; pip chooses the files and installs nothing.
"""

import json
import subprocess
import sys
from importlib.metadata import version

HEAD = """\
# What the jobs install beside FlowLeague: each package in one version, by the hash of its file (Python 3.11, Linux).
--extra-index-url https://download.pytorch.org/whl/cpu
"""
WANTED = (".[report,train]", "hatchling")  # hatchling builds FlowLeague from its source


def main() -> None:
    """Print the requirements."""
    torch = f"torch=={version('torch').partition('+')[0]}+cpu"
    options = ["--quiet", "--dry-run", "--ignore-installed", "--report", "-", "--constraint", "constraints.txt"]
    pip = [sys.executable, "-m", "pip", "install", *options, *WANTED, torch]
    found = json.loads(subprocess.run(pip, stdout=subprocess.PIPE, check=True).stdout)["install"]
    lines = []
    for one in found:
        name, held = one["metadata"]["name"].lower().replace("_", "-"), one["download_info"].get("archive_info")
        if held:  # not FlowLeague itself
            lines.append(f"{name}=={one['metadata']['version']} --hash=sha256:{held['hashes']['sha256']}\n")
    print(HEAD + "".join(sorted(lines)), end="")


if __name__ == "__main__":
    main()
