// Records of tiles: their checks, and the fields of changing length. No Python here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "bytes.hpp"

namespace tilewright {

// The words of a header, as in tilewright_runtime/tiles/header.py.
enum Word : size_t { kStamp, kIdentity, kSequence, kNewest, kStart, kSizes, kHeaderWords };

constexpr uint8_t kSnappy = 1;
constexpr int64_t kApproximate = int64_t{2} << 40;

// What is known of a plan's records in advance.
struct Layout {
    size_t words;
    size_t variable;
    uint32_t seed;
};

// Tell whether a record is whole, of the version that is written, and of one identity.
bool is_sound(const Layout& layout, Bytes record, int64_t identity);

// Room for what is decompressed, of which many pieces lie side by side.
class Scratch {
   public:
    // Give room for so many bytes, which stays as long as this does.
    uint8_t* take(size_t size);

   private:
    std::vector<std::unique_ptr<uint8_t[]>> blocks_;
    uint8_t* next_ = nullptr;
    size_t left_ = 0;
};

// Find the fields of changing length that lie in a sound record; there is room for all of them.
//
// A missing field has no address. `scratch` keeps what had to be decompressed, and must outlive
// the fields. Returns false if the lengths do not fit the bytes.
bool split_fields(const Layout& layout, Bytes record, Scratch& scratch, Bytes* fields);

// Decompress a snappy block of a known size; false for bytes that are none.
bool decompress(Bytes packed, uint8_t* out, size_t size);

}  // namespace tilewright
