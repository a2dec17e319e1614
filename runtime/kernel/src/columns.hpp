// Columns of bytes: the fields of many tiles, one after the other. No Python here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bytes.hpp"

namespace tilewright {

// Items of one width, of which each tile has a share: those between its two bounds.
struct Shares {
    Bytes content;
    size_t width;
    const int64_t* bounds;
};

// Tell whether the bounds of `count` tiles ascend and lie inside the content.
bool are_sound(const Shares& shares, size_t count);

// The share of a tile; the bounds are sound.
inline Bytes share_of(const Shares& shares, size_t tile) {
    const auto begin = static_cast<size_t>(shares.bounds[tile]);
    const auto end = static_cast<size_t>(shares.bounds[tile + 1]);
    return {shares.content.at + begin * shares.width, (end - begin) * shares.width};
}

// A head for each tile, and parts that stand behind it.
struct Joined {
    Shares heads;
    std::vector<Shares> parts;
    // Tiles without a mark get nothing.
    const uint8_t* marks;
    size_t count;
};

// Find where the bytes of each tile begin, and the last of them end.
std::vector<int64_t> bounds_of(const Joined& joined);

// Write the bytes of all tiles, one after the other.
void write_all(const Joined& joined, uint8_t* out);

}  // namespace tilewright
