# Runs one file of the suite with one runtime, TAP on standard output.
#   run-bats.sh SUITE RUNTIME SCRATCH FILE [FILTER]
# SCRATCH is a directory to create. FILTER is bats's: a regular expression for names.
set -eu
suite=$1 runtime=$2 scratch=$3 file=$4 filter=${5:-}
# The suite expects messages from a program that was called as runc.
mkdir "$scratch" "$scratch/bin"
ln -s "$runtime" "$scratch/bin/runc"
export RUNC="$scratch/bin/runc" PATH="$scratch/bin:$PATH" TMPDIR="$scratch"
# Some tests need a controlling terminal, which script(1) provides. At the end of its own input script would type a NUL
# into the terminal, so its input never ends.
mkfifo "$scratch/input"
exec 3<>"$scratch/input"
cd "$suite/tests/integration"
export BATS_FILTER="$filter"
command='bats --tap'
if [ -n "$filter" ]; then command="$command --filter \"\$BATS_FILTER\""; fi
exec script --quiet --return --flush --command "$command $file" /dev/null <&3
