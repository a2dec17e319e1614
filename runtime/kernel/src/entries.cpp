// Reads entries of the tables of an LMDB file as of one moment.
#include "entries.hpp"

#include <algorithm>
#include <atomic>

namespace tilewright {
namespace {

constexpr size_t kHeaderBytes = 16, kNodeBytes = 8, kNumberBytes = 8;
constexpr uint16_t kBranch = 1, kLeaf = 2, kOverflow = 4;
// What a node of a leaf may be beside a value: one on pages of its own, or the root of a table.
constexpr uint64_t kBig = 1, kTable = 2;
constexpr uint64_t kNoPage = ~uint64_t{0};
constexpr uint16_t kDeepest = 32;

// A meta page: where its numbers lie, and what they have to be.
constexpr size_t kMagicAt = 16, kFreeAt = 40, kMainAt = 88, kNumberAt = 144, kMetaBytes = 152;
constexpr uint64_t kMagicAndVersion = 0x1BEEFC0DE;
constexpr size_t kSmallestPage = 1 << 9, kLargestPage = 1 << 15;

// A key with its value, or with the page one level down.
struct Node {
    std::string_view key;
    uint64_t flags;
    uint64_t number;  // the page that a branch's node names, or the size of a leaf's value
    const uint8_t* value;
};

// Read a number that another process may be writing.
uint64_t number_at(const uint8_t* at) {
    uint64_t number = *reinterpret_cast<const volatile uint64_t*>(at);
    std::atomic_thread_fence(std::memory_order_acquire);
    return number;
}

// The size of all pages; 0 if the file does not begin as one of LMDB.
size_t page_bytes_of(Bytes file) {
    if (file.size < kMetaBytes || read<uint64_t>(file.at + kMagicAt) != kMagicAndVersion) return 0;
    const size_t size = read<uint32_t>(file.at + kFreeAt);
    const bool fits = kSmallestPage <= size && size <= kLargestPage && !(size & (size - 1));
    return fits && 2 * size <= file.size ? size : 0;
}

}  // namespace

// A page whose numbers are sound; its nodes are looked at one by one.
struct Snapshot::Page {
    const uint8_t* at;
    size_t size;
    size_t count;
    bool is_leaf;

    bool node(size_t index, Node* node) const {
        const size_t offset = read<uint16_t>(at + kHeaderBytes + 2 * index);
        if (offset % 2 || offset < kHeaderBytes + 2 * count || offset > size - kNodeBytes) {
            return false;
        }
        const uint8_t* own = at + offset;
        const size_t length = read<uint16_t>(own + 6), room = size - offset - kNodeBytes;
        if (length > room) return false;
        const uint64_t flags = read<uint16_t>(own + 4);
        node->key = {reinterpret_cast<const char*>(own + kNodeBytes), length};
        node->number = read<uint32_t>(own) | (is_leaf ? 0 : flags << 32);
        node->flags = is_leaf ? flags : 0;
        node->value = own + kNodeBytes + length;
        const uint64_t size_here = node->flags == kBig ? kNumberBytes : node->number;
        return !is_leaf || size_here <= room - length;
    }

