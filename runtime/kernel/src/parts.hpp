// Bytes that Python gives, and fields that it is given. They stay where they are.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "bytes.hpp"

namespace tilewright {

inline Bytes bytes_of(nanobind::handle object) {
    if (!PyBytes_Check(object.ptr())) throw nanobind::type_error("expected bytes");
    return {reinterpret_cast<const uint8_t*>(PyBytes_AS_STRING(object.ptr())),
            static_cast<size_t>(PyBytes_GET_SIZE(object.ptr()))};
}

// One field of changing length: a sequence of bytes, of those tiles that have the field.
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

    // Put a part before all others, which copies none of them.
    Fields with_first(const nanobind::bytes& part) const {
        std::vector<Bytes> parts{bytes_of(part)};
        parts.insert(parts.end(), parts_.begin(), parts_.end());
        return {nanobind::make_tuple(part, owner_), std::move(parts)};
    }

   private:
    nanobind::object owner_;
    std::vector<Bytes> parts_;
};

// The parts that a caller gave, gathered fields or a list of bytes. The caller keeps them alive.
struct Parts {
    explicit Parts(nanobind::handle given) {
        if (nanobind::isinstance<Fields>(given)) {
            all = nanobind::cast<const Fields&>(given).parts();
        } else {
            if (!PyList_Check(given.ptr()) && !PyTuple_Check(given.ptr())) {
                throw nanobind::type_error("expected a list of bytes");
            }
            for (const nanobind::handle part : given) all.push_back(bytes_of(part));
        }
        for (const Bytes part : all) bytes += part.size;
    }

    std::vector<Bytes> all;
    size_t bytes = 0;
};

}  // namespace tilewright
