"""Maps of impact melt fractures from raw LROC NAC images: entry of the workflow.

snakemake --cores 2 all --configfile config/demo.yaml    the simulated Moon, on any machine
snakemake --cores 8 crookes                              one crater of config/config.yaml by its name
"""

import os
import sys
import time
from functools import partial
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.0")


# ROOT is the folder of this workflow, and its library can be imported from here on.
include: "workflow/rules/library.smk"


from imfmap.acquisition.search_report import RUN_STARTED, now
from imfmap.core.checksums import Checksums
from imfmap.core.errors import InputError
from imfmap.engines.isis import plan as isis_plan
from imfmap.run import (
    clock,
    clone_folder,
    command_line,
    rule_facts,
    snakemake_internals,
    snakemake_speed,
    startup_checks,
    target_choice,
)
from imfmap.run.config.checks import check_can_map, check_rule_names
from imfmap.run.config.complete import check_file, complete
from imfmap.run.job_records import COMMIT_VARIABLE, commit
from imfmap.run.plan.console import cost_in_words, tell_the_plan
from imfmap.run.summary import ending, failures, write_failures

# As a module, this workflow knows only some of the names in use, and reads no file of its own.
IS_MODULE = Path(workflow.basedir) != ROOT

if not snakemake_internals.config_files(workflow):
    try:
        if not IS_MODULE:
            check_file("config/config.yaml")
    except InputError as error:
        raise WorkflowError(str(error))

    configfile: "config/config.yaml"


# The completed configuration replaces the user's here, and not in a workflow that uses this one as a module.
CONFIG_FILES = ", ".join(snakemake_internals.config_files(workflow)) or "config"
try:
    clone_folder.check_folder(ROOT, Path(sys.executable).parent)
    if snakemake_internals.is_first_process(workflow):
        for file in snakemake_internals.config_files(workflow):
            check_file(file)
    config = complete(config, CONFIG_FILES)
    if config["processing"]["engine"] == "isis" and snakemake_internals.is_first_process(workflow):
        isis_plan.check_config(config)
except InputError as error:
    raise WorkflowError(str(error))

# Jobs are processes of their own, here or on another node. They inherit these from the run.
os.environ.setdefault("IMF_REAL_DATA", "../shared/real")
# Threads of a job wait for each other asleep. If they spin, and another program needs a core, a step of training may take
# ten times as long (benchmarks/threads_under_load.py).
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ[COMMIT_VARIABLE] = commit() or ""
if snakemake_internals.is_first_process(workflow):
    os.environ[RUN_STARTED] = now()
STARTED = time.time()
if not sys.stderr.isatty():
    # In a file, the bars of long steps are noise.
    os.environ.setdefault("TQDM_DISABLE", "1")

# None in a job of a run.
COMMAND_LINE = snakemake_internals.command_line() if snakemake_internals.is_first_process(workflow) else None
DRY_RUN = COMMAND_LINE is not None and COMMAND_LINE.dryrun
LOOKS = COMMAND_LINE is not None and not command_line.makes_something(COMMAND_LINE)


include: "workflow/rules/common.smk"
include: "workflow/rules/common_products.smk"
include: "workflow/rules/common_images.smk"
include: "workflow/rules/common_learn.smk"
include: "workflow/rules/common_maps.smk"
include: "workflow/rules/common_calibration.smk"


# What is to be made again is decided by contents: times from the future are no fault, and no file is read twice.
snakemake_internals.accept_future_inputs()
snakemake_internals.tell_errors_in_one_line()
if snakemake_internals.is_first_process(workflow):
    KNOWN = Checksums.known if LOOKS else Checksums.of
    snakemake_speed.plan_quickly()
    snakemake_speed.keep_checksums(lambda path: KNOWN(Checksums.of_run(RUN_ON_DISK, path), path))
    snakemake_speed.choose_jobs_quickly()
    for note in snakemake_speed.notes():
        print(f"imfmap: {note}", file=sys.stderr)


# One job at a time has the GPU: of all jobs on a workstation, or of the images that one job of a cluster searches.
resource_scopes:
    gpu_turn="local",


