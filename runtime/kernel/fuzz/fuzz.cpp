// Damages records, fields and digests under sanitizers: kernel_fuzz [ROUNDS] [SEED].
//
// The kernel may refuse what is damaged, and must read nothing beside it. So each input lies in a
// buffer of exactly its size, where the address sanitizer sees any other access.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "digest.hpp"
#include "distinct.hpp"
#include "frequent.hpp"
#include "kll.hpp"
#include "records.hpp"
#include "reduce.hpp"
#include "tables.hpp"
#include "fuzz_pages.hpp"
#include "fuzz_parsing.hpp"
#include "fuzz_writing.hpp"
#include "xxh32.hpp"

using namespace tilewright;

namespace {

using Buffer = std::vector<uint8_t>;

std::mt19937_64 random_bits;

size_t below(size_t limit) { return limit ? random_bits() % limit : 0; }

void put(Buffer& buffer, size_t at, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes && at + i < buffer.size(); ++i) {
        buffer[at + i] = static_cast<uint8_t>(value >> (8 * i));
    }
}

// Numbers that lie at the edges of what a length or an offset may be.
uint64_t awkward() {
    static const uint64_t kNumbers[] = {0, 1, 2, 59, 60, 63, 64, 127, 128, 255, 256, 0x7FFFFFFF,
                                        0x80000000, 0xFFFFFFFF, uint64_t{1} << 63, ~uint64_t{0}};
    return kNumbers[below(sizeof kNumbers / sizeof *kNumbers)];
}

void damage(Buffer& buffer) {
    for (size_t i = below(4); i > 0; --i) {
        switch (below(4)) {
            case 0:
                if (!buffer.empty()) buffer[below(buffer.size())] = static_cast<uint8_t>(below(256));
                break;
            case 1:
                put(buffer, below(buffer.size() / 4 + 1) * 4, awkward(), below(2) ? 4 : 8);
                break;
            case 2:
                buffer.resize(below(buffer.size() + 1));
                break;
            default:
                buffer.resize(buffer.size() + below(32), static_cast<uint8_t>(below(256)));
        }
    }
}

Buffer noise(size_t size) {
    Buffer buffer(size);
    for (uint8_t& byte : buffer) byte = static_cast<uint8_t>(below(256));
    return buffer;
}

// Make a literal-only snappy block of some bytes, with a few copies behind it.
Buffer packed(const Buffer& plain) {
    Buffer block;
    const size_t copied = plain.size() > 8 ? 4 : 0;
    const size_t stated = plain.size() + copied;
    for (size_t rest = stated;; rest >>= 7) {
        block.push_back(static_cast<uint8_t>((rest & 0x7F) | (rest > 0x7F ? 0x80 : 0)));
        if (rest <= 0x7F) break;
    }
    for (size_t at = 0; at < plain.size(); at += 60) {
        const size_t length = std::min<size_t>(60, plain.size() - at);
        block.push_back(static_cast<uint8_t>((length - 1) << 2));
        block.insert(block.end(), plain.begin() + static_cast<ptrdiff_t>(at),
                     plain.begin() + static_cast<ptrdiff_t>(at + length));
    }
    if (copied) {
        block.push_back(1);  // a copy of four bytes
        block.push_back(static_cast<uint8_t>(1 + below(plain.size())));
    }
    return block;
}

Buffer digest() {
    const size_t count = 1 + below(20);
    Buffer bytes(32 + 16 * count);
    bytes[0] = 2, bytes[1] = 1, bytes[2] = 20;
    put(bytes, 8, count, 4);
    double value = -5;
    for (size_t i = 0; i < count; ++i) {
        value += static_cast<double>(below(3));
        std::memcpy(bytes.data() + 32 + 16 * i, &value, 8);
        put(bytes, 40 + 16 * i, 1 + below(5), 8);
    }
    return bytes;
}

// Copy to the heap, so that the end of the input is the end of its memory.
struct Exact {
    explicit Exact(const Buffer& buffer) : size(buffer.size()), bytes(new uint8_t[size]) {
        if (size) std::memcpy(bytes.get(), buffer.data(), size);
    }
    Bytes view() const { return {bytes.get(), size}; }

    size_t size;
    std::unique_ptr<uint8_t[]> bytes;
};

