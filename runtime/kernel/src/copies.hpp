// Records that were copied out of a file.
#pragma once

#include <nanobind/nanobind.h>

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "bytes.hpp"

namespace tilewright {

// The records of one range: a sequence of bytes, oldest first.
class Records {
   public:
    // Copy some values, which needs no lock of Python.
    explicit Records(std::vector<Bytes> values) : all_(std::move(values)) {
        size_t size = 0;
        for (const Bytes value : all_) size += value.size;
        content_ = std::make_unique_for_overwrite<uint8_t[]>(size);
        uint8_t* at = content_.get();
        for (Bytes& value : all_) {
            if (value.size) std::memcpy(at, value.at, value.size);
            value.at = at;
            at += value.size;
        }
        bytes_ = size;
    }

    size_t size() const { return all_.size(); }
    size_t bytes() const { return bytes_; }
    const std::vector<Bytes>& all() const { return all_; }

    // Give a record; IndexError beyond the last, which ends an iteration.
    nanobind::bytes record(size_t index) const {
        if (index >= all_.size()) throw nanobind::index_error();
        return nanobind::bytes(all_[index].at, all_[index].size);
    }

   private:
    std::vector<Bytes> all_;
    std::unique_ptr<uint8_t[]> content_;
    size_t bytes_;
};

}  // namespace tilewright
