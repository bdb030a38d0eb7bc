"""Take the limits away."""
# finding: raises
# says: not allowed to raise

import resource


class SubmissionInterface:
    def __init__(self):
        resource.setrlimit(resource.RLIMIT_NPROC, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
