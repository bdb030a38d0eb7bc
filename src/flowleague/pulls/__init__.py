"""Entries by pull request: what two GitHub jobs do, as commands that are tested here. Right of the league.

event       what GitHub itself says of a pull request      github      its HTTP API
git         a stranger's commits, read and never checked out
change      what a pull request may change                 entry       the entry in it, by the rules of the contest
trial       measuring it, in the job without powers        artifact    its result, read as hostile data
verdict     both of them judged, in the job with powers    comment     what is posted
record      an approved entry goes on the board            workflows   the YAML that a contest gets

The first job has no secrets and no powers: it measures. The second one has them, and believes nothing but the event,
GitHub's answers and git's objects; it never runs what an entrant wrote.
"""
