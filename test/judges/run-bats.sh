# Runs one file of the suite with one runtime, TAP on standard output.
#   run-bats.sh SUITE RUNTIME SCRATCH FILE [FILTER]
# SCRATCH is a directory to be made. FILTER is bats's: a regular expression of names.
set -eu
suite=$1 runtime=$2 scratch=$3 file=$4 filter=${5:-}
# The suite looks for messages of a program that was called as runc.
mkdir "$scratch" "$scratch/bin"
ln -s "$runtime" "$scratch/bin/runc"
export RUNC="$scratch/bin/runc" PATH="$scratch/bin:$PATH" TMPDIR="$scratch"
# Some tests need a terminal that controls them: script(1) gives them one. At the end of its own input it would type a
# NUL into it, so that input never ends.
mkfifo "$scratch/input"
exec 3<>"$scratch/input"
cd "$suite/tests/integration"
export BATS_FILTER="$filter"
command='bats --tap'
if [ -n "$filter" ]; then command="$command --filter \"\$BATS_FILTER\""; fi
exec script --quiet --return --flush --command "$command $file" /dev/null <&3
