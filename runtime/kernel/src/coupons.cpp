// Sets of coupons, as Apache DataSketches writes those of a HyperLogLog.
#include "coupons.hpp"

#include <cstring>

namespace tilewright {

namespace {

constexpr size_t kRoomAt = 4, kCountAt = 8;
// A list becomes a set with the last of so many coupons.
constexpr size_t kListed = 8, kFirstLgRoom = 5;
constexpr uint32_t kPlaceMask = (1U << 26) - 1;

// A table with open addresses; a coupon is never 0, which marks a free place.
class Table {
   public:
    explicit Table(size_t lg_room) : lg_room_(lg_room), places_(size_t{1} << lg_room) {}

    // Add a coupon; false if it is there.
    bool add(uint32_t coupon) {
        const uint32_t mask = static_cast<uint32_t>(places_.size()) - 1;
        uint32_t at = coupon & mask;
        // The step is odd, so all places are tried.
        const uint32_t step = ((coupon & kPlaceMask) >> lg_room_) | 1;
        while (places_[at] != 0) {
            if (places_[at] == coupon) return false;
            at = (at + step) & mask;
        }
        places_[at] = coupon;
        ++count_;
        return true;
    }

    bool is_crowded() const { return 4 * count_ > 3 * places_.size(); }

    Table grown() const {
        Table larger(lg_room_ + 1);
        for (const uint32_t coupon : places_) {
            if (coupon) larger.add(coupon);
        }
        return larger;
    }

    size_t lg_room() const { return lg_room_; }
    size_t count() const { return count_; }
    const std::vector<uint32_t>& places() const { return places_; }

   private:
    size_t lg_room_;
    size_t count_ = 0;
    std::vector<uint32_t> places_;
};

}  // namespace

std::vector<uint8_t> coupon_set(const uint8_t* head, size_t lg_k, const uint32_t* coupons,
                                size_t count) {
    Table table(kFirstLgRoom);
    for (size_t i = 0; i < count; ++i) {
        if (coupons[i] == 0) return {};
        if (!table.add(coupons[i]) || !table.is_crowded()) continue;
        if (table.lg_room() + 3 >= lg_k) return {};
        table = table.grown();
    }
    if (table.count() < kListed) return {};
    std::vector<uint8_t> bytes(kCouponHeadBytes + 4 * table.count());
    std::memcpy(bytes.data(), head, kCouponHeadBytes);
    bytes[kRoomAt] = static_cast<uint8_t>(table.lg_room());
    write(bytes.data() + kCountAt, static_cast<uint32_t>(table.count()));
    uint8_t* out = bytes.data() + kCouponHeadBytes;
    for (const uint32_t coupon : table.places()) {
        if (!coupon) continue;
        write(out, coupon);
        out += sizeof coupon;
    }
    return bytes;
}

}  // namespace tilewright
