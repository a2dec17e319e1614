// Records of tiles, made of their numbers and their fields.
#include "encode.hpp"

#include <cstring>

#include "xxh32.hpp"

namespace tilewright {

namespace {

constexpr size_t kWordBytes = 8, kChecksumBytes = 4;
constexpr int64_t kIsSnappy = int64_t{kSnappy} << 48;

size_t plain_size(const Layout& layout, const Tile& tile) {
    size_t size = 0;
    for (size_t i = 0; i < layout.variable; ++i) size += tile.fields[i].size;
    return size;
}

void write_word(uint8_t* record, size_t index, int64_t word) {
    write(record + index * kWordBytes, word);
}

}  // namespace

size_t size_of(const Layout& layout, const Tile& tile) {
    const size_t stored = tile.packed.at ? tile.packed.size : plain_size(layout, tile);
    return layout.words * kWordBytes + stored;
}

void encode(const Layout& layout, const Tile& tile, uint8_t* out) {
    const size_t fixed = layout.words * kWordBytes, plain = plain_size(layout, tile);
    const size_t size = size_of(layout, tile);
    std::memcpy(out, tile.row, fixed);
    const size_t first = layout.words - layout.variable;
    uint8_t* at = out + fixed;
    for (size_t i = 0; i < layout.variable; ++i) {
        const Bytes field = tile.fields[i];
        write_word(out, first + i, field.at ? static_cast<int64_t>(field.size) : -1);
        if (tile.packed.at || !field.size) continue;
        std::memcpy(at, field.at, field.size);
        at += field.size;
    }
    if (tile.packed.at) {
        std::memcpy(at, tile.packed.at, tile.packed.size);
        write_word(out, kStamp, tile.row[kStamp] | kIsSnappy);
    }
    if (layout.variable) {
        write_word(out, kSizes, static_cast<int64_t>((size - fixed) | plain << 32));
    }
    write(out, xxh32(out + kChecksumBytes, size - kChecksumBytes, layout.seed));
}

}  // namespace tilewright
