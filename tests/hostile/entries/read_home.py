"""Read keys in the home of whoever measures."""
# finding: raises
# says: No such file

import os
from pathlib import Path


class SubmissionInterface:
    def __init__(self):
        homes = [Path(os.path.expanduser("~")), *Path("/home").iterdir(), Path("/root")]
        for home in homes:
            for secret in (".ssh", ".netrc", ".bash_history", ".bashrc", ".profile", ".cache", ".config"):
                if (home / secret).exists():
                    print("ESCAPED", home / secret)
        open(os.path.expanduser("~/.ssh/id_rsa")).read()
