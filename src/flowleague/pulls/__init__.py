"""Entries by pull request: what two GitHub jobs do, as commands.

event       GitHub's own data on a pull request            github      its HTTP API
git         untrusted commits, read and never checked out
change      what a pull request may change                 entry       the entry in it, by the rules of the contest
trial       measuring it, in the unprivileged job          artifact    its result, read as hostile data
verdict     both of them judged, in the privileged job     comment     what is posted
record      an approved entry goes on the board            workflows   the YAML that a contest gets

The first job measures; it has no secrets and no privileges. The second job has them and trusts only the event,
GitHub's answers and git's objects; it never runs what an entrant wrote.
"""
