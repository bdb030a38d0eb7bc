"""Fill the shared memory of the machine."""
# finding: raises
# says: No space left
# limits: tmp_mib=16


class SubmissionInterface:
    def __init__(self):
        with open("/dev/shm/huge", "wb") as file:
            while True:
                file.write(bytes(2**20))
