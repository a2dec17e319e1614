// How often values came, added up over the summaries of tiles.
#include "frequent.hpp"

#include <algorithm>
#include <functional>
#include <limits>

namespace tilewright {

namespace {

// A marker of zeros, the number of values, the error and the number of all values.
constexpr size_t kHeader = 24;
constexpr size_t kFewestPlaces = 64;
constexpr size_t kAtOnce = 16;
// From the n-th byte on these keep all but n bytes of 16.
constexpr uint8_t kKept[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                               255, 255, 255, 255, 255, 255, 255, 255};
// A counter and the length of a text.
constexpr size_t kFewestBytes = 12;

uint64_t mix(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

bool error_of(Bytes part, int64_t* error) {
    if (part.size < kHeader || read<uint32_t>(part.at) != 0) return false;
    *error = read<int64_t>(part.at + 8);
    return true;
}

size_t count_of(Bytes part) {
    if (part.size < kHeader) return 0;
    // Each value takes some bytes, so a damaged number asks for no more room than there are.
    return std::min<size_t>(read<uint32_t>(part.at + 4), part.size / kFewestBytes);
}

bool Frequencies::Text::operator==(const Text& other) const {
    if (length != other.length || head.first != other.head.first) return false;
    if (head.second != other.head.second) return false;
    return length <= sizeof head || std::memcmp(at, other.at, length) == 0;
}

// Read the first bytes of a text; `left` may be read from its first byte on.
Frequencies::Head Frequencies::head_of(const char* text, size_t length, size_t left) {
    Head head{};
    if (left < sizeof head) {
        std::memcpy(&head, text, std::min(length, sizeof head));
        return head;
    }
    std::memcpy(&head, text, sizeof head);
    // How long a text is cannot be guessed, so it is not branched on.
    const uint8_t* const mask = kKept + sizeof head - std::min(length, sizeof head);
    return {head.first & read<uint64_t>(mask), head.second & read<uint64_t>(mask + 8)};
}

uint32_t Frequencies::hash_of(const Head& head, const char* text, size_t length) {
    constexpr uint64_t kSeed = 0x9E3779B97F4A7C15, kFactor = 0xD6E8FEB86659FD93;
    uint64_t hash = mix(head.first ^ kSeed, head.second ^ kFactor ^ length);
    for (size_t i = sizeof head; i < length; i += 8) {
        uint64_t word = 0;
        std::memcpy(&word, text + i, std::min<size_t>(8, length - i));
        hash = mix(hash ^ word, kFactor);
    }
    return static_cast<uint32_t>(hash ^ hash >> 32);
}

void Frequencies::reserve(size_t count) {
    entries_.reserve(count / 2);
    make_room(count);
}

bool Frequencies::columns_of(Bytes part, Columns* columns) {
    int64_t error;
    if (!error_of(part, &error)) return false;
    const uint64_t count = read<uint32_t>(part.at + 4);
    // Counters, then how often each was seen if that is another number, then lengths of texts.
    const uint64_t numbers = error ? 2 : 1;
    if (part.size - kHeader < count * (8 * numbers + 4)) return false;
    const uint8_t* const lengths = part.at + kHeader + 8 * count * numbers;
    *columns = {count, error, part.at + kHeader + 8 * count * (numbers - 1), lengths,
                reinterpret_cast<const char*>(lengths + 4 * count),
                reinterpret_cast<const char*>(part.at + part.size)};
    return true;
}

bool Frequencies::add(Bytes part) {
    Columns columns;
    if (!columns_of(part, &columns)) return false;
    make_room(columns.count);
    return add_from(columns, std::numeric_limits<int64_t>::min());
}

// With k values of the last summary that came `least` times, nothing below is among the k most
// frequent. What came `most` times in all others needs as many less in the last one.
bool Frequencies::add_likely(Bytes part, size_t k) {
    Columns columns;
    int64_t error;
    if (!columns_of(part, &columns)) return false;
    if (k == 0 || columns.count <= k || __builtin_add_overflow(error_, columns.error, &error)) {
        return add(part);
    }
    int64_t most = 0, fewest = 0;
    for (const Entry& entry : entries_) {
        most = std::max(most, entry.count);
        fewest = std::min(fewest, entry.count);
    }
    std::vector<int64_t> seen(columns.count);
    std::memcpy(seen.data(), columns.seen, 8 * columns.count);
    const auto last = seen.begin() + static_cast<ptrdiff_t>(k) - 1;
    std::nth_element(seen.begin(), last, seen.end(), std::greater<>());
    const int64_t least = *last;
    // Only if those k are certain, and what is not in the last summary is not among them.
    const bool is_clear = fewest >= 0 && error >= 0 && least > error && least > most;
    if (!is_clear) return add(part);
    make_room(k);
    return add_from(columns, least - most);
}

bool Frequencies::add_from(const Columns& columns, int64_t least) {
    const char* text = columns.texts;
    Text texts[kAtOnce];
    int64_t counts[kAtOnce];
    for (uint64_t next = 0; next < columns.count;) {
        // Their places are far apart, so all are asked for before the first is needed.
        size_t some = 0;
        for (; next < columns.count && some < kAtOnce; ++next) {
            const auto left = static_cast<size_t>(columns.end - text);
            const auto length = read<uint32_t>(columns.lengths + 4 * next);
            if (length > left) return false;
            counts[some] = read<int64_t>(columns.seen + 8 * next);
            if (counts[some] >= least) {
                const Head head = head_of(text, length, left);
                texts[some] = {head, text, length, hash_of(head, text, length)};
                __builtin_prefetch(&places_[texts[some].hash & (places_.size() - 1)]);
                ++some;
            }
            text += length;
        }
        make_room(some);
        for (size_t i = 0; i < some; ++i) {
            if (!count(texts[i], counts[i])) return false;
        }
    }
    return !__builtin_add_overflow(error_, columns.error, &error_);
}

bool Frequencies::count(const Text& text, int64_t count) {
    const size_t mask = places_.size() - 1;
    for (size_t i = text.hash;; ++i) {
        Place& place = places_[i & mask];
        if (place.number == 0) {
            entries_.push_back({text, count});
            place = {static_cast<uint32_t>(entries_.size()), text.hash};
            return true;
        }
        if (place.hash != text.hash) continue;
        Entry& entry = entries_[place.number - 1];
        if (entry.text != text) continue;
        return !__builtin_add_overflow(entry.count, count, &entry.count);
    }
}

void Frequencies::make_room(size_t more) {
    size_t size = std::max(kFewestPlaces, places_.size());
    while (3 * size < 4 * (entries_.size() + more)) size *= 2;
    if (size == places_.size()) return;
    std::vector<Place> places(size);
    for (const Place& place : places_) {
        if (place.number == 0) continue;
        size_t i = place.hash;
        while (places[i & (size - 1)].number != 0) ++i;
        places[i & (size - 1)] = place;
    }
    places_.swap(places);
}

std::vector<std::pair<std::string_view, int64_t>> Frequencies::top(size_t k) const {
    std::vector<std::pair<std::string_view, int64_t>> certain;
    std::vector<int64_t> counts;
    for (const Entry& entry : entries_) {
        if (entry.count > error_) counts.push_back(entry.count);
    }
    int64_t least = std::numeric_limits<int64_t>::min();
    if (counts.size() > k && k > 0) {
        const auto last = counts.begin() + static_cast<ptrdiff_t>(k) - 1;
        std::nth_element(counts.begin(), last, counts.end(), std::greater<>());
        least = *last;
    }
    for (const Entry& entry : entries_) {
        if (entry.count > error_ && entry.count >= least) {
            certain.emplace_back(std::string_view(entry.text.at, entry.text.length), entry.count);
        }
    }
    return certain;
}

}  // namespace tilewright
