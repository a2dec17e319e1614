// Checks the pages of an LMDB file: its trees, and its lists of free pages. No Python here.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "bytes.hpp"

namespace tilewright {

// What may be wrong with a page; Python has a text for each, in this order.
enum class PageFault {
    kOtherPage,
    kNoEntry,
    kOrder,
    kNotThere,
    kUsedTwice,
    kCut,
    kNoTable,
    kNoFreeList,
    kLost,
};

struct DamagedPage {
    uint64_t page;
    PageFault fault;
};

// What a file says of one of its trees.
struct PageTree {
    uint32_t page_bytes;
    uint16_t flags;
    uint16_t depth;
    uint64_t branches;
    uint64_t leaves;
    uint64_t overflows;
    uint64_t entries;
    uint64_t root;
};

// The pages of one moment of a file, each used once at most.
//
// The bytes may change meanwhile, so each page is copied before it is looked at.
class PageCheck {
   public:
    PageCheck(Bytes file, size_t page_bytes, uint64_t last_page);

    // Check the trees of the tables of some names; throws DamagedPage.
    void check_tables(const PageTree& main, const std::set<std::string>& names);

    // Check the lists of free pages, and that those have no other use; throws DamagedPage.
    void check_free(const PageTree& free);

   private:
    friend class TreeCheck;

    std::vector<uint8_t> copy(uint64_t page) const;
    void use(uint64_t named_by, uint64_t first, uint64_t count);
    uint64_t use_overflow(uint64_t named_by, uint64_t first, uint64_t size);

    Bytes file_;
    size_t page_bytes_;
    std::vector<bool> is_used_;
};

}  // namespace tilewright
