"""Take all memory."""
# finding: out_of_memory
# says: MemoryError
# limits: memory_mib=400


class SubmissionInterface:
    def __init__(self):
        held = []
        while True:
            held.append(bytearray(2**24))