    // Find the first node from `first` on whose key is not less; false for a damaged node.
    bool lower_bound(std::string_view key, size_t first, size_t* found) const {
        size_t low = first, high = count;
        while (low < high) {
            const size_t middle = (low + high) / 2;
            Node own;
            if (!node(middle, &own)) return false;
            if (own.key < key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        *found = low;
        return true;
    }
};

struct Snapshot::Search {
    const Wanted& wanted;
    std::vector<Bytes>& values;
    size_t most;        // values that there may be, with those before this search
    uint64_t pages;     // that may still be looked at: more would be a circle
    bool is_done = false;
};

std::optional<Snapshot> Snapshot::of(Bytes file, uint64_t transaction) {
    const size_t page_bytes = page_bytes_of(file);
    if (!page_bytes) return {};
    // Commits write both pages by turns. So this one stays as it is until the one after the next,
    // which begins when the next one stands in the other page.
    const uint8_t* own = file.at + (transaction & 1) * page_bytes;
    const uint8_t* other = file.at + (~transaction & 1) * page_bytes;
    if (number_at(own + kNumberAt) != transaction) return {};
    const PageTree main = read<PageTree>(own + kMainAt);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (number_at(other + kNumberAt) > transaction) return {};
    return Snapshot(file, page_bytes, main);
}

uint64_t Snapshot::last_change(Bytes file) {
    const size_t page_bytes = page_bytes_of(file);
    if (!page_bytes) return 0;
    const uint64_t one = number_at(file.at + kNumberAt);
    return std::max(one, number_at(file.at + page_bytes + kNumberAt));
}

bool Snapshot::find_table(std::string_view name, PageTree* tree) const {
    Page page{};
    uint64_t number = main_.root;
    // All names fit on one page.
    if (main_.depth != 1 || !page_of(number, kLeaf, &page)) return false;
    size_t index;
    Node node;
    if (!page.lower_bound(name, 0, &index) || index == page.count) return false;
    if (!page.node(index, &node) || node.key != name || node.flags != kTable) return false;
    if (node.number != sizeof *tree) return false;
    *tree = read<PageTree>(node.value);
    return tree->flags == 0 && tree->depth <= kDeepest;
}

bool Snapshot::find(const PageTree& table, const Wanted& wanted,
                    std::vector<Bytes>& values) const {
    if (table.root == kNoPage || wanted.most == 0) return true;
    if (table.depth == 0) return false;
    const size_t most = wanted.most > ~size_t{0} - values.size() ? ~size_t{0}
                                                                 : values.size() + wanted.most;
    Search search{wanted, values, most, file_.size / page_bytes_};
    return below(table.root, table.depth, search);
}

bool Snapshot::page_of(uint64_t number, uint16_t flags, Page* page) const {
    if (number < 2 || number >= file_.size / page_bytes_) return false;
    const uint8_t* at = file_.at + number * page_bytes_;
    const size_t lower = read<uint16_t>(at + 12), upper = read<uint16_t>(at + 14);
    if (read<uint64_t>(at) != number || read<uint16_t>(at + 10) != flags) return false;
    if (lower < kHeaderBytes || lower % 2 || lower > upper || upper > page_bytes_) return false;
    *page = {at, page_bytes_, (lower - kHeaderBytes) / 2, flags == kLeaf};
    return page->count > 0;
}

// Follow a page down to the leaves that hold keys of the range.
bool Snapshot::below(uint64_t number, size_t depth, Search& search) const {
    if (search.pages-- == 0) return false;
    Page page{};
    if (!page_of(number, depth == 1 ? kLeaf : kBranch, &page)) return false;
    if (depth == 1) return in_leaf(page, search);
    // The key of the first node stands for everything before the second.
    size_t index;
    if (!page.lower_bound(search.wanted.begin, 1, &index)) return false;
    Node node;
    if (index == page.count || !page.node(index, &node) || node.key != search.wanted.begin) --index;
    for (const size_t first = index; index < page.count && !search.is_done; ++index) {
        if (!page.node(index, &node)) return false;
        if (index > first && node.key >= search.wanted.end) {
            search.is_done = true;
            break;
        }
        if (!below(node.number, depth - 1, search)) return false;
    }
    return true;
}

bool Snapshot::in_leaf(const Page& page, Search& search) const {
    size_t index;
    if (!page.lower_bound(search.wanted.begin, 0, &index)) return false;
    for (; index < page.count && !search.is_done; ++index) {
        Node node;
        if (!page.node(index, &node)) return false;
        if (node.key >= search.wanted.end || search.values.size() == search.most) {
            search.is_done = true;
            return true;
        }
        Bytes value;
        if (!value_of({node.value, 0}, node.number, node.flags, &value)) return false;
        search.values.push_back(value);
    }
    return true;
}

bool Snapshot::value_of(Bytes value, uint64_t size, uint64_t flags, Bytes* found) const {
    *found = {value.at, size};
    if (flags == 0) return true;
    if (flags != kBig) return false;
    const uint64_t number = read<uint64_t>(value.at);
    if (number < 2 || number >= file_.size / page_bytes_) return false;
    const uint8_t* at = file_.at + number * page_bytes_;
    const size_t room = file_.size - number * page_bytes_ - kHeaderBytes;
    if (read<uint64_t>(at) != number || read<uint16_t>(at + 10) != kOverflow || size > room) {
        return false;
    }
    *found = {at + kHeaderBytes, size};
    return true;
}

}  // namespace tilewright
