#include "pages.hpp"

#include <algorithm>
#include <functional>

namespace tilewright {
namespace {

constexpr size_t kHeaderBytes = 16, kNodeBytes = 8, kNumberBytes = 8;
constexpr size_t kLongestKey = 511;
constexpr uint16_t kBranch = 1, kLeaf = 2, kOverflow = 4;
// What a node of a leaf may be beside a value: one on pages of its own, or the root of a table.
constexpr uint64_t kBig = 1, kTable = 2;
constexpr uint64_t kNoPage = ~uint64_t{0};
constexpr uint16_t kDeepest = 32;

// A key with its value, or with the page one level down.
struct Node {
    Bytes key;
    Bytes value;
    uint64_t flags;
    uint64_t number;  // the page that a branch's node names, or the size of a leaf's value
};

std::string text(Bytes bytes) {
    return std::string(reinterpret_cast<const char*>(bytes.at), bytes.size);
}

bool is_sound(const PageTree& tree, uint64_t pages) {
    if (tree.root == kNoPage) {
        return !(tree.depth || tree.branches || tree.leaves || tree.overflows || tree.entries);
    }
    return 2 <= tree.root && tree.root < pages && tree.depth && tree.depth <= kDeepest &&
           tree.entries;
}

}  // namespace

// Follows one tree from its root to its leaves, in the order of the keys.
class TreeCheck {
   public:
    using Visit = std::function<void(uint64_t page, const Node& node)>;

    // `visit` gets the nodes of all leaves. Keys are texts, or numbers of the machine.
    TreeCheck(PageCheck& pages, bool has_numbers, Visit visit)
        : pages_(pages), has_numbers_(has_numbers), visit_(std::move(visit)) {}

    void walk(const PageTree& tree) {
        if (tree.root == kNoPage) return;
        pages_.use(tree.root, tree.root, 1);
        below(tree.root, {}, tree.depth);
        if (branches_ != tree.branches || leaves_ != tree.leaves ||
            overflows_ != tree.overflows || entries_ != tree.entries) {
            throw DamagedPage{tree.root, PageFault::kLost};
        }
    }

   private:
    // Follow a page; no key on it is less than `low`.
    void below(uint64_t page, Bytes low, size_t depth) {
        const std::vector<uint8_t> content = pages_.copy(page);
        const bool is_leaf = depth == 1;
        const std::vector<Node> nodes = nodes_of(page, content, is_leaf);
        require_order(page, nodes, is_leaf);
        if (is_leaf) {
            check_leaf(page, nodes, low);
            return;
        }
        ++branches_;
        for (const Node& node : nodes) pages_.use(page, node.number, 1);
        for (size_t i = 0; i < nodes.size(); ++i) {
            below(nodes[i].number, i ? nodes[i].key : low, depth - 1);
        }
    }

    void check_leaf(uint64_t page, const std::vector<Node>& nodes, Bytes low) {
        const std::string last = text(nodes.back().key);
        const Bytes before{reinterpret_cast<const uint8_t*>(last_.data()), last_.size()};
        if (is_less(nodes.front().key, low) || (leaves_ && !is_less(before, low))) {
            throw DamagedPage{page, PageFault::kOrder};
        }
        last_ = last;
        ++leaves_;
        entries_ += nodes.size();
        for (const Node& node : nodes) {
            if (node.flags == kBig) {
                overflows_ += pages_.use_overflow(page, read<uint64_t>(node.value.at), node.number);
            }
            visit_(page, node);
        }
    }

    // Take a page apart: its nodes lie within what is used of it, and fill that.
    std::vector<Node> nodes_of(uint64_t page, const std::vector<uint8_t>& content,
                               bool is_leaf) const {
        const uint8_t* at = content.data();
        const size_t size = content.size();
        const size_t lower = read<uint16_t>(at + 12), upper = read<uint16_t>(at + 14);
        const size_t count = lower < kHeaderBytes ? 0 : (lower - kHeaderBytes) / 2;
        if (read<uint64_t>(at) != page || read<uint16_t>(at + 10) != (is_leaf ? kLeaf : kBranch) ||
            count < (is_leaf ? 1 : 2) || lower % 2 || lower > upper || upper > size) {
            throw DamagedPage{page, PageFault::kOtherPage};
        }
        std::vector<Node> nodes;
        nodes.reserve(count);
        size_t filled = 0;
        for (size_t i = 0; i < count; ++i) {
            const size_t offset = read<uint16_t>(at + kHeaderBytes + 2 * i);
            if (offset < upper || offset > size - kNodeBytes || offset % 2) {
                throw DamagedPage{page, PageFault::kNoEntry};
            }
            nodes.push_back(node_of(at + offset, is_leaf));
            const size_t bytes = bytes_of_node(nodes.back(), is_leaf);
            if (!bytes || bytes > size - offset) throw DamagedPage{page, PageFault::kNoEntry};
            filled += bytes;
        }
        if (filled != size - upper) throw DamagedPage{page, PageFault::kNoEntry};
        return nodes;
    }

    static Node node_of(const uint8_t* at, bool is_leaf) {
        uint64_t number = read<uint32_t>(at), flags = read<uint16_t>(at + 4);
        if (!is_leaf) {
            number |= flags << 32;
            flags = 0;
        }
        const Bytes key{at + kNodeBytes, read<uint16_t>(at + 6)};
        const size_t size = flags == kBig ? kNumberBytes : (is_leaf ? number : 0);
        return {key, {key.at + key.size, size}, flags, number};
    }

