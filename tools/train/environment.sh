# Sourced by the commands of this folder: $python runs with the packages of requirements.txt, $data is the folder of public sets.
train=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$train/../.." && pwd)
work=${SWITCHYARD_TRAIN_WORK:-$top/build/train}
data=${SWITCHYARD_DATA:-$top/../shared/data/routing}
[ -d "$data" ] || { printf 'train: %s is not there; SWITCHYARD_DATA names the folder of the public sets\n' "$data" >&2; exit 1; }
mkdir -p "$work"
python=$work/venv/bin/python
if ! cmp -s "$train/requirements.txt" "$work/venv/installed"; then
  python3 -m venv "$work/venv"
  # No dependencies: the teacher's package would ask for a whole deep-learning framework that only reads its vocabulary.
  "$work/venv/bin/pip" install -q --no-deps -r "$train/requirements.txt"
  cp "$train/requirements.txt" "$work/venv/installed"
fi
export SWITCHYARD_TRAIN_DEBIAN=${SWITCHYARD_TRAIN_DEBIAN:-$work/debian}
export SWITCHYARD_TRAIN_REPOSITORIES=${SWITCHYARD_TRAIN_REPOSITORIES:-$work/repositories}
# One thread, so that sums are taken in the same order everywhere, and the machine stays usable.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false PYTHONHASHSEED=0
