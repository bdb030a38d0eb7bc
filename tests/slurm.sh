#!/bin/sh
# Start a Slurm of one machine, this one, for the long tests: as root, from Debian's packages where it is missing.
set -eu
command -v slurmctld >/dev/null && command -v munged >/dev/null || {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "Slurm is not installed: apt-get install slurm-wlm munge" >&2; exit 1; }
  apt-get install --yes --quiet --no-install-recommends slurm-wlm munge >/dev/null 2>&1
}
[ "$(id -u)" = 0 ] || { sinfo --noheader >/dev/null; exit; }  # the cluster of whoever runs the tests
squeue --noheader >/dev/null 2>&1 && exit
host=$(hostname -s)
mkdir -p /etc/slurm /etc/munge /run/munge /var/log/munge /var/lib/munge /var/spool/slurmctld /var/spool/slurmd
cat > /etc/slurm/slurm.conf <<C
ClusterName=flowleague
SlurmctldHost=$host
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation=/var/spool/slurmctld
SlurmdSpoolDir=/var/spool/slurmd
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=/var/log/slurmctld.log
SlurmdLogFile=/var/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,sched_min_interval=0
ReturnToService=2
MinJobAge=2
MpiDefault=none
NodeName=$host CPUs=$(getconf _NPROCESSORS_ONLN) RealMemory=$(awk '/MemTotal/ {print int($2 / 2048)}' /proc/meminfo) State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
C
[ -s /etc/munge/munge.key ] || head -c 1024 /dev/urandom > /etc/munge/munge.key
chown -R munge:munge /etc/munge /run/munge /var/log/munge /var/lib/munge
chmod 400 /etc/munge/munge.key
chmod 755 /run/munge
pgrep -x munged >/dev/null || su -s /bin/sh munge -c munged
pgrep -x slurmctld >/dev/null || slurmctld
pgrep -x slurmd >/dev/null || slurmd
for _ in $(seq 60); do sinfo --noheader --states=idle --format=%n 2>/dev/null | grep -q . && exit; sleep 1; done
echo "Slurm does not come up; see /var/log/slurmctld.log" >&2
exit 1
