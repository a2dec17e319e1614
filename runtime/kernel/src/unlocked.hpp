// Work that gives up the lock of Python where another thread gains from it.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>

namespace tilewright {

// Work on fewer bytes is done before another thread could have begun.
constexpr size_t kWorthReleasing = 1 << 15;

// Do some work on so many bytes that touches no object of Python.
template <typename Work>
auto unlocked(size_t bytes, Work work) {
    if (bytes <= kWorthReleasing) return work();
    const nanobind::gil_scoped_release released;
    return work();
}

}  // namespace tilewright
