// How often values came, added up over the summaries of tiles.
#include "frequent.hpp"

#include <algorithm>
#include <cstring>

namespace tilewright {

namespace {

// A marker of zeros, the number of values, the error and the number of all values.
constexpr size_t kHeader = 24;

template <typename T>
T read(const uint8_t* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

}  // namespace

bool Frequencies::add(Bytes part) {
    if (part.size < kHeader || read<uint32_t>(part.at) != 0) return false;
    const uint64_t count = read<uint32_t>(part.at + 4);
    const auto error = read<int64_t>(part.at + 8);
    // Counters, then how often each was seen if that is another number, then lengths of texts.
    const uint64_t columns = error ? 2 : 1;
    if (part.size - kHeader < count * (8 * columns + 4)) return false;
    const uint8_t* const seen = part.at + kHeader + 8 * count * (columns - 1);
    const uint8_t* const lengths = part.at + kHeader + 8 * count * columns;
    const auto* text = reinterpret_cast<const char*>(lengths + 4 * count);
    const auto* const end = reinterpret_cast<const char*>(part.at + part.size);
    seen_.reserve(seen_.size() + count / 2);
    for (uint64_t i = 0; i < count; ++i) {
        const auto length = read<uint32_t>(lengths + 4 * i);
        if (length > static_cast<size_t>(end - text)) return false;
        int64_t& total = seen_[std::string_view(text, length)];
        if (__builtin_add_overflow(total, read<int64_t>(seen + 8 * i), &total)) return false;
        text += length;
    }
    return !__builtin_add_overflow(error_, error, &error_);
}

std::vector<std::pair<std::string_view, int64_t>> Frequencies::top(size_t k) const {
    std::vector<std::pair<std::string_view, int64_t>> certain;
    for (const auto& [item, count] : seen_) {
        if (count > error_) certain.emplace_back(item, count);
    }
    if (certain.size() <= k || k == 0) return certain;
    const auto is_more = [](const auto& a, const auto& b) { return a.second > b.second; };
    const auto last = certain.begin() + static_cast<ptrdiff_t>(k) - 1;
    std::nth_element(certain.begin(), last, certain.end(), is_more);
    const int64_t least = last->second;
    std::erase_if(certain, [&](const auto& one) { return one.second < least; });
    return certain;
}

}  // namespace tilewright
