// Columns of bytes: the fields of many tiles, one after the other.
#include "columns.hpp"

#include <cstring>

namespace tilewright {

namespace {

uint8_t* append(uint8_t* out, Bytes part) {
    if (part.size) std::memcpy(out, part.at, part.size);
    return out + part.size;
}

}  // namespace

bool are_sound(const Shares& shares, size_t count) {
    if (shares.width == 0) return false;
    int64_t before = 0;
    for (size_t i = 0; i <= count; ++i) {
        if (shares.bounds[i] < before) return false;
        before = shares.bounds[i];
    }
    return static_cast<uint64_t>(before) <= shares.content.size / shares.width;
}

std::vector<int64_t> bounds_of(const Joined& joined) {
    std::vector<int64_t> bounds(joined.count + 1);
    for (size_t i = 0; i < joined.count; ++i) {
        size_t size = 0;
        if (joined.marks[i]) {
            size = share_of(joined.heads, i).size;
            for (const Shares& part : joined.parts) size += share_of(part, i).size;
        }
        bounds[i + 1] = bounds[i] + static_cast<int64_t>(size);
    }
    return bounds;
}

void write_all(const Joined& joined, uint8_t* out) {
    for (size_t i = 0; i < joined.count; ++i) {
        if (!joined.marks[i]) continue;
        out = append(out, share_of(joined.heads, i));
        for (const Shares& part : joined.parts) out = append(out, share_of(part, i));
    }
}

}  // namespace tilewright
