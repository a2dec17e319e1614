// One field of changing length of some tiles, for Python. Its bytes stay where they are.
#pragma once

#include <nanobind/nanobind.h>

#include <utility>
#include <vector>

#include "bytes.hpp"

namespace tilewright {

// A sequence of bytes, of those tiles that have the field.
class Fields {
   public:
    // `owner` keeps the bytes alive.
    Fields(nanobind::object owner, std::vector<Bytes> parts)
        : owner_(std::move(owner)), parts_(std::move(parts)) {}

    size_t size() const { return parts_.size(); }
    const std::vector<Bytes>& parts() const { return parts_; }

    // Copy a part; IndexError beyond the last, which ends an iteration.
    nanobind::bytes part(size_t index) const {
        if (index >= parts_.size()) throw nanobind::index_error();
        return nanobind::bytes(parts_[index].at, parts_[index].size);
    }

   private:
    nanobind::object owner_;
    std::vector<Bytes> parts_;
};

}  // namespace tilewright
