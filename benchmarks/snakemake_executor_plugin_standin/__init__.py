"""Executor of Snakemake whose jobs only make empty files: what is left is what Snakemake and the rules cost.

`many_craters.py` runs it. The rest of a run is as always: records of each product, checks of each output, checksums.
"""

from pathlib import Path
from typing import Any

from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.real import RealExecutor
from snakemake_interface_executor_plugins.settings import CommonSettings, ExecMode

common_settings = CommonSettings(
    non_local_exec=False,
    implies_no_shared_fs=False,
    job_deploy_sources=False,
    pass_envvar_declarations_to_cmd=False,
    auto_deploy_default_storage_provider=False,
)


class Executor(RealExecutor):
    """Executor whose jobs have ended when they have begun."""

    def run_job_pre(self, job: Any) -> None:
        """Do what a job's start does, without the lines that tell of it."""
        self.workflow.async_run(job.prepare())

    def run_job(self, job: Any) -> None:
        """Make the outputs and the benchmark file of a job."""
        started = SubmittedJobInfo(job=job)
        self.report_job_submission(started)
        for output in job.output:
            if output.is_directory:
                Path(output).mkdir(parents=True, exist_ok=True)
            else:
                Path(output).touch()
        if job.benchmark:
            Path(job.benchmark).touch()
        self.report_job_success(started)

    def cancel(self) -> None:
        """Do nothing: no job is at work when this is called."""

    def shutdown(self) -> None:
        """Do nothing: no process was started."""

    def get_exec_mode(self) -> ExecMode:
        """Return how a job would read the workflow."""
        return ExecMode.SUBPROCESS

    def get_python_executable(self) -> str:
        """Refuse: no job is a process."""
        raise NotImplementedError

    @property
    def cores(self) -> int | None:
        """Number of cores of the run."""
        return self.workflow.resource_settings.cores
