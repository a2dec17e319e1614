# How Python packages are installed. To be sourced, after cache.sh.

# Installs packages into an environment: install_packages FOLDER [pip install's options]
# uv does in seconds what takes pip a minute or two. What only pip was told of, such as an index of your own, pip installs.
install_packages() {
    local folder=$1 uv
    shift
    uv=$(keep uv make_uv && echo "$kept/bin/uv") || uv=false
    "$uv" pip install --quiet --python "$folder/bin/python" "$@" ||
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile "$@"
    compile_libraries "$folder"
}

# `folder` is that of install_packages, which asks for this.
make_uv() {
    "$folder/bin/python" -m venv --clear "$1" && "$1/bin/python" -m pip install --quiet --disable-pip-version-check uv
}

# Byte code for all processes to come, made by all cores. Libraries' own tests do not need it, and some of
# their files are no Python that compiles.
compile_libraries() {
    "$1/bin/python" -m compileall -qq -j 0 -x 'site-packages/.*/tests?/' "$1/lib" || true
}
