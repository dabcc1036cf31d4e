"""A real Slurm of one node, on loopback, in a folder of its own: munged, slurmctld and slurmd, ended by their ids."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol")
CONFIGURATION = """\
ClusterName=imfmap
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MinJobAge={min_job_age_s}
JobRequeue=0
KillWait=2
SlurmdTimeout=20
ReturnToService=2
GresTypes=gpu
# More cores than the machine may have.
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory_mb} Gres=gpu:1 State=UNKNOWN
PartitionName=cpu Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes={host} MaxTime=INFINITE State=UP
"""
# A GPU that Slurm counts and hands out, without a device behind it.
GPU = "NodeName={host} Name=gpu File=/dev/null\n"


def why_not():
    """Why no Slurm can be started here; None where it can."""
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        return f"no Slurm: {', '.join(missing)} not installed (Debian: slurmctld slurmd slurm-client munge)"
    return None if os.geteuid() == 0 else "Slurm's node daemon needs root"


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class SlurmCluster:
    """One node with a partition `cpu` and a partition `gpu`; without accounting.

    Parameters
    ----------
    cpus : int
        Cores that Slurm may hand out, whatever the machine has.
    min_job_age_s : int
        Seconds that Slurm remembers a job that ended.
    """

    def __init__(self, cpus=8, min_job_age_s=300):
        # A socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm."))
        self.host = socket.gethostname().split(".")[0]
        self.log = open(self.folder / "started.log", "w")  # noqa: SIM115 (closed by stop)
        self._daemons = {}
        controller_port, node_port = _free_ports(2)
        names = {
            "folder": self.folder,
            "host": self.host,
            "controller_port": controller_port,
            "node_port": node_port,
            "cpus": os.cpu_count(),
            "memory_mb": 128 * 1024,
            "min_job_age_s": min_job_age_s,
        }
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(**{**names, "cpus": cpus}))
        (self.folder / "gres.conf").write_text(GPU.format(**names))
        # The plugin drops SLURM_CONF before it calls srun, which elsewhere finds its configuration in /etc.
        srun = self.folder / "bin" / "srun"
        srun.parent.mkdir()
        srun.write_text(f'#!/bin/sh\nSLURM_CONF="{self.folder}/slurm.conf" exec {shutil.which("srun")} "$@"\n')
        srun.chmod(0o755)
        self.environment = {
            **os.environ,
            "SLURM_CONF": str(self.folder / "slurm.conf"),
            "PATH": f"{srun.parent}:{os.environ['PATH']}",
        }

    def start(self):
        """Start all three daemons; wait until the node is idle."""
        self.folder.chmod(0o755)
        (self.folder / "state").mkdir()
        (self.folder / "spool").mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        names = {"key-file": "key", "socket": "socket", "pid-file": "pid", "seed-file": "seed", "log-file": "log"}
        options = [f"--{option}={self.folder}/munge.{suffix}" for option, suffix in names.items()]
        self._run("munged", ["--foreground", "--force", *options])
        self._wait(lambda: (self.folder / "munge.socket").exists(), "munged has no socket")
        self._run("slurmctld", ["-D", "-f", str(self.folder / "slurm.conf")])
        self.start_node()

    def start_node(self):
        """Start slurmd (again)."""
        self._run("slurmd", ["-D", "-N", self.host, "-f", str(self.folder / "slurm.conf")])
        self._wait(lambda: self.node_state() in ("idle", "mix", "alloc"), "the node does not come up")

    def lose_node(self):
        """The node vanishes: Slurm no longer reaches its daemon, and all that ran on it is dead."""
        self._daemons["slurmd"].kill()
        self._end("slurmd")
        self.call("scontrol", "update", f"nodename={self.host}", "state=down", "reason=vanished")
        self._kill_steps()

    def call(self, *command):
        """Run a command of Slurm's; what it said."""
        said = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        return said.stdout.strip()

    def node_state(self):
        return self.call("sinfo", "--noheader", "--format=%t", "--partition=cpu").rstrip("*~#")

    def stop(self):
        """End every daemon and what they left running; remove the folder."""
        for name in reversed(list(self._daemons)):
            self._end(name)
        self._kill_steps()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program, arguments):
        self._daemons[program] = subprocess.Popen(
            [program, *arguments], env=self.environment, stdout=self.log, stderr=self.log, cwd=self.folder
        )

    def _end(self, program):
        process = self._daemons.pop(program)
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _kill_steps(self):
        """Kill the processes of this cluster's jobs: they all carry its configuration."""
        import psutil

        for process in psutil.process_iter():
            # One may be gone by now, with another that was killed.
            with suppress(psutil.Error):
                if process.environ().get("SLURM_CONF") == self.environment["SLURM_CONF"] and (
                    process.name().startswith("slurmstepd") or "SLURM_JOB_ID" in process.environ()
                ):
                    process.kill()

    def _wait(self, ready, complaint, seconds=30):
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                logs = "".join(path.read_text()[-1500:] for path in sorted(self.folder.glob("*.log")))
                raise RuntimeError(f"{complaint}\n{logs}")
            time.sleep(0.2)
