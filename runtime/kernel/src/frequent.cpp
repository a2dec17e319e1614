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
// Of each part so many values are added first, for each that is asked for and altogether.
constexpr size_t kWantedTimes = 2, kWantedMore = 8;
// Counts up to here have a class each; of larger ones eight for each power of two.
constexpr uint64_t kSmallCount = 16;
constexpr int kSmallBits = 4, kClassBits = 3;
constexpr size_t kClasses = kSmallCount + ((64 - kSmallBits) << kClassBits);

uint64_t mix(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

size_t class_of(uint64_t count) {
    if (count < kSmallCount) return count;
    const int power = 63 - __builtin_clzll(count);
    const uint64_t eighth = count >> (power - kClassBits) & ((1 << kClassBits) - 1);
    return kSmallCount + (static_cast<size_t>(power - kSmallBits) << kClassBits) + eighth;
}

int64_t least_of(size_t index) {
    if (index < kSmallCount) return static_cast<int64_t>(index);
    const size_t power = kSmallBits + ((index - kSmallCount) >> kClassBits);
    const uint64_t eighths = (1 << kClassBits) + (index - kSmallCount) % (1 << kClassBits);
    return static_cast<int64_t>(eighths << (power - kClassBits));
}

}  // namespace

bool error_of(Bytes part, int64_t* error) {
    if (part.size < kHeader || read<uint32_t>(part.at) != 0) return false;
    *error = read<int64_t>(part.at + 8);
    return true;
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

bool Frequencies::find_least(const Columns& columns, size_t wanted, int64_t* least,
                             size_t* count) {
    *least = std::numeric_limits<int64_t>::min();
    *count = columns.count;
    if (columns.count <= 2 * wanted) return true;  // to choose would take longer than it saves
    uint32_t sizes[kClasses] = {};
    size_t index = 0;
    for (uint64_t i = 0; i < columns.count; ++i) {
        const auto seen = read<int64_t>(columns.seen + 8 * i);
        if (seen < 0) return false;
        const size_t own = class_of(static_cast<uint64_t>(seen));
        index = std::max(index, own);
        ++sizes[own];
    }
    *count = sizes[index];
    while (index > 0 && *count + sizes[index - 1] <= wanted) *count += sizes[--index];
    *least = least_of(index);
    return true;
}

template <typename Chooses, typename Work>
bool Frequencies::walk(const Columns& columns, Chooses chooses, Work work) const {
    const char* text = columns.texts;
    Entry chosen[kAtOnce];
    for (uint64_t next = 0; next < columns.count;) {
        // Their places are far apart, so all are asked for before the first is needed.
        size_t some = 0;
        for (; next < columns.count && some < kAtOnce; ++next) {
            const auto left = static_cast<size_t>(columns.end - text);
            const auto length = read<uint32_t>(columns.lengths + 4 * next);
            if (length > left) return false;
            const auto count = read<int64_t>(columns.seen + 8 * next);
            if (chooses(count)) {
                const Head head = head_of(text, length, left);
                const uint32_t hash = hash_of(head, text, length);
                chosen[some++] = {{head, text, length, hash}, count};
                __builtin_prefetch(&places_[hash & (places_.size() - 1)]);
            }
            text += length;
        }
        for (size_t i = 0; i < some; ++i) {
            if (!work(chosen[i].text, chosen[i].count)) return false;
        }
    }
    return true;
}

bool Frequencies::add(const std::vector<Bytes>& given, size_t k) {
    std::vector<Part> parts(given.size());
    const size_t wanted = kWantedTimes * k + kWantedMore;
    for (size_t i = 0; i < given.size(); ++i) {
        Columns& columns = parts[i].columns;
        if (!columns_of(given[i], &columns)) return false;
        if (__builtin_add_overflow(error_, columns.error, &error_)) return false;
        if (!add_most(parts[i], wanted)) return false;
    }
    bool is_clear = false;
    if (!add_known(parts, k, &is_clear)) return false;
    for (const Part& part : parts) {
        if (!is_clear && !add_rest(part)) return false;
    }
    return true;
}

bool Frequencies::add_most(Part& part, size_t wanted) {
    size_t taken = 0;
    if (!find_least(part.columns, wanted, &part.least, &taken)) return false;
    make_room(taken);
    part.first = numbers_.size();
    const auto chooses = [&](int64_t seen) { return seen >= part.least; };
    const bool is_added = walk(part.columns, chooses, [&](const Text& text, int64_t seen) {
        return count(text, seen);
    });
    part.last = numbers_.size();
    return is_added;
}

bool Frequencies::add_rest(const Part& part) {
    if (part.last - part.first == part.columns.count) return true;
    make_room(part.columns.count);
    const auto chooses = [&](int64_t seen) { return seen < part.least; };
    return walk(part.columns, chooses, [&](const Text& text, int64_t seen) {
        return count(text, seen);
    });
}

// With k values that came `least` times already, nothing that came less altogether is among the k
// most frequent. A value that no part has among its first came `most` times at most.
bool Frequencies::add_known(const std::vector<Part>& parts, size_t k, bool* is_clear) {
    int64_t most = 0;
    for (const Part& part : parts) {
        if (__builtin_add_overflow(most, part.most_left(), &most)) return true;
    }
    if (k == 0 || entries_.size() < k) return true;
    std::vector<int64_t> counts;
    for (const Entry& entry : entries_) counts.push_back(entry.count);
    const auto last = counts.begin() + static_cast<ptrdiff_t>(k) - 1;
    std::nth_element(counts.begin(), last, counts.end(), std::greater<>());
    const int64_t least = *last;
    if (error_ < 0 || least <= error_ || least <= most) return true;
    *is_clear = true;
    std::vector<uint8_t> is_likely;
    size_t likely = 0;
    for (const Entry& entry : entries_) {
        is_likely.push_back(entry.count >= least - most);
        likely += is_likely.back();
    }
    for (const Part& part : parts) {
        size_t known = 0;
        for (size_t i = part.first; i < part.last; ++i) known += is_likely[numbers_[i]];
        if (known < likely && !add_known(part, is_likely)) return false;
    }
    return true;
}

bool Frequencies::add_known(const Part& part, const std::vector<uint8_t>& is_likely) {
    if (part.last - part.first == part.columns.count) return true;
    const auto chooses = [&](int64_t seen) { return seen < part.least; };
    return walk(part.columns, chooses, [&](const Text& text, int64_t seen) {
        const Place& place = place_of(text);
        if (place.number == 0 || !is_likely[place.number - 1]) return true;
        Entry& entry = entries_[place.number - 1];
        return !__builtin_add_overflow(entry.count, seen, &entry.count);
    });
}

Frequencies::Place& Frequencies::place_of(const Text& text) {
    const size_t mask = places_.size() - 1;
    for (size_t i = text.hash;; ++i) {
        Place& place = places_[i & mask];
        if (place.number == 0) return place;
        if (place.hash == text.hash && entries_[place.number - 1].text == text) return place;
    }
}

bool Frequencies::count(const Text& text, int64_t count) {
    Place& place = place_of(text);
    if (place.number == 0) {
        entries_.push_back({text, 0});
        place = {static_cast<uint32_t>(entries_.size()), text.hash};
    }
    numbers_.push_back(place.number - 1);
    int64_t& known = entries_[place.number - 1].count;
    return !__builtin_add_overflow(known, count, &known);
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
    std::sort(certain.begin(), certain.end(), [](const auto& one, const auto& other) {
        if (one.second != other.second) return one.second > other.second;
        return one.first < other.first;
    });
    return certain;
}

}  // namespace tilewright
