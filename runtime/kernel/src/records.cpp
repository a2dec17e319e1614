// Records of tiles: their checks, and the fields of changing length.
#include "records.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "xxh32.hpp"

namespace tilewright {

namespace {

constexpr size_t kWordBytes = 8, kPiece = 16;
constexpr size_t kCompressionAt = 6;
// So many bytes are asked for at once: fewer than what an allocator gives back at once.
constexpr size_t kBlock = 1 << 16;

int64_t word_of(Bytes record, size_t index) {
    int64_t word;
    std::memcpy(&word, record.at + index * kWordBytes, sizeof word);
    return word;
}

// Read the little-endian number of up to four bytes that a snappy tag is followed by.
size_t little_endian(const uint8_t* at, size_t bytes) {
    size_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value |= size_t{at[i]} << (8 * i);
    return value;
}

// Repeat what was written `offset` bytes before; there is room for `room` bytes.
//
// Words are copied where they have room. What they write too much is written again later.
void repeat(uint8_t* to, size_t offset, size_t length, size_t room) {
    if (length + kWordBytes > room) {
        for (size_t i = 0; i < length; ++i) to[i] = *(to + i - offset);
        return;
    }
    const uint8_t* from = to - offset;
    const uint8_t* const end = to + length;
    // Of a short pattern each word adds as much as there was of it, until it fills a word.
    while (to < end && static_cast<size_t>(to - from) < kWordBytes) {
        const auto known = to - from;
        write(to, read<uint64_t>(from));
        to += known;
    }
    for (; to < end; to += kWordBytes, from += kWordBytes) write(to, read<uint64_t>(from));
}

// Copy `length` bytes; there are `left` to read and room for `room`. Most are few, and copied as
// two words at once.
void copy(uint8_t* to, const uint8_t* from, size_t length, size_t left, size_t room) {
    if (length <= kPiece && left >= kPiece && room >= kPiece) {
        std::memcpy(to, from, kPiece);
    } else {
        std::memcpy(to, from, length);
    }
}

}  // namespace

bool is_sound(const Layout& layout, Bytes record, int64_t identity) {
    const size_t fixed = layout.words * kWordBytes;
    if (record.size < fixed) return false;
    size_t variable = 0;
    if (layout.variable) variable = static_cast<uint32_t>(word_of(record, kSizes));
    if (record.size - fixed != variable) return false;
    const uint32_t checksum = xxh::read(record.at);
    if (xxh32(record.at + 4, record.size - 4, layout.seed) != checksum) return false;
    return word_of(record, kIdentity) == identity;
}

uint8_t* Scratch::take(size_t size) {
    if (next_ == nullptr || size > left_) {
        left_ = std::max(size, kBlock);
        blocks_.push_back(std::make_unique_for_overwrite<uint8_t[]>(left_));
        next_ = blocks_.back().get();
    }
    left_ -= size;
    return std::exchange(next_, next_ + size);
}

bool split_fields(const Layout& layout, Bytes record, Scratch& scratch, Bytes* fields) {
    const size_t fixed = layout.words * kWordBytes;
    if (record.size < fixed) return false;
    Bytes part{record.at + fixed, record.size - fixed};
    if (record.at[kCompressionAt] == kSnappy) {
        const auto sizes = static_cast<uint64_t>(word_of(record, kSizes));
        const size_t plain = sizes >> 32;
        // No snappy block grows to more than some 64 times its size: 60 bytes by 3 at best.
        if (plain > 64 * part.size + 64) return false;
        uint8_t* const own = scratch.take(plain);
        if (!decompress(part, own, plain)) return false;
        part = {own, plain};
    }
    const size_t first = layout.words - layout.variable;
    for (size_t i = 0; i < layout.variable; ++i) {
        const int64_t length = word_of(record, first + i);
        if (length < 0) {
            fields[i] = {nullptr, 0};
            continue;
        }
        if (static_cast<uint64_t>(length) > part.size) return false;
        // An empty field is there all the same.
        static const uint8_t kNothing = 0;
        fields[i] = {part.at ? part.at : &kNothing, static_cast<size_t>(length)};
        part.at += length;
        part.size -= length;
    }
    return true;
}

bool decompress(Bytes packed, uint8_t* out, size_t size) {
    const uint8_t* at = packed.at;
    const uint8_t* const end = packed.at + packed.size;
    uint64_t stated = 0;
    for (int shift = 0;; shift += 7) {
        if (at == end || shift > 28) return false;
        stated |= uint64_t{*at & 0x7FU} << shift;
        if (!(*at++ & 0x80U)) break;
    }
    if (stated != size) return false;
    size_t written = 0;
    while (at < end) {
        const uint8_t tag = *at++;
        const auto left = static_cast<size_t>(end - at);
        size_t length, offset;
        if ((tag & 3) == 0) {
            length = (tag >> 2) + 1;
            if (length > 60) {
                const size_t extra = length - 60;
                if (left < extra) return false;
                length = little_endian(at, extra) + 1;
                at += extra;
            }
            const auto rest = static_cast<size_t>(end - at), room = size - written;
            if (rest < length || room < length) return false;
            copy(out + written, at, length, rest, room);
            at += length;
            written += length;
            continue;
        }
        if ((tag & 3) == 1) {
            if (left < 1) return false;
            length = 4 + ((tag >> 2) & 7);
            offset = (size_t{tag} >> 5 << 8) | at[0];
            at += 1;
        } else {
            const size_t bytes = (tag & 3) == 2 ? 2 : 4;
            if (left < bytes) return false;
            length = (tag >> 2) + 1;
            offset = little_endian(at, bytes);
            at += bytes;
        }
        if (offset == 0 || offset > written || size - written < length) return false;
        repeat(out + written, offset, length, size - written);
        written += length;
    }
    return written == size;
}

}  // namespace tilewright
