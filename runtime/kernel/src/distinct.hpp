// Unions of HyperLogLog sketches. No Python here.
#pragma once

#include <cstdint>
#include <vector>

#include "bytes.hpp"

namespace tilewright {

// The sketches of some tiles, united in a way that no order changes.
//
// A sketch lists the coupons of few values, and has registers for many. Of coupons that fit their
// list Apache DataSketches counts them. Of registers it also keeps an estimate of the order in which
// they came, unless they are marked to be out of order: then it sees nothing but the registers.
class DistinctSketches {
   public:
    explicit DistinctSketches(size_t lg_k) : lg_k_(lg_k) {}

    // Add a serialized sketch of as many registers, of one byte each; false for another form.
    bool add(Bytes part);

    // Make the bytes of a sketch of all, whose registers are marked to be out of order.
    //
    // Empty where one came alone, or none.
    std::vector<uint8_t> united();

    // The last sketch with registers, which is the one that came alone.
    bool has_one() const { return sets_ > 0; }
    Bytes one() const { return one_; }

   private:
    bool add_coupons(const uint8_t* at, size_t count);
    bool add_registers(const uint8_t* at);
    bool keep_different(size_t most);
    std::vector<uint8_t> of_coupons();
    std::vector<uint8_t> of_registers();

    size_t registers() const { return size_t{1} << lg_k_; }

    size_t lg_k_;
    size_t sets_ = 0;
    Bytes one_{};
    std::vector<uint32_t> coupons_;
    std::vector<uint8_t> registers_;
};

}  // namespace tilewright
