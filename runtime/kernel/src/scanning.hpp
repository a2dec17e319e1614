// What a store asks of the kernel: records out of the bytes of its file.
#pragma once

#include <nanobind/nanobind.h>

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "buffer.hpp"
#include "copies.hpp"
#include "covers.hpp"
#include "entries.hpp"

namespace tilewright {

// The UTF-8 of a text, which lives as long as the text.
std::string_view text_of(nanobind::handle object);

// Reckon the bytes that the records of an entity may have at most.
size_t most_bytes(const Ranges& ranges);

// A store's two tables as a transaction sees them.
struct Moment {
    uint64_t transaction;
    Snapshot snapshot;
    PageTree tiles;
    PageTree documents;

    // Find the values of an entity whose keys have a prefix, by range; false where LMDB has to read.
    bool find_ranges(const std::string& prefix, const Ranges& ranges,
                     std::vector<std::vector<Bytes>>& found) const;

    // Find the value of one key, if it is there; false where LMDB has to read.
    bool find_document(Bytes key, std::vector<Bytes>& found) const;
};

// The mapped file of a store.
//
// Its entries are read while a transaction is open, or as of the moment of the last one that was.
class MappedTables {
   public:
    explicit MappedTables(nanobind::handle file) : file_(file) {}

    // Find the moment of an open transaction; nothing if LMDB has to read.
    std::optional<Moment> moment_of(uint64_t transaction) const;

    // Give the moment that was kept, if nothing was committed since.
    std::optional<Moment> kept() const;

    // Keep the moment of a transaction, which LMDB gave.
    void keep(const Moment& moment) { kept_ = moment; }

    // Tell whether what was read of a moment without a transaction was its own.
    //
    // The commit after it writes over none of its pages, as they are free only then. The one after
    // that may, and begins when the first is there to be seen.
    bool was_whole(const Moment& moment) const {
        // What was read before may not be read after the number.
        std::atomic_thread_fence(std::memory_order_acquire);
        return last_change() <= moment.transaction + 1;
    }

    // Read the records of requests by range, oldest first, and documents of some keys.
    //
    // A request is an entity and its ranges. None if LMDB has to read: the ranges are not told to
    // the kernel, or the file is not as LMDB writes it, or has grown.
    nanobind::object scan(uint64_t transaction, nanobind::handle table,
                          const nanobind::sequence& requests,
                          const nanobind::sequence& documents) const;

    // Read the number of the last transaction; 0 if the file is of another form.
    uint64_t last_change() const { return Snapshot::last_change(file_.bytes()); }

   private:
    struct Request;

    static Request request_of(const std::string& head, nanobind::handle request);
    bool find_all(uint64_t transaction, std::vector<Request>& asked,
                  const std::vector<Bytes>& keys, std::vector<Records>& found) const;

    Buffer file_;
    std::optional<Moment> kept_;
};

// Add the class to the module.
void add_scanning(nanobind::module_& module);

}  // namespace tilewright
