// Reads numbers out of bytes, wherever they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tilewright {

struct Bytes {
    const uint8_t* at;
    size_t size;
};

template <typename T>
T read(const uint8_t* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

template <typename T>
void write(uint8_t* at, T value) {
    std::memcpy(at, &value, sizeof value);
}

}  // namespace tilewright
