"""What the sandbox does with entries, without the sandbox: one process with torch, a forked child for each entry.

    python inside.py < jobs     jobs: JSON, a list of {cells, notebook, weights}; prints one line of JSON for each

Seconds for dozens of entries, where the real way takes some for each.
"""

import json
import os
import signal
import sys
import tempfile

INSIDE = os.path.join(os.path.dirname(__file__), "..", "..", "src", "flowleague", "entrant", "sandbox", "inside")
sys.path[:0] = [os.path.join(os.path.abspath(INSIDE), "served"), os.path.abspath(INSIDE)]

import entry  # noqa: E402
import torch  # noqa: E402
import worker  # noqa: E402


def one(job, folder):
    """What comes of an entry: a refusal, or its mark and answers."""
    source = os.path.join(folder, "entry.json")
    cells = [cell.replace("/content/", "") for cell in job["cells"]]  # the wall makes it the working directory
    with open(source, "w", encoding="utf-8") as file:
        json.dump(job | {"cells": cells}, file)
    there = job["weights"] or os.path.join(folder, "none")
    os.makedirs(there, exist_ok=True)

    def ask(url, name):
        path = os.path.join(there, os.path.basename(name))
        return (
            {"path": path, "error": ""} if os.path.exists(path) else {"path": "", "error": f"{name} was not handed in"}
        )

    loaded = entry.Entry(source, there, os.path.join(folder, "work"), lambda url, name: fetched(ask(url, name)))
    for name in worker.OWN:
        sys.modules.pop(name, None)
    note = loaded.read()["note"]
    found = loaded.attempt(ask, (), job.get("seconds", 60.0))
    if "refused" in found:
        return {"refused": found["refused"], "said": found["said"], "note": note}
    loaded.load(found["plan"])
    submission = loaded._caller.submission
    answers = []
    if hasattr(submission, "encode"):
        torch.manual_seed(0)
        images = torch.rand(3, 1, 28, 28)
        answers = [loaded._caller.call("encode", images).sum(), loaded._caller.call("generate_samples", 3).sum()]
    plan = {"all": found["plan"]["all"], "kept": found["plan"]["kept"], "cpu": found["plan"]["cpu"]}
    told = {"mark": repr(getattr(submission, "mark", None)), "answers": [round(float(value), 3) for value in answers]}
    return told | {"notes": [note, *found["notes"]], "plan": plan}


def fetched(answer):
    """The path of a file, or OSError."""
    if answer["error"]:
        raise OSError(answer["error"])
    return answer["path"]


def main():
    """Answer all jobs, each in a child of its own."""
    torch.set_num_threads(1)
    output = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for job in json.load(sys.stdin):
        child = os.fork()
        if child == 0:
            signal.alarm(int(job.get("seconds", 60)) + 30)
            with tempfile.TemporaryDirectory() as folder:
                try:
                    told = one(job, folder)
                except BaseException as error:
                    told = {"refused": "raises", "said": f"{type(error).__name__}: {error}", "note": ""}
                os.chdir("/")
                os.write(output, json.dumps(told).encode() + b"\n")
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            os.write(output, b'{"refused": "ended", "said": "the process ended", "note": ""}\n')


if __name__ == "__main__":
    main()
