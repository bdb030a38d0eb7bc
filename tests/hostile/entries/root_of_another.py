"""Leave through the root of the first process."""
# finding: raises
# says: Error


class SubmissionInterface:
    def __init__(self):
        import os

        print(os.listdir("/proc/1/root/home"))
        open("/proc/1/root/etc/passwd").read()
