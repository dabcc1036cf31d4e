#!/usr/bin/env bash
# One run on a machine with PyTorch, one GPU and no network, within the time that such a machine is lent for.
#
#   benchmarks/gpu.sh wheels [FOLDER]   on a machine with a network: fetch what such a machine lacks, by default to .whl
#   benchmarks/gpu.sh                   there: check the device, measure, and train the shipped detector
#
# The run has these steps. The variable STEPS names the ones to run:
#
#   agreement   checks that the device gives the CPU's results (benchmarks/device_agreement.py)
#   speed       measures inference from disk to disk and training at the paper's scale, beside a plain loop and the
#               device's matmul peak (benchmarks/learning.py)
#   detector    simulates scenes with all cores, beside the step `agreement`, and trains the shipped detector
#               (resources/detector.py) for the time that is left
#   recipes     trains both recipes with the same network, scenes and budget, once for each of SEEDS
#
# These files appear in $OUT:
#
#   report.md      what the steps found, and how each ended
#   log.txt        what the steps wrote to standard error
#   detector.pt    the best checkpoint of the training so far, for `models: {NAME: {checkpoint: detector.pt}}`
#   epochs.csv, curves.png   the curve so far (curves.png if all epochs are done)
#   training.tar   the state of a training that was stopped. Give it to the next run as RESUME, and it goes on.
#   RECIPE-sSEED.pt, RECIPE-sSEED.csv   checkpoint and curve of each training of the step `recipes`
#
# Settings are variables of the environment:
#
#   STEPS="agreement speed detector"
#   OUT=results/gpu     folder of the results
#   WORK=results/gpu_work   folder of scenes and trainings; what is there is used again
#   LIMIT_S=450         seconds of the whole run
#   WHEELS=.whl         folder that `wheels` wrote
#   PYTHON=python3      the Python that has PyTorch
#   SIZE=paper          or tiny: to try the script on any machine within minutes
#   EPOCHS=30           epochs of the detector's whole training, however many runs it takes
#   SEEDS="1 2 3"       seeds of the step `recipes`
#   RECIPE_EPOCHS=12    epochs of each training of the step `recipes`
#   RESUME=             training.tar of the run before; it needs the same SIZE, SCENES, EPOCHS and PyTorch, and a GPU
#   SCENES=             scenes to simulate with fractures, and half as many hard ones; by default 15 for each core
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# In the versions of envs/requirements.txt. The other packages are taken to be there beside PyTorch: NumPy, SciPy,
# pandas, Numba, scikit-image, matplotlib, tqdm, timm and torchvision.
LACKING="affine rasterio pyproj shapely geopandas pyerfa pvl segmentation_models_pytorch"
# Python of such a machine.
PYTHON_VERSION=${PYTHON_VERSION:-3.12}

STEPS=${STEPS:-agreement speed detector}
OUT=${OUT:-results/gpu}
WORK=${WORK:-results/gpu_work}
LIMIT_S=${LIMIT_S:-450}
WHEELS=${WHEELS:-.whl}
PYTHON=${PYTHON:-python3}
SIZE=${SIZE:-paper}
EPOCHS=${EPOCHS:-30}
SEEDS=${SEEDS:-1 2 3}
RECIPE_EPOCHS=${RECIPE_EPOCHS:-12}
CORES=$(env -u OMP_NUM_THREADS nproc)
LOADERS=$((CORES > 2 ? CORES - 2 : 0))

wheels() {
    local folder=$1 platform options=(--no-deps --only-binary=:all: --python-version "$PYTHON_VERSION" --implementation cp)
    for platform in manylinux_2_28 manylinux_2_27 manylinux_2_17 manylinux2014; do
        options+=(--platform "${platform}_x86_64")
    done
    SITE=$(mktemp -d)
    trap 'rm -rf "$SITE"' EXIT
    for name in $LACKING; do
        grep -iE "^$name==" envs/requirements.txt
    done | xargs "$PYTHON" -m pip install --quiet --disable-pip-version-check "${options[@]}" --target "$SITE" || return 1
    mkdir -p "$folder"
    # What may travel to such a machine is little. This packs closer than the wheels themselves.
    tar -C "$SITE" -c . | xz -9 > "$folder/site.tar.xz" || return 1
    "$PYTHON" benchmarks/imagenet_encoder.py --out "$folder/encoder.pth" || return 1
    du -sh "$folder"
}

left() { echo $((LIMIT_S - SECONDS)); }
asked() { [[ " $STEPS " == *" $1 "* ]]; }

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

# train NAME SECONDS EPOCHS OPTION...: one training on the scenes of the run; its folder is $WORK/NAME.
train() {
    local name=$1 limit=$2 epochs=$3
    shift 3
    # Large batches keep a GPU busy; the settings of the network are those of resources/detector.py.
    step "Training of $name" "$limit" "$PYTHON" resources/detector.py --folder "$WORK" \
        --scenes "$SCENES" --hard-scenes "$((SCENES / 2))" --processes "$CORES" --threads "$CORES" --epochs "$epochs" \
        --model "{\"batch_size\": $BATCH}" --training "{\"workers\": $LOADERS}" --out "$WORK/$name.pt" "$@"
}