    // The length of a node on its page; 0 for one that cannot be.
    size_t bytes_of_node(const Node& node, bool is_leaf) const {
        const size_t key = node.key.size;
        if (key > kLongestKey || node.flags > kTable || (is_leaf && !key)) return 0;
        if (has_numbers_ && key != kNumberBytes && (is_leaf || key)) return 0;
        const size_t bytes = kNodeBytes + key + node.value.size;
        return bytes + bytes % 2;
    }

    void require_order(uint64_t page, const std::vector<Node>& nodes, bool is_leaf) const {
        // The first key of a branch stands for all that are less than the second.
        for (size_t i = is_leaf ? 1 : 2; i < nodes.size(); ++i) {
            if (!is_less(nodes[i - 1].key, nodes[i].key)) {
                throw DamagedPage{page, PageFault::kOrder};
            }
        }
    }

    bool is_less(Bytes one, Bytes other) const {
        if (has_numbers_ && one.size == kNumberBytes && other.size == kNumberBytes) {
            return read<uint64_t>(one.at) < read<uint64_t>(other.at);
        }
        return std::lexicographical_compare(one.at, one.at + one.size, other.at,
                                            other.at + other.size);
    }

    PageCheck& pages_;
    const bool has_numbers_;
    const Visit visit_;
    std::string last_;  // the last key of the leaf before
    uint64_t branches_ = 0, leaves_ = 0, overflows_ = 0, entries_ = 0;
};

PageCheck::PageCheck(Bytes file, size_t page_bytes, uint64_t last_page)
    : file_(file), page_bytes_(page_bytes), is_used_(last_page + 1) {
    std::fill_n(is_used_.begin(), std::min<size_t>(2, is_used_.size()), true);
}

void PageCheck::check_tables(const PageTree& main, const std::set<std::string>& names) {
    std::vector<PageTree> tables;
    TreeCheck(*this, false, [&](uint64_t page, const Node& node) {
        if (node.flags != kTable || !names.count(text(node.key))) return;
        PageTree tree{};
        static_assert(sizeof tree == 48);
        if (node.value.size == sizeof tree) tree = read<PageTree>(node.value.at);
        if (node.value.size != sizeof tree || tree.page_bytes || tree.flags ||
            !is_sound(tree, is_used_.size())) {
            throw DamagedPage{page, PageFault::kNoTable};
        }
        tables.push_back(tree);
    }).walk(main);
    for (const PageTree& table : tables) {
        TreeCheck(*this, false, [](uint64_t, const Node&) {}).walk(table);
    }
}

void PageCheck::check_free(const PageTree& free) {
    TreeCheck(*this, true, [&](uint64_t page, const Node& node) {
        Bytes list = node.value;
        if (node.flags == kBig) {
            const size_t begin = read<uint64_t>(list.at) * page_bytes_ + kHeaderBytes;
            if (begin > file_.size || node.number > file_.size - begin) {
                throw DamagedPage{page, PageFault::kNoFreeList};
            }
            list = {file_.at + begin, node.number};
        }
        const uint64_t count = list.size < kNumberBytes ? 0 : read<uint64_t>(list.at);
        if (!list.size || list.size % kNumberBytes || count >= list.size / kNumberBytes) {
            throw DamagedPage{page, PageFault::kNoFreeList};
        }
        for (uint64_t i = 1; i <= count; ++i) {
            use(page, read<uint64_t>(list.at + i * kNumberBytes), 1);
        }
    }).walk(free);
}

// Copy a page that is in use.
std::vector<uint8_t> PageCheck::copy(uint64_t page) const {
    const size_t begin = page * page_bytes_;
    if (begin + page_bytes_ > file_.size) throw DamagedPage{page, PageFault::kCut};
    return {file_.at + begin, file_.at + begin + page_bytes_};
}

// Use pages that another one names.
void PageCheck::use(uint64_t named_by, uint64_t first, uint64_t count) {
    const uint64_t pages = is_used_.size();
    if (first < 2 || first > pages || count > pages - first) {
        throw DamagedPage{named_by, PageFault::kNotThere};
    }
    for (uint64_t page = first; page < first + count; ++page) {
        if (is_used_[page]) throw DamagedPage{named_by, PageFault::kUsedTwice};
        is_used_[page] = true;
    }
}

// Use and count the pages of a value of some size.
uint64_t PageCheck::use_overflow(uint64_t named_by, uint64_t first, uint64_t size) {
    use(named_by, first, 1);
    const size_t begin = first * page_bytes_;
    if (begin + kHeaderBytes > file_.size) throw DamagedPage{first, PageFault::kCut};
    const uint8_t* at = file_.at + begin;
    const uint64_t count = read<uint32_t>(at + 12);
    if (read<uint64_t>(at) != first || read<uint16_t>(at + 10) != kOverflow ||
        count < (kHeaderBytes - 1 + size) / page_bytes_ + 1) {
        throw DamagedPage{first, PageFault::kOtherPage};
    }
    use(named_by, first + 1, count - 1);
    return count;
}

}  // namespace tilewright
