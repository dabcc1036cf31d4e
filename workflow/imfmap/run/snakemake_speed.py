"""What makes Snakemake quick for many jobs: quicker functions in the place of some of Snakemake's own.

A function is replaced only if its source is the one that the quicker function was written for. Another version of
Snakemake with another source keeps its own function: the plan is the same, and takes longer.
"""

import gc
import inspect
import sys
from collections.abc import Callable
from functools import lru_cache
from pkgutil import resolve_name

from ..core.checksums import sha256_of_bytes
from . import quick_functions as quick

# What is replaced, and the first digits of the SHA-256 of its source (Snakemake 9.27).
SOURCES = {
    "snakemake.output_index:OutputIndex.match_producers": "533ef47353b5d840",
    "snakemake.dag:DAG._ready": "585d5ef7e3c3b3f5",
    "snakemake.dag:ScriptProcessor.process_job": "168fffa9284a4cdf",
    "snakemake.common:get_function_params": "ffd80f63645293c3",
    "snakemake.io:apply_wildcards": "a027b0cdd37cfdad",
    "snakemake.io:_IOFile.checksum": "cc344b5b1a5e355b",
    "snakemake.dag:DAG._check_groups": "487372ec85720768",
    "snakemake.dag:DAG.check_directory_outputs": "d5a17c047b46b717",
    "snakemake.io:is_flagged": "30f9120e76ce91ad",
    "snakemake.iocontainers:Namedlist.__init__": "a3f4ce2601f3bc1c",
    "snakemake.rules:Rule.expand_resources": "bd3666354ad24393",
    "snakemake.jobs:Job.format_wildcards": "d0b0230c5d5bb8c4",
    "snakemake.jobs:Job.is_valid": "74609fe120193ef6",
    "snakemake.dag:DAG.update_ready": "1d3a023d4b85a70c",
    "snakemake.io:_IOFile.apply_wildcards": "3a8880e1be2a7bd2",
    "snakemake.rules:Rule.expand_input": "703f7584ed8aeadd",
    "snakemake.scheduling.greedy:Scheduler.select_jobs": "8a024b666f1d2150",
    "snakemake.persistence:PersistenceBase.finished": "3f347851a55e2243",
    "snakemake.scheduling.job_scheduler:JobScheduler.update_input_sizes": "3d3d19efdbbe3267",
    "snakemake.scheduling.job_scheduler:JobScheduler.remaining_jobs": "909082fdffda8e9a",
}
# For planning: what makes the quicker function, of Snakemake's own.
_QUICK_PLANNING = {
    "snakemake.output_index:OutputIndex.match_producers": quick.match_producers,
    "snakemake.dag:ScriptProcessor.process_job": quick.process_job,
    "snakemake.dag:DAG._ready": lambda _: quick.ready,
    "snakemake.dag:DAG.update_ready": lambda _: quick.update_ready,
    "snakemake.dag:DAG._check_groups": quick.check_groups,
    "snakemake.dag:DAG.check_directory_outputs": quick.check_directory_outputs,
    "snakemake.common:get_function_params": lru_cache(maxsize=4096),
    "snakemake.io:apply_wildcards": lambda _: quick.apply_wildcards,
    "snakemake.io:is_flagged": quick.is_flagged,
    "snakemake.io:_IOFile.apply_wildcards": quick.path_of_job,
    "snakemake.iocontainers:Namedlist.__init__": quick.named_list,
    "snakemake.rules:Rule.expand_input": quick.expand_input,
    "snakemake.rules:Rule.expand_resources": quick.expand_resources,
    "snakemake.jobs:Job.format_wildcards": quick.format_wildcards,
    "snakemake.jobs:Job.is_valid": lambda _: quick.is_valid,
}
_DIGITS = 16


def source_digest(name: str) -> str | None:
    """Return the first digits of the SHA-256 of a function's source; None if there is no such function.

    Parameters
    ----------
    name : str
        Module and name in it, as ``snakemake.io:apply_wildcards``.
    """
    try:
        return sha256_of_bytes(inspect.getsource(_function(name)).encode())[:_DIGITS]
    except (ImportError, AttributeError, TypeError, OSError):
        return None


def changed() -> list[str]:
    """Return what this Snakemake has other sources of than `SOURCES`: those functions are not replaced.

    A function that was replaced already, in the same process, does not count.
    """
    return [name for name, digest in SOURCES.items() if not _is_ours(name) and source_digest(name) != digest]