# Copy what a training has come to, whether it is done or was stopped, under a name of the results.
bring_back() {
    local name=$1 curve=$2 best
    best=$(ls "$WORK/$name"/.resume/best_*.pt 2> /dev/null | head -n 1)
    if [ -n "$best" ]; then cp "$best" "$OUT/$name.pt"; fi
    if [ -e "$WORK/$name.pt" ]; then cp "$WORK/$name.pt" "$OUT/$name.pt"; fi
    if [ -e "$WORK/$name/logs/epochs.csv" ]; then cp "$WORK/$name/logs/epochs.csv" "$OUT/$curve.csv"; fi
}

run() {
    local status=0 agreement speed simulation=""
    rm -rf "$OUT"
    mkdir -p "$OUT" "$WORK"
    printf '# A run on %s cores and %s\n' "$CORES" "$(nvidia-smi -L 2> /dev/null | head -n 1 || true)" > "$OUT/report.md"
    if [ -e "$WHEELS/site.tar.xz" ]; then
        SITE=$(mktemp -d)
        trap 'rm -rf "$SITE"' EXIT
        step "Packages" 120 "$PYTHON" -m tarfile -e "$WHEELS/site.tar.xz" "$SITE" || return 1
        export PYTHONPATH=$SITE${PYTHONPATH:+:$PYTHONPATH}
    fi
    if [ "$SIZE" = tiny ]; then
        agreement=(--architecture deeplabv3_mobilenet_v3_large --size-px 64 --tiles 4)
        speed=(--architecture deeplabv3_mobilenet_v3_large --size-px 64 --batch-size 4 --seconds 0.1 --workers 0)
        SCENES=${SCENES:-2} BATCH=8
    else
        agreement=(--architecture deeplabv3_resnet50 --size-px 512 --tiles 8)
        speed=(--architecture deeplabv3_resnet50 --size-px 512 --batch-size 32 --seconds 3 --most-tiles 1500 --workers "$LOADERS")
        SCENES=${SCENES:-$((15 * CORES))} BATCH=32
    fi
    ENCODER=()
    if [ -e "$WHEELS/encoder.pth" ]; then ENCODER=(--encoder-weights "$WHEELS/encoder.pth"); fi
    if [ -n "${RESUME:-}" ]; then
        tar -C "$WORK" -xf "$RESUME" || return 1
        SCENES=$(cat "$WORK/scenes.txt")
    fi
    echo "$SCENES" > "$WORK/scenes.txt"
    if asked detector || asked recipes; then
        # One core is left for the device.
        timeout "$(left)" "$PYTHON" resources/detector.py --folder "$WORK" --scenes "$SCENES" \
            --hard-scenes "$((SCENES / 2))" --processes "$((CORES > 2 ? CORES - 1 : CORES))" --epochs 0 \
            > "$OUT/simulation.txt" 2>&1 &
        simulation=$!
    fi
    if asked agreement; then
        step "Does the device give the CPU's results?" 150 "$PYTHON" benchmarks/device_agreement.py "${agreement[@]}" || status=1
    fi
    if [ -n "$simulation" ]; then
        # What fails here fails again, in a step that tells it.
        wait "$simulation"
        printf '\n%s scenes were simulated by second %s of the run\n' "$((SCENES + SCENES / 2))" "$SECONDS" >> "$OUT/report.md"
        cat "$OUT/simulation.txt" >> "$OUT/log.txt"
        rm "$OUT/simulation.txt"
    fi
    if asked speed; then
        step "Speed at the paper's scale" 150 "$PYTHON" benchmarks/learning.py "${speed[@]}" || status=1
    fi
    if asked detector; then
        # The last seconds are for what is brought back. A training that is stopped is no failure: the next run goes on.
        train detector $(($(left) - 8)) "$EPOCHS" "${ENCODER[@]}"
        case $? in 0 | 124 | 137) ;; *) status=1 ;; esac
        bring_back detector epochs
        if [ -e "$WORK/detector/curves.png" ]; then cp "$WORK/detector/curves.png" "$OUT"; fi
        if [ -d "$WORK/detector/.resume" ]; then tar -C "$WORK" -cf "$OUT/training.tar" scenes.txt detector; fi
    fi
    if asked recipes; then
        for seed in $SEEDS; do
            for recipe in sun_aligned paper; do
                train "$recipe-s$seed" $(($(left) - 8)) "$RECIPE_EPOCHS" --recipe "$recipe" --seed "$seed" "${ENCODER[@]}"
                case $? in 0 | 124 | 137) ;; *) status=1 ;; esac
                bring_back "$recipe-s$seed" "$recipe-s$seed"
            done
        done
    fi
    cat "$OUT/report.md"
    return $status
}

case ${1:-run} in
    wheels) wheels "${2:-$WHEELS}" ;;
    run) run ;;
    *) echo "usage: benchmarks/gpu.sh [wheels [FOLDER] | run]" >&2; exit 2 ;;
esac
