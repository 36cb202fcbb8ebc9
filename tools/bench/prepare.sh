# Sourced by run and soak: installs what the benchmark needs and builds the programs.
root=$(cd "$here/../.." && pwd)
if [ -z "${SWITCHYARD_BIN:-}" ]; then
  "$root/tools/dev/install_dependencies" build bench
  [ -f "$root/build/release/build.ninja" ] || cmake -S "$root" --preset release > /dev/null
  cmake --build "$root/build/release" --target switchyard bench > "$root/build/bench-build.log" 2>&1 || { tail -40 "$root/build/bench-build.log" >&2; exit 1; }
  export SWITCHYARD_BIN=$root/build/release/bin
fi
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
export PATH=$PATH:/usr/sbin PYTHONDONTWRITEBYTECODE=1
