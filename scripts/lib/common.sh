# Shared by the scripts: where things live, how they speak, how a step fails. Source it.
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/pusher_channels"
default_ha=2026.10.4

say() { printf '%s\n' "$*" >&2; }

# die WHY WHAT_TO_DO
die() {
    say "$1"
    say "What to do: $2"
    exit 1
}

# step NAME WHAT_TO_DO COMMAND...: runs COMMAND quietly; its output is shown only when it fails, and then the script ends.
step() {
    local name=$1 advice=$2 output
    shift 2
    say "- $name"
    if ! output=$("$@" 2>&1); then
        say "Failed: $name"
        tail -n 15 <<<"$output" | sed 's/^/    /' >&2
        die "The lines above say why." "$advice"
    fi
}
