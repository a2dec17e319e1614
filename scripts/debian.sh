# What the scripts share: messages, and packages of Debian or Ubuntu, which are installed where this user may. To be sourced.

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

fail() {
    printf '%s\n' "$(basename "$0"): $1" "${@:2}" >&2
    exit 1
}

as_root() {
    if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo -n "$@"; fi
}

# Two of these scripts may run side by side, and apt-get lets only one in.
apt_get() {
    local lock=${XDG_CACHE_HOME:-$HOME/.cache}/tilewright/apt.lock
    mkdir -p "$(dirname "$lock")"
    (
        flock 8
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"
    ) 8>"$lock"
}

# Whether this release has a package; a machine that has no lists of packages yet fetches them first, where this user may.
is_offered() {
    compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null || apt_get update 2>/dev/null || true
    apt-cache show "$1" >/dev/null 2>&1
}

# Installs Debian packages where this user may, else says which command does.
apt_install() {
    if ! command -v apt-get >/dev/null; then
        fail "$1 is missing, and this machine has no apt-get. Install it as your system does, then run this again."
    fi
    if [[ $(id -u) -ne 0 ]]; then
        if ! sudo -n true 2>/dev/null; then
            fail "$1 is missing. Run this, then the same again:" "    sudo apt-get install -y $*"
        fi
    fi
    say "Installing Debian's $*"
    apt_get update >&2
    apt_get install -y "$@" >/dev/null
}

# Spark, Flink and Kafka need a Java runtime of 17 or newer; each release of Debian and Ubuntu has one of these.
install_java() {
    local package version
    version=$("${JAVA_HOME:+$JAVA_HOME/bin/}java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') || true
    if [[ ${version:-0} -ge 17 ]]; then return; fi
    for package in openjdk-17-jre-headless openjdk-21-jre-headless; do
        if is_offered "$package"; then
            apt_install "$package"
            return
        fi
    done
    fail "Spark, Flink and Kafka need Java 17 or newer; this machine has ${version:-none}." \
        "Install one, for instance Debian's openjdk-17-jre-headless, and set JAVA_HOME if it is not on the PATH."
}
