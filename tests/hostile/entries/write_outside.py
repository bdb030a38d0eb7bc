"""Write wherever it is possible."""
# finding: raises
# says: nowhere to write

import os


class SubmissionInterface:
    def __init__(self):
        for place in (
            "/etc",
            "/usr/lib",
            "/var/tmp",
            "/root",
            "/home",
            "/",
            "/dev",
            "/site/torch",
            "/inside",
            "/weights",
            "/sys",
            "/proc/sys/kernel",
        ):
            try:
                with open(os.path.join(place, "flowleague-canary"), "w") as file:
                    file.write("was here")
                print("ESCAPED", place)
            except OSError as error:
                print(error)
        raise RuntimeError("nowhere to write")
