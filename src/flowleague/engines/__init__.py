"""Where jobs run: on this machine, in a queue of Slurm, or on a cluster of Ray. Without torch.

job      a command with the files that it reads, and how it ended; what every engine offers
local    processes of this machine                 worker   what a machine of a cluster runs for one job
slurm    jobs of a queue, over a shared folder     ray      tasks of a cluster, which takes and gives files as bytes

When a worker or who gives out the jobs dies, a job may be executed more than once; `contest.evaluate` records it once.
"""

from flowleague.engines.job import Engine
from flowleague.errors import EngineError


def choose_engine(name: str, address: str | None, partition: str | None) -> Engine:
    """The engine of a name. Raises `EngineError` for options of another one, and where its cluster does not answer."""
    if address and name != "ray":
        raise EngineError("--address names a cluster of Ray; give --engine ray too.")
    if partition and name != "slurm":
        raise EngineError("--partition belongs to Slurm; give --engine slurm too.")
    if name == "slurm":
        from flowleague.engines.slurm import Slurm

        return Slurm(partition)
    if name == "ray":
        from flowleague.engines.ray import Ray

        return Ray(address)
    from flowleague.engines.local import Local

    return Local()
