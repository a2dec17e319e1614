// XXH32, the checksum of records: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tilewright {

namespace xxh {

constexpr uint32_t kPrime1 = 0x9E3779B1U;
constexpr uint32_t kPrime2 = 0x85EBCA77U;
constexpr uint32_t kPrime3 = 0xC2B2AE3DU;
constexpr uint32_t kPrime4 = 0x27D4EB2FU;
constexpr uint32_t kPrime5 = 0x165667B1U;

inline uint32_t rotate(uint32_t value, int bits) {
    return (value << bits) | (value >> (32 - bits));
}

inline uint32_t read(const uint8_t* at) {
    uint32_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

inline uint32_t round(uint32_t lane, uint32_t input) {
    return rotate(lane + input * kPrime2, 13) * kPrime1;
}

}  // namespace xxh

// Hash some bytes. All loads are of whole words inside [at, at + size).
inline uint32_t xxh32(const uint8_t* at, size_t size, uint32_t seed) {
    using namespace xxh;
    const uint8_t* const end = at + size;
    uint32_t hash;
    if (size >= 16) {
        uint32_t a = seed + kPrime1 + kPrime2, b = seed + kPrime2, c = seed, d = seed - kPrime1;
        for (; end - at >= 16; at += 16) {
            a = round(a, read(at));
            b = round(b, read(at + 4));
            c = round(c, read(at + 8));
            d = round(d, read(at + 12));
        }
        hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    } else {
        hash = seed + kPrime5;
    }
    hash += static_cast<uint32_t>(size);
    for (; end - at >= 4; at += 4) hash = rotate(hash + read(at) * kPrime3, 17) * kPrime4;
    for (; at < end; ++at) hash = rotate(hash + *at * kPrime5, 11) * kPrime1;
    hash = (hash ^ (hash >> 15)) * kPrime2;
    hash = (hash ^ (hash >> 13)) * kPrime3;
    return hash ^ (hash >> 16);
}

}  // namespace tilewright
