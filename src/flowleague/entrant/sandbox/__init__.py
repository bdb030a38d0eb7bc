"""The sandbox: a process that sees Python, torch and one entry, and nothing else of the machine."""
