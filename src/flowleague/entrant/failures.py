"""Every way in which a stranger's code can fail, by name, with what to do about it. Without torch."""

from flowleague.errors import EntryError, printable

HINTS = {
    "raises": "Read what the entry printed, and mend it; --dry-run asks the same in seconds.",
    "no_interface": "Define the class SubmissionInterface with encode, decode and generate_samples.",
    "wrong_type": "Return float32 tensors; images as intensities in [0, 1], not as bytes.",
    "not_an_array": "Return a torch tensor or a numpy array.",
    "wrong_shape": "Return images (n, 28, 28) or (n, 1, 28, 28), and latents (n, D) or (n, 1, 7, 7).",
    "out_of_memory": "Work on fewer images at once, or hold less.",
    "too_slow": "Do less in one call: fewer steps, a smaller network, no training.",
    "cpu_limit": "Compute less; the limit is on processor time over the whole measurement.",
    "ended": "Do not end the process: return, or raise an exception.",
    "too_much_output": "Return as many numbers as images and latents have.",
    "forged_reply": "Leave the pipes of the measurement alone and return what you compute.",
    "stale_reply": "Leave the pipes of the measurement alone and return what you compute.",
    "trains_at_load": "Save its weights, hand the file in, and read it in load_vae() or load_flow_model().",
    "untrained": "Save its weights, hand the file in, and read it in load_vae() or load_flow_model().",
    "set_in_training": "Write the value into the file.",
    "asks_input": "Write the value into the file.",
    "needs_data": "Write the value into the file.",
    "missing_name": "Restart the kernel, run all cells, and hand in again.",
    "missing_file": "Hand it in beside the entry (--weights FOLDER).",
    "missing_module": "Put that part into the file, or do without it in SubmissionInterface.",
    "broken_cell": "Correct the cell and hand in again.",
    "late_fetch": "Fetch weights in load_vae and load_flow_model, which __init__ calls.",
}

# Failures of an entry's own lines, which are told as "load failed: ...".
SAID_OF_LOAD = ("raises", "no_interface", "out_of_memory", "ended", "too_slow", "cpu_limit")


class Failure(EntryError):  # noqa: N818  (it is an outcome, not a fault of the program)
    """Something that an entry's code did; the judge makes a finding of it."""


def failure(name: str, call: str, what: str) -> Failure:
    """The failure of a name in a call; `what` is a stranger's text and shown as one printable line."""
    return Failure(name, f"{call} failed: {printable(what).rstrip('.')}.", HINTS[name])


def refusal(name: str, sentence: str) -> Failure:
    """The failure that the sandbox itself names and words, before the entry is measured."""
    name = name if name in HINTS else "raises"
    told = printable(sentence)
    return failure(name, "load", told) if name in SAID_OF_LOAD else Failure(name, told, HINTS[name])
