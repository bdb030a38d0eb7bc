"""Write one file without end."""
# finding: raises
# says: File too large
# limits: tmp_mib=64 file_mib=8


class SubmissionInterface:
    def __init__(self):
        with open("huge", "wb") as file:
            while True:
                file.write(bytes(2**20))
