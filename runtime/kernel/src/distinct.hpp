// Unions of HyperLogLog sketches. No Python here.
#pragma once

#include <cstdint>
#include <vector>

#include "bytes.hpp"

namespace tilewright {

// The sketches of some tiles, united as Apache DataSketches does where that is sure.
//
// A sketch lists the coupons of few values, and has registers for many. What the library estimates
// of a union depends on the order only while some sketch came alone: of coupons that fit their
// list it counts them, and of several sets of registers it sees nothing but the registers.
class DistinctSketches {
   public:
    explicit DistinctSketches(size_t lg_k) : lg_k_(lg_k) {}

    // Add a serialized sketch of as many registers, of one byte each; false for another form.
    bool add(Bytes part);

    // Make the bytes of a sketch that the library estimates as it does its own union of all.
    //
    // Empty where the library has to unite them.
    std::vector<uint8_t> united();

   private:
    bool add_coupons(const uint8_t* at, size_t count);
    bool add_registers(const uint8_t* at);
    bool keep_different(size_t most);
    std::vector<uint8_t> of_coupons();
    std::vector<uint8_t> of_registers();

    size_t registers() const { return size_t{1} << lg_k_; }

    size_t lg_k_;
    size_t sets_ = 0;
    std::vector<uint32_t> coupons_;
    std::vector<uint8_t> registers_;
};

}  // namespace tilewright
