"""Maps of impact melt fractures from raw LROC NAC images: entry of the workflow.

snakemake --cores 2 all --configfile config/demo.yaml    the simulated Moon, on any machine
snakemake --cores 8 crookes                              one crater of config/config.yaml by its name
"""

import os
import sys
import time
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.0")

# Snakemake hands its own search path on to every script, in whatever environment that runs.
sys.path.insert(0, str(Path(workflow.basedir) / "workflow"))

from imfmap.run import command_line, lock, slurm
from imfmap.run.config.checks import check_can_map, check_rule_names
from imfmap.run.config.complete import complete
from imfmap.run.config.learning import is_sun_aware
from imfmap.run.config.results import deciding
from imfmap.acquisition.search_report import is_old, now
from imfmap.learning.architectures import DEEPLABS, IMAGENET_ENCODERS, check_mosaic_model
from imfmap.core.choices import COMPARISON_TABLES, LABELLED_ROLES, RECIPES, SPLITS
from imfmap.core.errors import InputError
from imfmap.core.code_digest import code_of
from imfmap.core.yamlfiles import read_yaml
from imfmap.engines.isis import commands as isis_commands
from imfmap.engines.isis import plan as isis_plan
from imfmap.run.summary import failures, made, write_failures
from imfmap.run.mosaic_targets import product_of_mosaic
from imfmap.nac.label import preroll_time, product_of
from imfmap.run.job_records import COMMIT_VARIABLE, commit
from imfmap.run.product_table import read_products
from imfmap.maps.target_grid import PLACE_KEYS

os.environ.setdefault("IMF_REAL_DATA", "../shared/real")
# One for all jobs of a run, on whatever node.
os.environ[COMMIT_VARIABLE] = commit() or ""
STARTED = time.time()

if not workflow.config_settings.configfiles:

    configfile: "config/config.yaml"


CONFIG_FILES = ", ".join(map(str, workflow.configfiles))

try:
    if workflow.is_main_process:
        # Snakemake has read them already, but takes the last of two equal keys.
        for file in workflow.configfiles:
            read_yaml(file)
    completed = complete(config, CONFIG_FILES)
    if completed["processing"]["engine"] == "isis" and workflow.is_main_process:
        isis_plan.check_config(completed)
except InputError as error:
    raise WorkflowError(str(error))
config.clear()
config.update(completed)


include: "workflow/rules/common.smk"
include: "workflow/rules/common_learn.smk"


# One at a time has the GPU: of all jobs on a workstation, of the images that a job of a cluster searches (profiles).
resource_scopes:
    gpu_turn="local",


report: "workflow/report/workflow.rst"


rule all:
    default_target: True
    input:
        [map_of(name) for name in targets_with_role("map")],
        run_catalog(),
        calibrated_of(*targets_with_role("map")),
        evaluation_tables(),
        f"{RUN}/provenance/run.json",
    localrule: True


include: "workflow/rules/simulate.smk"
include: "workflow/rules/acquire.smk"
include: "workflow/rules/calibrate.smk"
include: "workflow/rules/project.smk"
include: "workflow/rules/mosaic.smk"
include: "workflow/rules/label.smk"
include: "workflow/rules/tile.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/infer.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/vectorise.smk"
include: "workflow/rules/map.smk"
include: "workflow/rules/coarse.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/products.smk"
include: "workflow/rules/provenance.smk"


try:
    check_rule_names(TARGETS, [rule.name for rule in workflow.rules], CONFIG_FILES)
except InputError as error:
    raise WorkflowError(str(error))


# One rule a target, so that `snakemake crookes` makes that crater's map.
for name in TARGETS:

    rule:
        name:
            name
        input:
            map_of(name),
            calibrated_of(name),
        localrule: True


# What a script reaches of the library is a parameter of its rule, so that a change of it remakes what it touches.
for made_by in list(workflow.rules):
    if made_by.script:
        made_by.set_params(code=code_param(made_by.basedir.join(made_by.script).get_path_or_uri(secret_free=True)))


asked = command_line.command_line() if workflow.is_main_process else None
if asked:
    others = [rule.name for rule in workflow.rules if not rule.has_wildcards() and rule.name not in TARGETS]
    try:
        command_line.check_names(asked.targets, TARGETS, others, CONFIG_FILES)
        wanted = asked.targets or ["all"]
        mapped = [name for name in TARGETS if name in wanted or ("all" in wanted and name in targets_with_role("map"))]
        if not asked.unlock:
            check_can_map(config, mapped, CONFIG_FILES)
        if command_line.makes_something(asked) and not asked.nolock:
            if slurm.uses_slurm(asked):
                slurm.check_memory()
            lock.take(unlock=asked.unlock)
            lock.remove_parts(RUN)
    except InputError as error:
        raise WorkflowError(str(error))


onsuccess:
    lock.remove_parts(RUN)
    Path(RUN, "failed.csv").unlink(missing_ok=True)
    print("\nMade:", *made(RUN), sep="\n")


onerror:
    lock.remove_parts(RUN)
    print(*write_failures(RUN, failures(RUN, STARTED)), sep="\n")
