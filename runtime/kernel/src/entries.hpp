// Reads entries of the tables of an LMDB file as of one moment. No Python here.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "bytes.hpp"
#include "pages.hpp"

namespace tilewright {

// Values whose keys lie in [begin, end): at most `most`, in the order of the keys.
struct Wanted {
    std::string_view begin;
    std::string_view end;
    size_t most;
};

// A file as a transaction sees it, which somebody holds open so that no page is written over.
//
// What is not as LMDB writes it is left to LMDB: methods say so by false, and values lie in the
// file itself.
class Snapshot {
   public:
    // Find the moment of a transaction; nothing if it is not, or not surely, among the last ones.
    static std::optional<Snapshot> of(Bytes file, uint64_t transaction);

    // Find the number of the last transaction; 0 if the file is of another form.
    static uint64_t last_change(Bytes file);

    // Find the tree of a table.
    bool find_table(std::string_view name, PageTree* tree) const;

    // Add the values of some keys of a table.
    bool find(const PageTree& table, const Wanted& wanted, std::vector<Bytes>& values) const;

   private:
    struct Page;
    struct Search;

    Snapshot(Bytes file, size_t page_bytes, const PageTree& main)
        : file_(file), page_bytes_(page_bytes), main_(main) {}

    bool page_of(uint64_t number, uint16_t flags, Page* page) const;
    bool below(uint64_t number, size_t depth, Search& search) const;
    bool in_leaf(const Page& page, Search& search) const;
    bool value_of(Bytes value, uint64_t size, uint64_t flags, Bytes* found) const;

    Bytes file_;
    size_t page_bytes_;
    PageTree main_;
};

}  // namespace tilewright
