"""Start threads without end."""
# finding: raises
# says: can't start new thread
# limits: processes=30

import threading
import time


class SubmissionInterface:
    def __init__(self):
        while True:
            threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
