"""What the rules of several stages share: names of files, choices of targets, input functions."""

from functools import cache, partial

from imfmap.core.checksums import FOLDER_SUMS
from imfmap.core.choices import RECIPES
from imfmap.core.code_digest import code_of
from imfmap.core.errors import InputError
from imfmap.maps.target_grid import PLACE_KEYS
from imfmap.maps.user_files import KnownContents
from imfmap.run import command_line, config_paths, snakemake_internals, target_choice
from imfmap.run.quick_functions import same_for_all_jobs
from snakemake.exceptions import WorkflowError
from snakemake.io import is_flagged

RUN = f"results/{config['run']['name']}"
# The same folder for code that reads it while rules are chosen: a `module` may put a prefix before the paths of rules.
RUN_ON_DISK = snakemake_internals.path_on_disk(workflow)(RUN)
PROJECTED = f"{RUN}/{{target}}/projected/{{product}}.tif"
UNREGISTERED = f"{RUN}/{{target}}/unregistered/{{product}}.tif"
SEED = config["run"]["seed"]
TARGETS = config["targets"]
ENGINE = config["processing"]["engine"]
ALLOW_MISSING = config["processing"]["allow_missing"]
RECIPE = config["recipe"]

targets_from = partial(target_choice.with_source, config)
targets_with_role = partial(target_choice.with_role, config)
targets_averaged = partial(target_choice.averaged, config)
targets_simulated = partial(target_choice.simulated, config)
targets_with_edrs = partial(target_choice.with_edrs, config)
targets_taken_in = partial(target_choice.taken_in, config)
is_averaged = partial(target_choice.is_averaged, config)
is_taken_in = partial(target_choice.is_taken_in, config)
origin = partial(target_choice.origin, config)
has_boundary = partial(target_choice.has_boundary, config)
has_truth = partial(target_choice.has_truth, config)


def one_of(names):
    """Regular expression of exactly these names. (Of no names, it matches nothing.)"""
    return "|".join(names) or "(?!)"


wildcard_constraints:
    target=one_of(TARGETS),
    product="[A-Za-z0-9_-]+",
    model=rf"({one_of(config['models'])})(-s[0-9]+)?",
    recipe=one_of(RECIPES),


@cache
def local_path(path):
    """Path of a file that the configuration names: below the working directory, else below this workflow's folder."""
    return config_paths.local_path(path, ROOT)


def user_file(path):
    """The same as an input of a rule, without the prefix that a `module` may put before paths of rules.

    Its time says nothing: a file may be replaced by an older one, or only be copied. Every rule with such an input has
    the parameter `content_of`.
    """
    return ancient(local(local_path(path)))


def given_file(path):
    """The same of a path that may be None: then there is no input."""
    return user_file(path) if path else []


CONTENTS = KnownContents(RUN_ON_DISK, keep=COMMAND_LINE is None or command_line.makes_something(COMMAND_LINE))


def content_of(*inputs):
    """Parameter of a rule: digests of what the user's files among some of its inputs say.

    An input is a file, files, or an input function. Files of the run have no digest.
    """

    def digests(wildcards):
        found = []
        for given in inputs:
            given = given(wildcards) if callable(given) else given
            found += [given] if isinstance(given, str) else given
        try:
            return [CONTENTS.digest(path) for path in found if is_flagged(path, "local")]
        except InputError as error:
            raise WorkflowError(str(error))

    return digests


def folder_made(path):
    """Outputs of a rule that makes a folder. They are the folder, and the list of its files with their checksums.

    The list is what other rules take as input. Of a folder, Snakemake knows only the time, which a copy changes.
    """
    return [directory(path), f"{path}/{FOLDER_SUMS}"]


def code_digest(script):
    """Parameter of a rule: a digest of its script and of all code of the library that the script reaches.

    A change of that code remakes the products of the rule.
    """
    path = str(ROOT / "workflow" / "scripts" / script)
    return lambda wildcards: code_of(path)


def rising(first):
    """A resource that doubles with every attempt, so that a job that needs more gets more when it is tried again."""
    return same_for_all_jobs(lambda wildcards, attempt: first * 2 ** (attempt - 1))


def log_of(stage, *wildcards):
    """Log file of a rule with these wildcards."""
    name = ".".join(f"{{{wildcard}}}" for wildcard in wildcards) or stage
    return f"{RUN}/logs/{stage}/{name}.log"


def benchmark_of(stage, *wildcards):
    """Benchmark file of a rule with these wildcards."""
    name = ".".join(f"{{{wildcard}}}" for wildcard in wildcards) or stage
    return f"{RUN}/benchmarks/{stage}/{name}.tsv"


def shown(path, caption, category="{target}", **labels):
    """An output that `snakemake --report` shows, with a caption from workflow/report."""
    return report(path, caption=f"../report/{caption}.rst", category=category, labels=labels)


def place(wildcards):
    """Place of a target's map: all that its grid depends on."""
    target = TARGETS[wildcards.target]
    return {key: target[key] for key in PLACE_KEYS if key in target}
