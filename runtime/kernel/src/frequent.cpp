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

uint64_t mix(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Read up to eight bytes as a number.
uint64_t few(const uint8_t* at, size_t size) {
    if (size >= 4) return read<uint32_t>(at) | uint64_t{read<uint32_t>(at + size - 4)} << 32;
    if (size == 0) return 0;
    return at[0] | uint64_t{at[size / 2]} << 8 | uint64_t{at[size - 1]} << 16;
}

// Hash a text by words and multiplication; short texts take one step.
uint32_t hash_of(const char* text, size_t size) {
    constexpr uint64_t kSeed = 0x9E3779B97F4A7C15, kFactor = 0xD6E8FEB86659FD93;
    const auto* at = reinterpret_cast<const uint8_t*>(text);
    uint64_t hash = kSeed ^ size;
    for (; size > 8; size -= 8, at += 8) hash = mix(hash ^ read<uint64_t>(at), kFactor);
    hash = mix(hash ^ few(at, size), kFactor);
    return static_cast<uint32_t>(hash ^ hash >> 32);
}

}  // namespace

bool error_of(Bytes part, int64_t* error) {
    if (part.size < kHeader || read<uint32_t>(part.at) != 0) return false;
    *error = read<int64_t>(part.at + 8);
    return true;
}

bool Frequencies::add(Bytes part) {
    int64_t error;
    if (!error_of(part, &error)) return false;
    const uint64_t count = read<uint32_t>(part.at + 4);
    // Counters, then how often each was seen if that is another number, then lengths of texts.
    const uint64_t columns = error ? 2 : 1;
    if (part.size - kHeader < count * (8 * columns + 4)) return false;
    const uint8_t* const seen = part.at + kHeader + 8 * count * (columns - 1);
    const uint8_t* const lengths = part.at + kHeader + 8 * count * columns;
    const auto* text = reinterpret_cast<const char*>(lengths + 4 * count);
    const auto* const end = reinterpret_cast<const char*>(part.at + part.size);
    make_room(count);
    for (uint64_t i = 0; i < count; ++i) {
        const auto length = read<uint32_t>(lengths + 4 * i);
        if (length > static_cast<size_t>(end - text)) return false;
        if (!this->count(text, length, read<int64_t>(seen + 8 * i))) return false;
        text += length;
    }
    return !__builtin_add_overflow(error_, error, &error_);
}

bool Frequencies::count(const char* text, uint32_t length, int64_t count) {
    const uint32_t hash = hash_of(text, length);
    for (size_t place = hash;; ++place) {
        uint32_t& number = places_[place & (places_.size() - 1)];
        if (number == 0) {
            entries_.push_back({text, length, hash, count});
            number = static_cast<uint32_t>(entries_.size());
            return true;
        }
        Entry& entry = entries_[number - 1];
        if (entry.hash != hash || entry.length != length) continue;
        if (std::memcmp(entry.text, text, length) != 0) continue;
        return !__builtin_add_overflow(entry.count, count, &entry.count);
    }
}

void Frequencies::make_room(size_t more) {
    size_t size = std::max(kFewestPlaces, places_.size());
    while (size < 2 * (entries_.size() + more)) size *= 2;
    if (size == places_.size()) return;
    places_.assign(size, 0);
    for (size_t i = 0; i < entries_.size(); ++i) {
        size_t place = entries_[i].hash;
        while (places_[place & (size - 1)] != 0) ++place;
        places_[place & (size - 1)] = static_cast<uint32_t>(i + 1);
    }
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
            certain.emplace_back(std::string_view(entry.text, entry.length), entry.count);
        }
    }
    return certain;
}

}  // namespace tilewright
