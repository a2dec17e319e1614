// Damages what a writer gives to the kernel: bounds of columns, coupons, and rows with fields.
#include "fuzz_writing.hpp"

#include <cstdlib>
#include <vector>

#include "columns.hpp"
#include "coupons.hpp"
#include "encode.hpp"

using namespace tilewright;

namespace {

unsigned long long (*bits)();

size_t below(size_t limit) { return limit ? bits() % limit : 0; }

std::vector<uint8_t> noise(size_t size) {
    std::vector<uint8_t> bytes(size);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(bits());
    return bytes;
}

// Bounds that ascend most times, and sometimes lie behind the content.
std::vector<int64_t> bounds_near(size_t count, size_t items) {
    std::vector<int64_t> bounds(count + 1);
    for (size_t i = 1; i <= count; ++i) {
        bounds[i] = bounds[i - 1] + static_cast<int64_t>(below(items / (count + 1) + 2));
    }
    if (below(4) == 0) bounds[below(count + 1)] = static_cast<int64_t>(bits());
    return bounds;
}

void try_columns() {
    const size_t count = below(6), width = 1 + below(9), items = below(30);
    const std::vector<uint8_t> content = noise(items * width), heads = noise(count * 8);
    const std::vector<int64_t> bounds = bounds_near(count, items);
    const Shares shares{{content.data(), content.size()}, width, bounds.data()};
    if (!are_sound(shares, count)) return;
    std::vector<int64_t> places(count + 1);
    for (size_t i = 0; i <= count; ++i) places[i] = static_cast<int64_t>(i);
    const std::vector<uint8_t> marks = noise(count);
    const Joined joined{{{heads.data(), heads.size()}, 8, places.data()}, {shares, shares},
                        marks.data(), count};
    std::vector<uint8_t> out(static_cast<size_t>(bounds_of(joined).back()));
    write_all(joined, out.data());
}

void try_coupons() {
    const size_t count = below(600);
    std::vector<uint32_t> coupons(count);
    for (uint32_t& coupon : coupons) coupon = static_cast<uint32_t>(bits() >> (below(4) * 9));
    const std::vector<uint8_t> head = noise(kCouponHeadBytes);
    coupon_set(head.data(), below(30), coupons.data(), count);
}

void try_encoding() {
    const Layout layout{kHeaderWords + 3 + below(4), below(3), 17};
    std::vector<int64_t> row(layout.words);
    for (int64_t& word : row) word = static_cast<int64_t>(bits());
    const std::vector<uint8_t> content = noise(below(80)), packed = noise(below(80));
    std::vector<Bytes> fields(layout.variable);
    for (Bytes& field : fields) {
        if (below(3)) field = {content.data(), below(content.size() + 1)};
    }
    Tile tile{row.data(), fields.data(), {}};
    if (layout.variable && below(2)) tile.packed = {packed.data(), packed.size()};
    std::vector<uint8_t> out(size_of(layout, tile));
    encode(layout, tile, out.data());
    if (!is_sound(layout, {out.data(), out.size()}, row[kIdentity])) std::abort();
}

}  // namespace

void try_writing(unsigned long long (*random_bits)()) {
    bits = random_bits;
    try_columns();
    try_coupons();
    try_encoding();
}