def notes() -> list[str]:
    """Return what a user is told if this Snakemake has other functions than the known ones: a line, or none."""
    if not (others := changed()):
        return []
    names = ", ".join(name.partition(":")[2] for name in others)
    return [f"the workflow does not know this Snakemake ({names}): results are the same, but planning takes longer"]


def plan_quickly() -> None:
    """Make Snakemake's planning of many jobs quick. The plan stays the same. Call this while the Snakefile is read.

    For each job, Snakemake would look for the script on the disk, look at the parameters of each input function,
    compare each of its files with all rules, and compare its group with those of other jobs, member by member. Python
    would look for garbage again and again among all jobs.
    """
    for name, make in _QUICK_PLANNING.items():
        _replace(name, make)
    gc.set_threshold(100_000, 50, 100)


def keep_checksums(known: Callable[[str], str | None]) -> None:
    """Let Snakemake ask for the SHA-256 of a file before it reads the file, and only once until a job makes it anew.

    After each job it would read all inputs, once for each output; and at the start of a run those inputs whose times
    do not tell enough.

    Parameters
    ----------
    known : callable
        Gives the SHA-256 of a file by its path, or None if the file has to be read.
    """

    def told_in(workflow):
        return vars(workflow).setdefault("_imfmap_checksums", {})

    def keep(read):
        async def checksum(file, threshold=None, force=False, algorithm=None):
            if force or file.is_storage or algorithm not in (None, "sha256"):
                return await read(file, threshold, force, algorithm)
            path, told = str(file), told_in(file.rule.workflow)
            if path not in told:
                found = known(path) if await file.is_checksum_eligible(threshold) else None
                found = f"sha256:{found}" if found else await read(file, threshold, force, algorithm)
                if found is None:
                    return None
                told[path] = found
            return told[path]

        return checksum

    def forget(record):
        async def finished(persistence, job):
            for file in job.output:
                told_in(persistence.dag.workflow).pop(str(file), None)
            await record(persistence, job)

        return finished

    if _replace("snakemake.persistence:PersistenceBase.finished", forget):
        _replace("snakemake.io:_IOFile.checksum", keep)


def choose_jobs_quickly() -> None:
    """Let Snakemake ask for the size of each input once in a run, and list the jobs that are left only if it must.

    Each time a job ends, it would ask for the inputs of all jobs that are ready (two calls to the disk for each), and
    would look at all jobs of the run, for a list that the quick scheduler does not use.
    """

    async def update_input_sizes(scheduler, jobs):
        sizes = scheduler._input_sizes
        for path in {path for job in jobs for path in job.input if path not in sizes}:
            sizes[path] = await path.size() if await path.exists() else None

    scheduler = "snakemake.scheduling.job_scheduler:JobScheduler"
    _replace(f"{scheduler}.update_input_sizes", lambda _: update_input_sizes)
    _replace(f"{scheduler}.remaining_jobs", quick.remaining_jobs)
    _replace("snakemake.scheduling.greedy:Scheduler.select_jobs", quick.select_jobs)


def _function(name):
    """Return a function of Snakemake; of a property, the function that gives its value."""
    found = resolve_name(name)
    return found.fget if isinstance(found, property) else found


def _is_ours(name):
    """Whether a function of Snakemake is one of this module, or keeps the answers of Snakemake's own."""
    try:
        found = _function(name)
    except (ImportError, AttributeError):
        return False
    return found.__module__ in (__name__, quick.__name__) or hasattr(found, "cache_info")


def _replace(name, make) -> bool:
    """Put ``make(function)`` in the place of a function, in all modules of Snakemake that hold it, if it is known."""
    if source_digest(name) != SOURCES[name]:
        return False
    module, _, path = name.partition(":")
    function, (*owner, attribute) = _function(name), path.split(".")
    quicker = make(function)
    if owner:
        if isinstance(resolve_name(name), property):
            quicker = property(quicker)
        setattr(resolve_name(f"{module}:{'.'.join(owner)}"), attribute, quicker)
        return True
    for holder in [module for key, module in sys.modules.items() if key.partition(".")[0] == "snakemake"]:
        if vars(holder).get(attribute) is function:
            setattr(holder, attribute, quicker)
    return True