report: "workflow/report/workflow.rst"


include: "workflow/rules/simulate.smk"
include: "workflow/rules/acquire.smk"
include: "workflow/rules/calibrate.smk"
include: "workflow/rules/project.smk"
include: "workflow/rules/mosaic.smk"
include: "workflow/rules/label.smk"
include: "workflow/rules/tile.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/calibrate_model.smk"
include: "workflow/rules/infer.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/vectorise.smk"
include: "workflow/rules/map.smk"
include: "workflow/rules/coarse.smk"
include: "workflow/rules/reproduction.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/products.smk"
include: "workflow/rules/provenance.smk"


rule all:
    default_target: True
    input:
        [map_of(name) for name in targets_with_role("map")],
        run_catalog(),
        merged_fractures(),
        calibrated_of(*targets_with_role("map")),
        evaluation_tables(),
        f"{RUN}/provenance/run.json",
    localrule: True


if not IS_MODULE:
    try:
        check_rule_names(TARGETS, filter(rules.has, TARGETS), CONFIG_FILES)
    except InputError as error:
        raise WorkflowError(str(error))


# One rule for each target, so that `snakemake crookes` makes that crater's map.
for name in TARGETS:

    rule:
        name:
            name
        input:
            map_of(name),
            calibrated_of(name),
        localrule: True


if COMMAND_LINE is not None:
    descriptions = {name: target_choice.described(config, name) for name in TARGETS}
    snakemake_internals.describe_rules(workflow, {**descriptions, **rule_facts.ASKED})
    try:
        if not IS_MODULE:
            others = [name for name in snakemake_internals.askable_rules(workflow) if name not in TARGETS]
            shipped = sorted(path for folder in {ROOT, Path.cwd()} for path in (folder / "config").glob("*.yaml"))
            command_line.check_names(
                COMMAND_LINE.targets, TARGETS, others, CONFIG_FILES, [os.path.relpath(path) for path in shipped]
            )
            if not COMMAND_LINE.unlock:
                check_can_map(config, target_choice.mapped(config, COMMAND_LINE.targets), CONFIG_FILES)
            if COMMAND_LINE.dryrun or not LOOKS and not COMMAND_LINE.unlock:
                notes = startup_checks.check(
                    config,
                    COMMAND_LINE.targets,
                    CONFIG_FILES,
                    local_path,
                    uses_conda=snakemake_internals.uses_conda(workflow),
                    dry_run=COMMAND_LINE.dryrun,
                )
                print(*(f"imfmap: {note}" for note in notes), sep="\n", end="\n" if notes else "", file=sys.stderr)
        command_line.begin_run(COMMAND_LINE, RUN_ON_DISK)
        if COMMAND_LINE.dryrun or not LOOKS:
            named = startup_checks.named_files(config, COMMAND_LINE.targets, local_path)
            for note in clock.settle(
                [*snakemake_internals.config_files(workflow), *named], RUN_ON_DISK, change=not LOOKS
            ):
                print(f"imfmap: {note}", file=sys.stderr)
    except InputError as error:
        raise WorkflowError(str(error))


if COMMAND_LINE is not None and not IS_MODULE and (DRY_RUN or not LOOKS) and not COMMAND_LINE.unlock:
    snakemake_internals.at_the_end(partial(tell_the_plan, run=RUN_ON_DISK, started=STARTED, dry_run=DRY_RUN))
    if not DRY_RUN:
        snakemake_internals.say_one_line_a_job()


onstart:
    print(*cost_in_words(workflow), "", sep="\n", file=sys.stderr)


onsuccess:
    command_line.end_run(RUN_ON_DISK)
    Path(RUN_ON_DISK, "failed.csv").unlink(missing_ok=True)
    print(*ending(RUN_ON_DISK, STARTED), sep="\n")


onerror:
    command_line.end_run(RUN_ON_DISK)
    keeps_going = COMMAND_LINE is not None and COMMAND_LINE.keep_going
    print(*write_failures(RUN_ON_DISK, failures(RUN_ON_DISK, STARTED), keeps_going), sep="\n")
