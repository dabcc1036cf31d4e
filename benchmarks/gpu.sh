#!/usr/bin/env bash
# One run on a machine with PyTorch, one GPU and no network, within the time that such a machine is lent for.
#
#   benchmarks/gpu.sh wheels [FOLDER]   on a machine with a network: fetch what such a machine lacks, by default to .whl
#   benchmarks/gpu.sh                   there: check the device, measure, and train the shipped detector
#
# The run (1) checks that the device gives the CPU's results, (2) measures inference from disk to disk and training at
# the paper's scale, beside a plain loop and the device's matmul peak, (3) simulates scenes with all cores and trains
# the shipped detector (resources/detector.py) for the time that is left. These files appear in $OUT:
#
#   report.md      what (1) and (2) found, and how each step ended
#   log.txt        what the steps wrote to standard error
#   detector.pt    the best checkpoint of the training so far, for `models: {NAME: {checkpoint: detector.pt}}`
#   epochs.csv, curves.png   the curve so far (curves.png if all epochs are done)
#   training.tar   the state of the training. Give it to the next run as RESUME, and it goes on.
#
# Settings are variables of the environment:
#
#   OUT=results/gpu     folder of the results
#   LIMIT_S=450         seconds of the whole run
#   WHEELS=.whl         folder of the wheels; they are installed into a folder of their own
#   PYTHON=python3      the Python that has PyTorch
#   SIZE=paper          or tiny: to try the script on any machine within minutes
#   EPOCHS=12           epochs of the whole training, however many runs it takes
#   RESUME=             training.tar of the run before; it needs the same SIZE, SCENES, EPOCHS and PyTorch, and a GPU
#   SCENES=             scenes to simulate; by default six for each core
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# In the versions of envs/requirements.txt. The other packages are taken to be there beside PyTorch: NumPy, SciPy, pandas, Numba,
# scikit-image, matplotlib, tqdm, timm and torchvision.
LACKING="affine rasterio pyproj shapely geopandas pyerfa pvl segmentation_models_pytorch"
# Python of such a machine.
PYTHON_VERSION=${PYTHON_VERSION:-3.12}

OUT=${OUT:-results/gpu}
LIMIT_S=${LIMIT_S:-450}
WHEELS=${WHEELS:-.whl}
PYTHON=${PYTHON:-python3}
SIZE=${SIZE:-paper}
EPOCHS=${EPOCHS:-12}
CORES=$(env -u OMP_NUM_THREADS nproc)

wheels() {
    local folder=$1 platform options=(--no-deps --only-binary=:all: --python-version "$PYTHON_VERSION" --implementation cp)
    for platform in manylinux_2_28 manylinux_2_27 manylinux_2_17 manylinux2014; do
        options+=(--platform "${platform}_x86_64")
    done
    mkdir -p "$folder"
    for name in $LACKING; do
        grep -iE "^$name==" envs/requirements.txt
    done | xargs "$PYTHON" -m pip download --quiet --disable-pip-version-check "${options[@]}" --dest "$folder" || return 1
    du -sh "$folder"
}

left() { echo $((LIMIT_S - SECONDS)); }

# step TITLE SECONDS COMMAND...: run a command for at most so many seconds, and no longer than the whole run may take.
step() {
    local title=$1 limit=$2 started=$SECONDS status
    shift 2
    if [ "$limit" -gt "$(left)" ]; then limit=$(left); fi
    if [ "$limit" -lt 1 ]; then
        printf '\n## %s\n\nleft out: no time was left\n' "$title" >> "$OUT/report.md"
        return 1
    fi
    printf '\n## %s\n\n' "$title" >> "$OUT/report.md"
    printf '\n== %s: %s\n' "$title" "$*" >> "$OUT/log.txt"
    timeout --kill-after=5 "$limit" "$@" >> "$OUT/report.md" 2>> "$OUT/log.txt"
    status=$?
    case $status in
        0) printf '\nended well after %s s\n' $((SECONDS - started)) >> "$OUT/report.md" ;;
        124 | 137) printf '\nstopped after %s s\n' "$limit" >> "$OUT/report.md" ;;
        *) printf '\n**failed** with exit status %s after %s s: see log.txt\n' "$status" $((SECONDS - started)) >> "$OUT/report.md" ;;
    esac
    return $status
}

# Copy what a training has come to, whether it is done or was stopped.
bring_back() {
    local work=$1/detector best
    best=$(ls "$work"/.resume/best_*.pt 2> /dev/null | head -n 1)
    if [ ! -e "$OUT/detector.pt" ] && [ -n "$best" ]; then cp "$best" "$OUT/detector.pt"; fi
    for file in "$work/logs/epochs.csv" "$work/curves.png"; do
        if [ -e "$file" ]; then cp "$file" "$OUT"; fi
    done
    if [ -d "$work/.resume" ]; then tar -C "$1" -cf "$OUT/training.tar" scenes.txt detector; fi
}

run() {
    local work status=0 scenes agreement speed
    rm -rf "$OUT"
    mkdir -p "$OUT"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    printf '# A run on %s cores and %s\n' "$CORES" "$(nvidia-smi -L 2> /dev/null | head -n 1 || true)" > "$OUT/report.md"
    if [ -n "$(ls "$WHEELS"/*.whl 2> /dev/null)" ]; then
        step "wheels" 120 "$PYTHON" -m pip install -q --no-index --no-deps --no-compile --no-cache-dir \
            --target "$work/site" "$WHEELS"/*.whl || return 1
        export PYTHONPATH=$work/site${PYTHONPATH:+:$PYTHONPATH}
    fi
    if [ "$SIZE" = tiny ]; then
        agreement=(--architecture deeplabv3_mobilenet_v3_large --size-px 64 --tiles 4)
        speed=(--architecture deeplabv3_mobilenet_v3_large --size-px 64 --batch-size 4 --seconds 0.1 --workers 0)
        scenes=${SCENES:-2}
    else
        agreement=(--architecture deeplabv3_resnet50 --size-px 512 --tiles 8)
        speed=(--architecture deeplabv3_resnet50 --size-px 512 --batch-size 32 --seconds 4 --workers "$((CORES > 2 ? CORES - 2 : 0))")
        scenes=${SCENES:-$((6 * CORES))}
    fi
    step "Does the device give the CPU's results?" 90 "$PYTHON" benchmarks/device_agreement.py "${agreement[@]}" || status=1
    step "Speed at the paper's scale" 150 "$PYTHON" benchmarks/learning.py "${speed[@]}" || status=1
    if [ -n "${RESUME:-}" ]; then
        tar -C "$work" -xf "$RESUME" || return 1
        scenes=$(cat "$work/scenes.txt")
    fi
    echo "$scenes" > "$work/scenes.txt"
    # The last seconds are for what is brought back. A training that is stopped is no failure: the next run goes on.
    step "The shipped detector" $(($(left) - 8)) "$PYTHON" resources/detector.py --folder "$work" \
        --scenes "$scenes" --hard-scenes "$((scenes / 2))" --processes "$CORES" --threads "$CORES" \
        --epochs "$EPOCHS" --out "$work/detector.pt"
    case $? in 0 | 124 | 137) ;; *) status=1 ;; esac
    if [ -e "$work/detector.pt" ]; then cp "$work/detector.pt" "$OUT/detector.pt"; fi
    bring_back "$work"
    cat "$OUT/report.md"
    return $status
}

case ${1:-run} in
    wheels) wheels "${2:-$WHEELS}" ;;
    run) run ;;
    *) echo "usage: benchmarks/gpu.sh [wheels [FOLDER] | run]" >&2; exit 2 ;;
esac
