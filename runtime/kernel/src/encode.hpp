// Records of tiles, made of their numbers and their fields. No Python here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bytes.hpp"
#include "records.hpp"

namespace tilewright {

// A tile that becomes a record.
struct Tile {
    // Header and fixed block; the lengths of the fields are not yet among them.
    const int64_t* row;
    // As many as the layout has. One that is missing has no address.
    const Bytes* fields;
    // All fields, compressed; without an address where they are stored as they are.
    Bytes packed;
};

size_t size_of(const Layout& layout, const Tile& tile);

// Write a record, which has room for `size_of` bytes.
void encode(const Layout& layout, const Tile& tile, uint8_t* out);

}  // namespace tilewright
