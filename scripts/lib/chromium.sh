# Finds or gets Debian's Chromium. Source it after common.sh.
ensure_chromium() {
    [[ -x /usr/bin/chromium ]] && return
    ((EUID == 0)) || die "There is no /usr/bin/chromium." "sudo apt-get install chromium fonts-noto-core"
    step "install Chromium from Debian" "see that \"apt-get update\" works; then run the command again." install_chromium
}

install_chromium() {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium fonts-noto-core
}
