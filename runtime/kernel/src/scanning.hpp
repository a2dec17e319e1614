// What a store asks of the kernel: records out of the bytes of its file.
#pragma once

#include <nanobind/nanobind.h>

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

// Find the values of an entity whose keys have a prefix, by range; false where LMDB has to read.
bool find_ranges(const Snapshot& snapshot, const PageTree& table, const std::string& prefix,
                 const Ranges& ranges, std::vector<std::vector<Bytes>>& found);

// Find the value of one key, if it is there; false where LMDB has to read.
bool find_document(const Snapshot& snapshot, Bytes key, std::vector<Bytes>& found);

// The mapped file of a store, of which entries are read while a transaction is open.
class MappedTables {
   public:
    explicit MappedTables(nanobind::handle file) : file_(file) {}

    Bytes bytes() const { return file_.bytes(); }

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
};

// Add the class to the module.
void add_scanning(nanobind::module_& module);

}  // namespace tilewright