void try_record() {
    const Layout layout{6 + below(6) + 3, 3, 17};
    Buffer plain;
    Buffer record(layout.words * 8);
    for (size_t i = 0; i < layout.variable; ++i) {
        const Buffer field = noise(below(90));
        const bool is_missing = below(4) == 0;
        put(record, (layout.words - layout.variable + i) * 8,
            is_missing ? ~uint64_t{0} : field.size(), 8);
        if (!is_missing) plain.insert(plain.end(), field.begin(), field.end());
    }
    const bool is_packed = below(2) == 0;
    const Buffer stored = is_packed ? packed(plain) : plain;
    record[6] = is_packed;
    put(record, 5 * 8, stored.size() | (uint64_t{plain.size() + below(5)} << 32), 8);
    record.insert(record.end(), stored.begin(), stored.end());
    damage(record);
    if (record.size() >= 4 && below(2)) {
        put(record, 0, xxh32(record.data() + 4, record.size() - 4, layout.seed), 4);
    }
    const Exact exact(record);
    is_sound(layout, exact.view(), 0);
    Scratch scratch;
    std::vector<Bytes> fields(layout.variable);
    if (!split_fields(layout, exact.view(), scratch, fields.data())) return;
    uint32_t sum = 0;
    for (const Bytes field : fields) {
        if (field.at != nullptr) sum += xxh32(field.at, field.size, sum);
    }
    if (sum == 1) std::puts("");  // so that the reads are made
}

Buffer kll() {
    const size_t levels = 1 + below(4);
    Buffer bytes(20 + 4 * levels + 16);
    bytes[0] = 5, bytes[1] = 1, bytes[2] = 15, bytes[18] = static_cast<uint8_t>(levels);
    const size_t start = below(4);
    size_t count = 0, total = 0;
    std::vector<double> values;
    for (size_t level = 0; level < levels; ++level) {
        put(bytes, 20 + 4 * level, start + count, 4);
        const size_t own = below(6);
        for (size_t i = 0; i < own; ++i) values.push_back(static_cast<double>(i / (1 + below(2))));
        count += own;
        total += own << level;
    }
    put(bytes, 8, total, 8);
    const size_t at = bytes.size();
    bytes.resize(at + 8 * count);
    if (count) std::memcpy(bytes.data() + at, values.data(), 8 * count);
    return bytes;
}

Buffer distinct() {
    const bool is_set = below(2), has_registers = below(2);
    const size_t count = below(20);
    Buffer bytes = has_registers ? noise(40 + 256) : noise((is_set ? 12 : 8) + 4 * count);
    const uint8_t head[] = {has_registers ? uint8_t{10} : is_set ? uint8_t{3} : uint8_t{2},
                            1, 7, 8, 5, 8, static_cast<uint8_t>(count),
                            has_registers ? uint8_t{10} : is_set ? uint8_t{9} : uint8_t{8}};
    std::memcpy(bytes.data(), head, sizeof head);
    if (has_registers) {
        for (size_t i = 40; i < bytes.size(); ++i) bytes[i] &= 63;
    } else if (is_set) {
        put(bytes, 8, count, 4);
    }
    return bytes;
}

// Add some damaged parts to a union; false if it refuses one.
template <typename Union>
bool add_damaged(Union& sketches, Buffer (*make)(), std::vector<Exact>& parts) {
    for (size_t i = below(5); i > 0; --i) {
        Buffer bytes = make();
        if (below(2)) damage(bytes);
        parts.emplace_back(bytes);
        if (!sketches.add(parts.back().view())) return false;
    }
    return true;
}

template <typename Union>
void try_quantiles(Buffer (*make)()) {
    Union sketches;
    std::vector<Exact> parts;
    if (!add_damaged(sketches, make, parts) || sketches.is_empty()) return;
    for (const double rank : {0.0, 0.001, 0.5, 0.999, 1.0}) sketches.quantile(rank);
}

void try_distinct() {
    DistinctSketches sketches(8);
    std::vector<Exact> parts;
    if (!add_damaged(sketches, distinct, parts) || !sketches.united().empty()) return;
    if (sketches.has_one() && sketches.one().at[sketches.one().size - 1] == 64) std::puts("");
}

