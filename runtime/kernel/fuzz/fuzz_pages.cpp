// Damages the pages of an LMDB file: a table of two leaves, a value on pages of its own, free pages.
#include "fuzz_pages.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "entries.hpp"
#include "pages.hpp"

using namespace tilewright;

namespace {

constexpr size_t kPageBytes = 512, kPages = 10;
constexpr uint64_t kTransaction = 2;
constexpr PageTree kMain{0, 0, 1, 0, 1, 0, 1, 2};

struct File {
    std::vector<uint8_t> bytes = std::vector<uint8_t>(kPages * kPageBytes);

    template <typename T>
    void put(size_t page, size_t at, T value) {
        write(bytes.data() + page * kPageBytes + at, value);
    }

    void begin(uint64_t page, uint16_t flags) {
        put<uint64_t>(page, 0, page);
        put<uint16_t>(page, 10, flags);
        put<uint16_t>(page, 12, 16);
        put<uint16_t>(page, 14, kPageBytes);
    }

    void add(size_t page, uint16_t flags, uint32_t number, const std::string& key,
             const std::string& value) {
        const uint8_t* at = bytes.data() + page * kPageBytes;
        const size_t size = (8 + key.size() + value.size() + 1) / 2 * 2;
        const uint16_t lower = read<uint16_t>(at + 12);
        const uint16_t upper = static_cast<uint16_t>(read<uint16_t>(at + 14) - size);
        put<uint16_t>(page, lower, upper);
        put<uint16_t>(page, 12, lower + 2);
        put<uint16_t>(page, 14, upper);
        put<uint32_t>(page, upper, number);
        put<uint16_t>(page, upper + 4, flags);
        put<uint16_t>(page, upper + 6, static_cast<uint16_t>(key.size()));
        std::memcpy(bytes.data() + page * kPageBytes + upper + 8, key.data(), key.size());
        std::memcpy(bytes.data() + page * kPageBytes + upper + 8 + key.size(), value.data(),
                    value.size());
    }
};

template <typename T>
std::string text(const T& value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

File sound() {
    File file;
    const PageTree table{0, 0, 2, 1, 2, 2, 4, 3};
    file.put<uint64_t>(0, 16, 0x1BEEFC0DE);
    file.put<uint32_t>(0, 40, kPageBytes);
    file.put(0, 88, kMain);
    file.put<uint64_t>(0, 144, kTransaction);
    file.begin(2, 2);
    file.add(2, 2, sizeof table, "tiles", text(table));
    file.begin(3, 1);
    file.add(3, 0, 4, "", "");
    file.add(3, 0, 5, "c", "");
    file.begin(4, 2);
    file.add(4, 0, 3, "a", "one");
    file.add(4, 1, 600, "b", text(uint64_t{6}));
    file.begin(5, 2);
    file.add(5, 0, 4, "c", "four");
    file.add(5, 0, 0, "d", "");
    file.begin(6, 4);
    file.put<uint32_t>(6, 12, 2);
    file.begin(8, 2);
    const uint64_t list[] = {1, 9};
    file.add(8, 0, sizeof list, text(uint64_t{1}), text(list));
    return file;
}

// Read the values of all keys from b to d; their bytes lie in the file.
void try_entries(const File& file, bool is_sound) {
    const auto snapshot = Snapshot::of({file.bytes.data(), file.bytes.size()}, kTransaction);
    PageTree table;
    std::vector<Bytes> values;
    const bool is_found = snapshot && snapshot->find_table("tiles", &table) &&
                          snapshot->find(table, {"b", "d", 9}, values);
    size_t sum = 0;
    for (const Bytes value : values) {
        for (size_t i = 0; i < value.size; ++i) sum += value.at[i];
    }
    if (!is_sound || (is_found && values.size() == 2 && values[0].size == 600 && sum)) return;
    std::fprintf(stderr, "%zu values are found in a sound file\n", values.size());
    std::abort();
}

}  // namespace

void try_pages(unsigned long long (*random_bits)()) {
    const auto below = [&](size_t limit) { return limit ? random_bits() % limit : 0; };
    File file = sound();
    const size_t damages = below(4);
    for (size_t i = 0; i < damages; ++i) {
        const size_t page = below(8) ? 2 + below(kPages - 2) : 0;
        const size_t at = below(2) ? below(24) : below(kPageBytes);
        file.bytes[page * kPageBytes + at] = static_cast<uint8_t>(random_bits());
    }
    if (damages && !below(4)) file.bytes.resize(below(file.bytes.size()));
    file.bytes.shrink_to_fit();
    try_entries(file, damages == 0);
    try {
        PageCheck pages({file.bytes.data(), file.bytes.size()}, kPageBytes, kPages - 1);
        pages.check_tables(kMain, {"tiles"});
        pages.check_free({kPageBytes, 8, 1, 0, 1, 0, 1, 8});
    } catch (const DamagedPage& damaged) {
        if (damages) return;
        std::fprintf(stderr, "page %d of a sound file is refused: %d\n",
                     static_cast<int>(damaged.page), static_cast<int>(damaged.fault));
        std::abort();
    }
}
