# Folders that are made once and shared by all clones of a user. To be sourced.

# Sets `kept` to a folder of the user's cache, which `COMMAND FOLDER` makes where it is not complete. Two that ask at the same time
# make it once: keep NAME COMMAND
keep() {
    kept=${XDG_CACHE_HOME:-$HOME/.cache}/tilewright/$1
    mkdir -p "$(dirname "$kept")"
    exec 9>"$kept.lock"
    flock 9
    if [[ ! -e $kept/.ready ]]; then
        "$2" "$kept" >&2 && touch "$kept/.ready"
    fi
}
