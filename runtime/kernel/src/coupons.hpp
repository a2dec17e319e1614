// Sets of coupons, as Apache DataSketches writes those of a HyperLogLog. No Python here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bytes.hpp"

namespace tilewright {

// The first bytes of a set that some coupons follow.
constexpr size_t kCouponHeadBytes = 12;

// Make the bytes of the sketch that some coupons make when they come in this order.
//
// `head` is what such a set begins with, but for its size and its room. Empty if it is no set: of
// few different coupons the library keeps a list, and of many it keeps registers.
std::vector<uint8_t> coupon_set(const uint8_t* head, size_t lg_k, const uint32_t* coupons,
                                size_t count);

}  // namespace tilewright
