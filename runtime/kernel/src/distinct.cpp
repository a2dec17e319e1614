// Unions of HyperLogLog sketches.
#include "distinct.hpp"

#include <algorithm>
#include <cmath>

namespace tilewright {

namespace {

// The first bytes: length of the preamble in words of 4, version, family, size, flags and form.
constexpr uint8_t kSerialVersion = 1, kFamily = 7;
constexpr size_t kSizeAt = 3, kRoomAt = 4, kFlagsAt = 5, kCountAt = 6, kModeAt = 7;
constexpr uint8_t kIsEmpty = 4, kIsCompact = 8, kIsOutOfOrder = 16;
constexpr uint8_t kList = 8, kSet = 9, kRegisters = 10;  // with registers of one byte
constexpr uint8_t kListPreamble = 2, kSetPreamble = 3, kRegistersPreamble = 10;
constexpr size_t kListBytes = 8, kSetBytes = 12, kRegistersBytes = 40;

constexpr size_t kLeastLgK = 8, kMostLgK = 21;
// A coupon holds the place of a register, and above that its value.
constexpr int kPlaceBits = 26;
constexpr uint8_t kMostValue = 63;
// The values of registers up to here are added up apart, so that no sum is rounded.
constexpr uint8_t kSmallValue = 31;

}  // namespace

bool DistinctSketches::add(Bytes part) {
    if (lg_k_ < kLeastLgK || lg_k_ > kMostLgK || part.size < kListBytes) return false;
    const uint8_t* at = part.at;
    if (at[1] != kSerialVersion || at[2] != kFamily || at[kSizeAt] != lg_k_) return false;
    const bool is_compact = at[kFlagsAt] & kIsCompact;
    switch (at[kModeAt]) {
        case kList: {
            if (at[kFlagsAt] & kIsEmpty) return at[0] == kListPreamble;
            const size_t count = at[kCountAt];
            if (!is_compact || part.size != kListBytes + 4 * count) return false;
            return add_coupons(at + kListBytes, count);
        }
        case kSet: {
            if (!is_compact || part.size < kSetBytes) return false;
            const uint64_t count = read<uint32_t>(at + 8);
            if (part.size != kSetBytes + 4 * count) return false;
            return add_coupons(at + kSetBytes, count);
        }
        case kRegisters:
            if (part.size != kRegistersBytes + registers()) return false;
            one_ = part;
            return add_registers(at + kRegistersBytes);
        default:
            return false;
    }
}

bool DistinctSketches::add_coupons(const uint8_t* at, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        const auto coupon = read<uint32_t>(at + 4 * i);
        if (coupon >> kPlaceBits == 0) return false;
        coupons_.push_back(coupon);
    }
    return true;
}

bool DistinctSketches::add_registers(const uint8_t* at) {
    registers_.resize(registers());
    // Of a local, so that the compiler knows that no register holds where they are.
    uint8_t* __restrict const own = registers_.data();
    uint8_t bits = 0;
    for (size_t i = 0, count = registers(); i < count; ++i) {
        own[i] = std::max(own[i], at[i]);
        bits |= at[i];
    }
    ++sets_;
    return bits <= kMostValue;
}

std::vector<uint8_t> DistinctSketches::united() {
    // One that came alone keeps its estimate, which is better.
    if (coupons_.empty() && sets_ < 2) return {};
    // A set that is three quarters full grows, and the largest one becomes registers.
    const size_t room = size_t{1} << (lg_k_ - 3);
    return sets_ == 0 && keep_different(3 * room / 4) ? of_coupons() : of_registers();
}

std::vector<uint8_t> DistinctSketches::of_coupons() {
    size_t lg_room = 5;
    while (4 * coupons_.size() > 3 * (size_t{1} << lg_room)) ++lg_room;
    std::vector<uint8_t> bytes(kSetBytes + 4 * coupons_.size());
    bytes[0] = kSetPreamble;
    bytes[1] = kSerialVersion;
    bytes[2] = kFamily;
    bytes[kSizeAt] = static_cast<uint8_t>(lg_k_);
    bytes[kRoomAt] = static_cast<uint8_t>(lg_room);
    bytes[kFlagsAt] = kIsCompact;
    bytes[kModeAt] = kSet;
    write(bytes.data() + 8, static_cast<uint32_t>(coupons_.size()));
    std::memcpy(bytes.data() + kSetBytes, coupons_.data(), 4 * coupons_.size());
    return bytes;
}

// Drop coupons that came before; false as soon as there are more than `most` different ones, of
// which none is lost then.
bool DistinctSketches::keep_different(size_t most) {
    size_t places = 16;
    while (places < 4 * std::min(most, coupons_.size())) places *= 2;
    std::vector<uint32_t> table(places);
    size_t kept = 0;
    for (const uint32_t coupon : coupons_) {
        size_t place = coupon * size_t{0x9E3779B97F4A7C15} >> 32;
        while (table[place & (places - 1)] != 0 && table[place & (places - 1)] != coupon) ++place;
        if (table[place & (places - 1)] == coupon) continue;
        if (kept == most) return false;
        table[place & (places - 1)] = coupon;
        coupons_[kept++] = coupon;
    }
    coupons_.resize(kept);
    return true;
}

std::vector<uint8_t> DistinctSketches::of_registers() {
    registers_.resize(registers());
    for (const uint32_t coupon : coupons_) {
        uint8_t& own = registers_[coupon & (registers() - 1)];
        own = std::max(own, static_cast<uint8_t>(coupon >> kPlaceBits));
    }
    // In four tables, so that one count need not wait for that of an equal value before it.
    uint32_t quarters[4][kMostValue + 1] = {};
    for (size_t i = 0; i < registers_.size(); ++i) ++quarters[i & 3][registers_[i]];
    // The sum of two to the power of each negative value, which doubles hold exactly.
    double small = 0, large = 0;
    uint32_t zeros = 0;
    for (int value = 0; value <= kMostValue; ++value) {
        uint32_t count = 0;
        for (const auto& quarter : quarters) count += quarter[value];
        (value <= kSmallValue ? small : large) += std::ldexp(count, -value);
        if (value == 0) zeros = count;
    }
    std::vector<uint8_t> bytes(kRegistersBytes + registers());
    bytes[0] = kRegistersPreamble;
    bytes[1] = kSerialVersion;
    bytes[2] = kFamily;
    bytes[kSizeAt] = static_cast<uint8_t>(lg_k_);
    bytes[kFlagsAt] = kIsCompact | kIsOutOfOrder;
    bytes[kModeAt] = kRegisters;
    write(bytes.data() + 16, small);
    write(bytes.data() + 24, large);
    write(bytes.data() + 32, zeros);
    std::memcpy(bytes.data() + kRegistersBytes, registers_.data(), registers());
    return bytes;
}

}  // namespace tilewright