Buffer table() {
    const size_t count = below(6);
    Buffer bytes(4), behind, fields;
    put(bytes, 0, count, 4);
    for (size_t i = 0; i < count; ++i) {
        const size_t length = below(5), own = below(4);
        bytes.resize(bytes.size() + 8 * 3, static_cast<uint8_t>(below(256)));
        put(bytes, bytes.size() - 16, own, 8);
        put(bytes, bytes.size() - 8, below(2) ? ~uint64_t{0} : 0, 8);
        behind.resize(behind.size() + length, static_cast<uint8_t>('a' + below(3)));
        fields.resize(fields.size() + own, 'x');
        behind.insert(behind.begin() + static_cast<ptrdiff_t>(4 * i), 4, 0);
        put(behind, 4 * i, length, 4);
    }
    bytes.insert(bytes.end(), behind.begin(), behind.end());
    bytes.insert(bytes.end(), fields.begin(), fields.end());
    return bytes;
}

void try_tables() {
    BucketTables tables({kHeaderWords + 3, 2, 0}, below(4) != 0);
    std::vector<Exact> parts;
    if (!add_damaged(tables, table, parts)) return;
    tables.order();
    uint32_t sum = 0;
    for (size_t i = 0; i < tables.size(); ++i) {
        const std::string_view value = tables.value(i);
        sum += xxh32(reinterpret_cast<const uint8_t*>(value.data()), value.size(), sum);
        for (size_t row = tables.run(i).begin; row < tables.run(i).end; ++row) {
            for (size_t field = 0; field < 2; ++field) {
                const Bytes one = tables.field(row, field);
                if (one.at != nullptr) sum += xxh32(one.at, one.size, sum);
            }
        }
    }
    if (sum == 1) std::puts("");  // so that the reads are made
}

void try_frequencies() {
    const size_t count = below(below(2) ? 12 : 120);
    const bool has_error = below(2) == 0;
    Buffer bytes(24 + count * (has_error ? 20 : 12));
    put(bytes, 4, count, 4);
    put(bytes, 8, has_error, 8);
    for (size_t i = 0; i < count; ++i) {
        const size_t length = below(below(2) ? 4 : 40);
        put(bytes, 24 + 8 * i, below(9), 8);
        put(bytes, 24 + count * (has_error ? 16 : 8) + 4 * i, length, 4);
        bytes.resize(bytes.size() + length, static_cast<uint8_t>('a' + below(3)));
    }
    const Buffer whole = bytes;
    damage(bytes);
    const Exact damaged(bytes), sound(whole);
    Frequencies frequencies;
    const size_t k = below(5);
    std::vector<Bytes> parts(1 + below(4), sound.view());
    parts[below(parts.size())] = damaged.view();
    if (frequencies.add(parts, k)) frequencies.top(k);
}

void try_reduction() {
    const size_t width = 12, count = 1 + below(300);
    std::vector<int64_t> words(width * count), out(width);
    for (int64_t& word : words) word = static_cast<int64_t>(below(2) ? random_bits() : awkward());
    const size_t begin = below(count), middle = begin + 1 + below(count - begin);
    Runs runs{{begin, middle}};
    if (middle < count) runs.push_back({middle, count});
    const Rows rows{words.data(), width};
    for (int merge = 0; merge <= static_cast<int>(Merge::kMaxFloat); ++merge) {
        reduce_slab({static_cast<Merge>(merge), 2, width}, rows, runs, out.data());
    }
    choose_endpoint({below(2) == 0, 0, 3, 4}, rows, runs, out.data());
    merge_moments({5, 6, 4}, rows, runs, out.data());
}

}  // namespace

int main(int argc, char** argv) {
    const long rounds = argc > 1 ? std::atol(argv[1]) : 100000;
    random_bits.seed(argc > 2 ? static_cast<uint64_t>(std::atoll(argv[2])) : 1);
    for (long i = 0; i < rounds; ++i) {
        try_record();
        try_quantiles<Digests>(digest);
        try_quantiles<KllSketches>(kll);
        try_distinct();
        try_tables();
        try_frequencies();
        const auto bits = []() -> unsigned long long { return random_bits(); };
        try_pages(bits);
        try_parsing(bits);
        try_writing(bits);
        if (i % 16 == 0) try_reduction();
        const Exact exact(packed(noise(below(200))));
        Buffer out(below(260));
        decompress(exact.view(), out.data(), out.size());
    }
    std::printf("%ld rounds without a fault\n", rounds);
    return 0;
}
